//! The overview: how many keys there are of each age, of each expiry and of each owner, counted by searches.

use std::collections::HashMap;

use crate::client::ApiError;
use crate::domain::{AccessKey, Filter, TextPattern, Untrusted, fold};

/// Searches that have each key of some once.
#[derive(Debug)]
pub struct Chart {
    pub title: &'static str,
    pub bars: Vec<Bar>,
}

/// A search, and what its keys have in common.
#[derive(Debug)]
pub struct Bar {
    pub title: Untrusted,
    pub filter: Filter,
}

/// The most characters of an owner that has a bar of its own: they all stand in one search.
const LONGEST_OWNER: usize = 60;

const LAST_USED: [(&str, &str); 5] = [
    ("last 24 hours", "-unused:1d -never-used"),
    ("1 to 30 days ago", "unused:1d -unused:30d -never-used"),
    ("30 to 90 days ago", "unused:30d -unused:90d -never-used"),
    ("over 90 days ago", "unused:90d -never-used"),
    ("never", "never-used"),
];

const EXPIRES: [(&str, &str); 6] = [
    ("expired", "status:expired"),
    ("within 7 days", "status:active expires:<7d"),
    ("in 7 to 30 days", "status:active expires:<30d -expires:<7d"),
    ("in 30 to 90 days", "status:active expires:<90d -expires:<30d"),
    ("later", "status:active -expires:<90d -expires:never"),
    ("never", "status:active expires:never"),
];

/// The owners that get a bar of their own; the others are counted together.
#[derive(Debug, Default)]
pub(crate) struct FrequentOwners {
    names: Vec<String>,
    /// The server could not tell: they are those of the keys at hand.
    of_some_keys: bool,
}

impl FrequentOwners {
    /// As many as are asked for.
    pub(crate) const MOST: usize = 6;

    /// Those that the server named; else those that most of the keys at hand have.
    pub(crate) fn new<'a>(
        answer: Result<Vec<Untrusted>, ApiError>,
        at_hand: impl Iterator<Item = &'a AccessKey>,
    ) -> Self {
        let of_some_keys = answer.is_err();
        let mut names = answer.map_or_else(
            |_| at_hand_most(at_hand),
            |owners| owners.iter().map(|owner| owner.raw_for_api().to_owned()).collect(),
        );
        // A search goes into a URL.
        names.retain(|owner| {
            !owner.is_empty() && owner.chars().count() <= LONGEST_OWNER && Filter::check(owner).is_ok()
        });
        names.truncate(Self::MOST);
        Self { names, of_some_keys }
    }

    fn title(&self) -> &'static str {
        if self.of_some_keys { "Owner (the most frequent of the loaded keys)" } else { "Owner (the most frequent)" }
    }

    fn bars(&self) -> Vec<Bar> {
        let terms: Vec<String> =
            self.names.iter().map(|owner| format!("owner:{}", TextPattern::Is(owner.clone()))).collect();
        let mut bars: Vec<Bar> = self.names.iter().zip(&terms).map(|(owner, term)| bar(owner, term)).collect();
        let others: Vec<String> = terms.iter().map(|term| format!("-{term}")).collect();
        bars.push(bar("others", format!("-owner:\"\" {}", others.join(" ")).trim()));
        bars.push(bar("no owner", "owner:\"\""));
        bars
    }
}

/// Owners of keys, the most frequent first.
fn at_hand_most<'a>(keys: impl Iterator<Item = &'a AccessKey>) -> Vec<String> {
    let mut found: HashMap<String, (u64, &str)> = HashMap::new();
    for owner in keys.filter_map(|key| key.owner.as_ref()).map(Untrusted::raw_for_api) {
        found.entry(fold(owner)).or_insert((0, owner)).0 += 1;
    }
    let mut owners: Vec<(u64, &str)> = found.into_values().collect();
    owners.sort_unstable_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    owners.into_iter().map(|(_, owner)| owner.to_owned()).collect()
}

/// The charts.
pub(crate) fn charts(owners: &FrequentOwners) -> Vec<Chart> {
    let bars = |bars: &[(&str, &str)]| bars.iter().map(|(title, search)| bar(title, search)).collect();
    vec![
        Chart { title: "Last used", bars: bars(&LAST_USED) },
        Chart { title: "Expires (without inactive keys)", bars: bars(&EXPIRES) },
        Chart { title: owners.title(), bars: owners.bars() },
    ]
}

fn bar(title: &str, search: &str) -> Bar {
    Bar { title: Untrusted::new(title), filter: Filter { text: search.to_owned(), status: None } }
}

#[cfg(test)]
mod tests {
    use crate::domain::Search;
    use crate::operations::keys::overview::*;

    #[test]
    fn every_bar_is_a_search() {
        let names = ["ops", "a \"quoted\" one", "-minus", "", &"long".repeat(20)].map(Untrusted::new).to_vec();
        for bar in charts(&FrequentOwners::new(Ok(names), std::iter::empty())).iter().flat_map(|chart| &chart.bars) {
            assert_eq!(Search::parse(&bar.filter.text).unwrap().to_string(), bar.filter.text);
        }
    }
}

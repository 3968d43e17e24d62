//! The overview: how many keys there are of each age, of each expiry and of each owner, counted by searches.

use std::collections::HashMap;

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

/// The most owners that have a bar of their own.
const MOST_OWNERS: usize = 6;
/// The most characters of such an owner: they all stand in one search.
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

/// The charts. Owners are those that most of the keys at hand have; the others are counted together.
pub(crate) fn charts<'a>(keys: impl Iterator<Item = &'a AccessKey>) -> Vec<Chart> {
    let bars = |bars: &[(&str, &str)]| bars.iter().map(|(title, search)| bar(title, search)).collect();
    vec![
        Chart { title: "Last used", bars: bars(&LAST_USED) },
        Chart { title: "Expires (without inactive keys)", bars: bars(&EXPIRES) },
        Chart { title: "Owner (the most frequent of the loaded keys)", bars: owners(keys) },
    ]
}

fn bar(title: &str, search: &str) -> Bar {
    Bar { title: Untrusted::new(title), filter: Filter { text: search.to_owned(), status: None } }
}

fn owners<'a>(keys: impl Iterator<Item = &'a AccessKey>) -> Vec<Bar> {
    let mut found: HashMap<String, (u64, &str)> = HashMap::new();
    for owner in keys.filter_map(|key| key.owner.as_ref()).map(Untrusted::raw_for_api) {
        // A search goes into a URL.
        if !owner.is_empty() && owner.chars().count() <= LONGEST_OWNER && Filter::check(owner).is_ok() {
            found.entry(fold(owner)).or_insert((0, owner)).0 += 1;
        }
    }
    let mut owners: Vec<(u64, &str)> = found.into_values().collect();
    owners.sort_unstable_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    owners.truncate(MOST_OWNERS);
    let terms: Vec<String> =
        owners.iter().map(|(_, owner)| format!("owner:{}", TextPattern::Is((*owner).to_owned()))).collect();
    let mut bars: Vec<Bar> = owners.iter().zip(&terms).map(|((_, owner), term)| bar(owner, term)).collect();
    let others: Vec<String> = terms.iter().map(|term| format!("-{term}")).collect();
    bars.push(bar("others", format!("-owner:\"\" {}", others.join(" ")).trim()));
    bars.push(bar("no owner", "owner:\"\""));
    bars
}

#[cfg(test)]
mod tests {
    use crate::domain::Search;
    use crate::operations::keys::overview::*;

    #[test]
    fn every_bar_is_a_search() {
        for bar in charts(std::iter::empty()).iter().flat_map(|chart| &chart.bars) {
            assert_eq!(Search::parse(&bar.filter.text).unwrap().to_string(), bar.filter.text);
        }
    }
}

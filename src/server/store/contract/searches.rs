//! Searches: what they find, whatever the language and the question.

use super::lists::{found, mixed, sorted};

use chrono::{DateTime, Utc};

use super::{Database, actor, at, create, id, insert, label, rename, whole};
use crate::domain::key::fields::{self, named};
use crate::domain::{AccessKey, Condition, Conditions, Order, Search, Sort, Test, TextPattern, TimeRange, fold, words};
use crate::server::store::{PageQuery, Store};

pub(crate) async fn a_search_finds_what_a_look_at_each_key_finds<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let texts =
        ["Grafana – Zürich", "ÜBERWACHUNG", "Straße", "İstanbul", "ΣΊΣΥΦΟΣ", "監視システム", "100% \"sure\" a_b*", ""];
    let mut keys = Vec::new();
    for text in texts {
        keys.push(create(&store, insert(text), at(0)).await);
    }
    let some_id = id(&keys[2]).to_owned();
    let needles = [
        "ZÜRICH",
        "überw",
        "straße",
        "STANBUL",
        "σίσυφος",
        "システム",
        "監",
        "0%",
        "\"sure\"",
        "_b*",
        " – ",
        "a",
        "ü",
        "PK",
        "pk",
        &some_id,
        &some_id[5..12],
        "%%",
        "a__",
        "OR",
        "grafana AND",
        "'; DROP TABLE keys; --",
        "( ) ^",
    ];
    for needle in needles {
        let mut expected: Vec<_> = keys
            .iter()
            .filter(|key| words(needle).all(|word| fold(&label(key)).contains(&word) || fold(id(key)).contains(&word)))
            .map(label)
            .collect();
        expected.sort_by_key(|label| fold(label));
        assert_eq!(found(&store, needle, at(1)).await, expected, "{needle:?}");
    }
    store.edit(id(&keys[0]), rename("Prometheus"), actor("jo"), at(2)).await.unwrap();
    store.delete(id(&keys[1]), None, actor("jo"), at(2)).await.unwrap();
    assert_eq!(found(&store, "grafana", at(3)).await, [""; 0]);
    assert_eq!(found(&store, "METHEUS", at(3)).await, ["Prometheus"]);
    assert_eq!(found(&store, "wach", at(3)).await, [""; 0]);
}

pub(crate) async fn words_are_searched_in_all_texts_together<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let with = |label: &str, owner: &str, note: &str| {
        let mut new = insert(label);
        for (name, text) in [("owner", owner), ("note", note)] {
            new.texts.set(named(name).unwrap(), text).unwrap();
        }
        new
    };
    create(&store, with("Backup Zürich – prod", "ops", "Büro"), at(0)).await;
    create(&store, with("Zu\u{308}rich backup", "Bu\u{308}ro", ""), at(0)).await;
    create(&store, with("backup Berlin", "ops", ""), at(0)).await;
    let two = ["Backup Zürich – prod", "Zu\u{308}rich backup"];
    for needle in ["backup zurich", "ZURICH  BACKUP", "büro zu", "bu\u{308}ro", "ｚｕｒ up", "zürich"] {
        let mut found = found(&store, needle, at(1)).await;
        found.sort();
        assert_eq!(found, two, "{needle:?}");
    }
    assert_eq!(found(&store, "ops zurich", at(1)).await, [two[0]]);
    assert_eq!(found(&store, "- prod", at(1)).await, [two[0]]);
    assert_eq!(found(&store, "backup zurich berlin", at(1)).await, [""; 0]);
    assert_eq!(found(&store, " \u{a0} ", at(1)).await.len(), 3, "no word");
}

/// Whether a key meets a condition, by looking at it.
fn meets(key: &AccessKey, condition: &Condition) -> bool {
    let is = |text: &str, pattern: &TextPattern| match pattern {
        TextPattern::Is(wanted) => text == wanted,
        TextPattern::Begins(wanted) => text.starts_with(wanted),
    };
    let within = |time: DateTime<Utc>, range: &TimeRange| {
        range.from.is_none_or(|from| time >= from) && range.before.is_none_or(|before| time < before)
    };
    let met = match &condition.test {
        Test::Contains(text) => {
            fold(id(key)).contains(text) || fields::written().any(|(field, _)| fold(field.raw_text(key)).contains(text))
        }
        Test::Owner(any) => any.iter().any(|pattern| is(&fold(fields::named("owner").unwrap().raw_text(key)), pattern)),
        Test::CreatedBy(any) => any.iter().any(|pattern| {
            is(key.created_by.raw_for_api(), pattern)
                || is(key.created_by.raw_for_api(), &pattern.clone().map(|text| text.to_lowercase()))
        }),
        Test::Status(any) => any.contains(&key.status),
        Test::UnusedSince(time) => key.last_used_at.unwrap_or(key.created_at) < *time,
        Test::NeverUsed => key.last_used_at.is_none(),
        Test::Expires(range) => key.expires_at.is_some_and(|end| within(end, range)),
        Test::NeverExpires => key.expires_at.is_none(),
        Test::Created(range) => within(key.created_at, range),
        Test::Rotating(_) => key.rotation.is_some(),
        Test::Refused(range) => key.refused_at.is_some_and(|at| within(at, range)),
        Test::Reactivates(range) => key.reactivates_at.is_some_and(|at| within(at, range)),
    };
    met != condition.excluded
}

/// What can be asked of the keys of [`mixed`].
fn questions() -> Vec<String> {
    let time = |seconds| at(seconds).to_rfc3339();
    [
        "owner:alpha".to_owned(),
        "owner:ARGER".to_owned(),
        "owner:\"\"".to_owned(),
        "-owner:\"\"".to_owned(),
        "owner:a*".to_owned(),
        "-owner:a* -owner:\"\"".to_owned(),
        "owner:alpha,ARGER".to_owned(),
        "owner:a*,alpha,\"\"".to_owned(),
        "-owner:alpha,\"\"".to_owned(),
        "owner:alpha,a* by:jo,Mia".to_owned(),
        "owner:\"alpha,arger\"".to_owned(),
        "by:jo,mia".to_owned(),
        "by:Mia,mia,m*,jo".to_owned(),
        "-by:jo,nobody".to_owned(),
        "by:jo".to_owned(),
        "by:Mia".to_owned(),
        "by:mia".to_owned(),
        "by:jo*".to_owned(),
        "-by:jo*".to_owned(),
        "status:active,expired".to_owned(),
        "status:active,inactive,expired".to_owned(),
        "-status:active".to_owned(),
        "status:active -status:active".to_owned(),
        "never-used".to_owned(),
        "-never-used".to_owned(),
        format!("unused:{}", time(41)),
        format!("unused:{}", time(10)),
        format!("-unused:{}", time(41)),
        format!("unused:{} never-used", time(12)),
        "unused:90d".to_owned(),
        "unused:0h".to_owned(),
        "expires:never".to_owned(),
        "-expires:never".to_owned(),
        "expires:<30d".to_owned(),
        format!("expires:<{}", time(101)),
        format!("expires:>={}", time(100)),
        format!("expires:>{}", time(100)),
        format!("-expires:<{}", time(101)),
        format!("created:<{}", time(7)),
        format!("created:{}..{}", time(3), time(9)),
        format!("-created:{}..{}", time(3), time(9)),
        format!("created:>{} created:<{}", time(9), time(3)),
        "rotating".to_owned(),
        "-rotating".to_owned(),
        "rotating -status:inactive ärger".to_owned(),
        format!("refused:>={}", time(0)),
        format!("refused:{}..{}", time(55), time(60)),
        format!("-refused:<{}", time(57)),
        "refused:30d".to_owned(),
        "-refused:30d by:jo".to_owned(),
        "refused:<30d unused:0h -owner:alpha".to_owned(),
        format!("refused:>{} status:active never-used", time(52)),
        format!("är refused:>={}", time(52)),
        "reactivates:any".to_owned(),
        "-reactivates:any status:inactive".to_owned(),
        "reactivates:<1d -reactivates:<1h".to_owned(),
        format!("reactivates:<{}", time(258)),
        format!("reactivates:>={} owner:\"\"", time(258)),
        "alpha owner:alpha by:jo".to_owned(),
        "är -owner:alpha status:active,inactive never-used".to_owned(),
        "-alpha".to_owned(),
        "-alpha -är -東京".to_owned(),
        "\"\" -\"\"".to_owned(),
        "\"a b\"".to_owned(),
    ]
    .to_vec()
}

pub(crate) async fn every_question_finds_what_a_look_at_each_key_finds<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let keys = mixed(&store).await;
    let now = at(200);
    let questions = questions();
    let (mut found, mut counts) = (0, Vec::new());
    for question in &questions {
        let conditions = Search::parse(question).unwrap().conditions(now, &Utc);
        let such: Vec<AccessKey> =
            keys.iter().filter(|key| conditions.0.iter().all(|condition| meets(key, condition))).cloned().collect();
        found += usize::from(!such.is_empty() && such.len() < keys.len());
        counts.push(such.len() as u64);
        for sort in Sort::ALL {
            for order in [Order::Asc, Order::Desc] {
                let mut request = PageQuery { limit: 4, conditions: conditions.clone(), ..whole(sort, order) };
                let mut seen = Vec::new();
                loop {
                    let page = store.list(request.clone(), now).await.unwrap();
                    // Of a busy machine it may not be known in time.
                    assert!(page.total.is_none_or(|total| total == such.len() as u64), "{question}: {:?}", page.total);
                    request.after = page.keys.last().map(|row| row.place.clone());
                    seen.extend(page.keys.into_iter().map(|row| row.key));
                    assert!(seen.len() <= such.len(), "{question}: no key comes twice");
                    if !page.more {
                        break;
                    }
                }
                assert_eq!(seen, sorted(such.clone(), sort, order), "{question} by {sort:?} {order:?}");
            }
        }
    }
    assert!(found > 25, "{found} questions tell keys apart");
    let all = questions.iter().map(|text| Search::parse(text).unwrap().conditions(now, &Utc)).collect();
    assert_eq!(counted(&store, all, now).await, counts);
}

/// How many keys meet each of several conditions, however busy the machine is.
async fn counted(store: &Store, all: Vec<Conditions>, now: DateTime<Utc>) -> Vec<u64> {
    let mut counts = Vec::new();
    for conditions in all {
        let mut count = None;
        while count.is_none() {
            count = store.count(vec![conditions.clone()], now).await.unwrap()[0];
        }
        counts.extend(count);
    }
    counts
}

//! Handing over secrets.

use chrono::{DateTime, DurationRound as _, Utc};

use super::webhook::tell;
use super::{Database, actor, at, create, done, history, id, insert};
use crate::domain::AccessKey;
use crate::server::store::{
    Digest, HandoverOutcome, HandoverStep, NewHandover, OPENED_AGAIN, OPENED_AGAIN_EVERY, Opener, Store,
    StoredHandover, WhichHandover,
};

const LOOKUP: Digest = [1; 32];
const PROOF: Digest = [2; 32];

fn new(key: &AccessKey) -> NewHandover {
    NewHandover {
        id: "h1".to_owned(),
        lookup: LOOKUP,
        proof: PROOF,
        sealed: b"sealed".to_vec(),
        key_id: id(key).to_owned(),
        has_pin: false,
        until: at(3600),
        actor: actor("jo"),
    }
}

fn opener(nonce: Option<u8>, address: &str) -> Opener {
    Opener { nonce: nonce.map(|n| [n; 32]), address: address.to_owned() }
}

async fn step(store: &Store, step: HandoverStep, now: DateTime<Utc>) -> HandoverOutcome {
    store.step_handover(WhichHandover::Lookup(LOOKUP), step, now).await.unwrap()
}

async fn open(store: &Store, by: Opener, now: DateTime<Utc>) -> HandoverOutcome {
    step(store, HandoverStep::Open { proof: PROOF, opener: by }, now).await
}

async fn confirm(store: &Store, by: Opener, now: DateTime<Utc>) -> HandoverOutcome {
    step(store, HandoverStep::Confirm { opener: by }, now).await
}

fn opened(key: &AccessKey) -> HandoverOutcome {
    HandoverOutcome::Opened { sealed: b"sealed".to_vec(), key_id: id(key).to_owned() }
}

fn opened_before(key: &AccessKey) -> HandoverOutcome {
    HandoverOutcome::OpenedBefore { key_id: id(key).to_owned() }
}

async fn stored(store: &Store) -> Option<StoredHandover> {
    store.handover(WhichHandover::Id("h1".to_owned())).await.unwrap()
}

/// The kinds of a key's events after its creation, the oldest first, and from where.
async fn kinds(store: &Store, key: &AccessKey) -> Vec<String> {
    let events = history(store, id(key), 100).await.into_iter().rev().skip(1);
    events.map(|event| format!("{} {}", event.kind, event.from.unwrap_or_default())).collect()
}

async fn key_with_handover<D: Database>() -> (D, Store, AccessKey) {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, insert("one"), at(0)).await;
    assert!(store.hand_over(new(&key), at(0)).await.unwrap());
    (database, store, key)
}

pub(crate) async fn a_secret_is_opened_again_by_its_opener_until_it_confirms<D: Database>() {
    let (database, store, key) = key_with_handover::<D>().await;
    let none = NewHandover { id: "h2".to_owned(), lookup: [9; 32], key_id: "PK1".to_owned(), ..new(&key) };
    assert!(!store.hand_over(none, at(0)).await.unwrap(), "of no key");
    let other = database.open().await;
    let (mine, theirs) = (opener(Some(7), "192.0.2.7"), opener(Some(8), "192.0.2.8"));
    assert_eq!(confirm(&store, mine.clone(), at(1)).await, HandoverOutcome::Unknown, "not opened yet");
    assert_eq!(open(&store, mine.clone(), at(10)).await, opened(&key));
    assert_eq!(open(&other, mine.clone(), at(609)).await, opened(&key), "the answer was lost");
    assert_eq!(open(&other, opener(Some(7), "192.0.2.9"), at(609)).await, opened(&key), "from wherever");
    assert_eq!(confirm(&other, theirs.clone(), at(609)).await, HandoverOutcome::Unknown);
    assert_eq!(open(&store, theirs.clone(), at(609)).await, opened_before(&key));
    assert_eq!(open(&store, mine.clone(), at(610)).await, HandoverOutcome::Spent, "ten minutes later");
    for _ in 0..2 {
        assert_eq!(confirm(&store, mine.clone(), at(611)).await, HandoverOutcome::Done);
    }
    assert_eq!(open(&store, mine.clone(), at(612)).await, HandoverOutcome::Spent);
    assert_eq!(open(&store, theirs.clone(), at(613)).await, opened_before(&key), "one alarm a minute");
    assert_eq!(open(&store, theirs, at(700)).await, opened_before(&key));
    let kept = stored(&store).await.unwrap();
    assert!(kept.asks_for_proof(at(4000)), "another one with the right code is an alarm");
    assert_eq!((kept.sealed, kept.again_at), (None, Some(at(700))));
    let (_, told) = store.alarms(at(800)).await.unwrap();
    assert_eq!(told.iter().map(|handover| handover.again_at).collect::<Vec<_>>(), [Some(at(700))]);
    tell(&store, &key, OPENED_AGAIN, at(700).duration_trunc(OPENED_AGAIN_EVERY).unwrap()).await;
    assert_eq!(store.alarms(at(800)).await.unwrap().1.len(), 0, "it was told");
    assert_eq!((kept.again_from.as_deref(), kept.opened_from.as_deref()), (Some("192.0.2.8"), Some("192.0.2.7")));
    let expected = [
        "handed_over 192.0.2.1",
        "handover_opened 192.0.2.7",
        "handover_opened_again 192.0.2.8",
        "handover_confirmed 192.0.2.7",
        "handover_opened_again 192.0.2.8",
    ];
    assert_eq!(kinds(&store, &key).await, expected);
}

pub(crate) async fn a_secret_that_is_opened_just_before_its_end_is_there_for_ten_minutes<D: Database>() {
    let (_database, store, key) = key_with_handover::<D>().await;
    let unopened = NewHandover { id: "h2".to_owned(), lookup: [9; 32], ..new(&key) };
    assert!(store.hand_over(unopened, at(0)).await.unwrap());
    let (mine, theirs) = (opener(Some(7), "192.0.2.7"), opener(Some(8), "192.0.2.8"));
    assert_eq!(open(&store, mine.clone(), at(3599)).await, opened(&key));
    store.forget_handovers(at(4198)).await.unwrap();
    let unopened = store.handover(WhichHandover::Id("h2".to_owned())).await.unwrap().unwrap();
    assert_eq!(unopened.sealed, None, "nobody has opened this one in time");
    assert_eq!(open(&store, mine.clone(), at(4198)).await, opened(&key));
    assert_eq!(open(&store, theirs, at(4198)).await, opened_before(&key));
    assert_eq!(open(&store, mine, at(4199)).await, HandoverOutcome::Spent);
    store.forget_handovers(at(4199)).await.unwrap();
    assert_eq!(stored(&store).await.unwrap().sealed, None);
}

pub(crate) async fn an_opener_without_a_nonce_is_its_address_for_ten_minutes<D: Database>() {
    let (_database, store, key) = key_with_handover::<D>().await;
    let (mine, theirs) = (opener(None, "192.0.2.7"), opener(None, "192.0.2.8"));
    assert_eq!(open(&store, mine.clone(), at(0)).await, opened(&key));
    assert_eq!(open(&store, mine.clone(), at(599)).await, opened(&key));
    assert_eq!(open(&store, theirs, at(599)).await, opened_before(&key));
    assert_eq!(open(&store, opener(Some(7), "192.0.2.7"), at(599)).await, opened_before(&key), "another program");
    assert_eq!(open(&store, mine, at(600)).await, opened_before(&key), "an address may be that of several people");
}

pub(crate) async fn a_secret_is_opened_by_the_clock_and_the_right_code_only<D: Database>() {
    let (_database, store, key) = key_with_handover::<D>().await;
    let by = || opener(Some(7), "192.0.2.7");
    let wrong = || HandoverStep::Open { proof: [3; 32], opener: by() };
    for left in [4, 3, 2, 1] {
        assert_eq!(step(&store, wrong(), at(1)).await, HandoverOutcome::Wrong(left));
    }
    let asks = async |now| stored(&store).await.unwrap().asks_for_proof(now);
    assert_eq!((asks(at(3599)).await, asks(at(3600)).await), (true, false));
    assert_eq!(open(&store, by(), at(3600)).await, HandoverOutcome::Ended, "its time is over");
    assert_eq!(step(&store, wrong(), at(3600)).await, HandoverOutcome::Ended, "and nothing is counted");
    assert_eq!(step(&store, wrong(), at(1)).await, HandoverOutcome::Wrong(0));
    assert_eq!(open(&store, by(), at(2)).await, HandoverOutcome::Ended, "it was tried too often");
    assert!(!asks(at(2)).await);
    assert_eq!(stored(&store).await.unwrap().sealed, None);
    assert_eq!(kinds(&store, &key).await, ["handed_over 192.0.2.1", "handover_taken_back 192.0.2.7"]);
    let unknown = WhichHandover::Lookup([9; 32]);
    assert_eq!(store.step_handover(unknown, wrong(), at(1)).await.unwrap(), HandoverOutcome::Unknown);
}

pub(crate) async fn a_secret_is_taken_back_until_it_is_opened<D: Database>() {
    let (_database, store, key) = key_with_handover::<D>().await;
    let take_back = async |id: &str| {
        let which = WhichHandover::Id(id.to_owned());
        store.step_handover(which, HandoverStep::TakeBack(actor("mo")), at(1)).await.unwrap()
    };
    assert!(store.hand_over(NewHandover { id: "h2".to_owned(), lookup: [9; 32], ..new(&key) }, at(1)).await.unwrap());
    assert_eq!(take_back("h2").await, HandoverOutcome::Done);
    assert_eq!(take_back("h2").await, HandoverOutcome::Ended);
    assert_eq!(take_back("h3").await, HandoverOutcome::Unknown);
    assert_eq!(open(&store, opener(Some(7), "192.0.2.7"), at(1)).await, opened(&key), "the other one is as it was");
    assert_eq!(take_back("h1").await, HandoverOutcome::Ended);
    let ids: Vec<_> = store.handovers().await.unwrap().into_iter().map(|handover| handover.id).collect();
    assert_eq!(ids, ["h2", "h1"], "the latest first");
}

pub(crate) async fn an_alarm_is_acknowledged_and_another_one_is_another<D: Database>() {
    let (_database, store, key) = key_with_handover::<D>().await;
    let read = async || {
        let how = HandoverStep::Acknowledge(actor("mo"), None);
        assert_eq!(step(&store, how, at(20)).await, HandoverOutcome::Done);
        let kept = stored(&store).await.unwrap();
        assert_eq!((kept.again_at, kept.again_from, kept.label), (None, None, "one".to_owned()));
    };
    let theirs = opener(Some(8), "192.0.2.8");
    assert_eq!(open(&store, opener(Some(7), "192.0.2.7"), at(10)).await, opened(&key));
    for second in [11, 21] {
        assert_eq!(open(&store, theirs.clone(), at(second)).await, opened_before(&key));
        assert_eq!(stored(&store).await.unwrap().again_at, Some(at(second)));
        let earlier = HandoverStep::Acknowledge(actor("mo"), Some(at(second - 1)));
        assert_eq!(step(&store, earlier, at(20)).await, HandoverOutcome::Ended, "not of that attempt");
        read().await;
        read().await;
    }
    assert_eq!(open(&store, opener(Some(7), "192.0.2.7"), at(30)).await, opened(&key), "its opener is who it was");
    let again = ["handover_opened_again 192.0.2.8", "handover_acknowledged 192.0.2.1"];
    assert_eq!(kinds(&store, &key).await[2..], [again, again].concat());
}

pub(crate) async fn of_two_openers_at_once_one_gets_the_secret<D: Database>() {
    let (database, store, key) = key_with_handover::<D>().await;
    let other = database.open().await;
    let (one, two) = tokio::join!(
        open(&store, opener(Some(7), "192.0.2.7"), at(1)),
        open(&other, opener(Some(8), "192.0.2.8"), at(1))
    );
    let both = [one, two];
    assert!(both.contains(&opened(&key)) && both.contains(&opened_before(&key)), "{both:?}");
}

pub(crate) async fn what_nobody_gets_any_more_is_deleted<D: Database>() {
    let (_database, store, key) = key_with_handover::<D>().await;
    for n in [2, 3] {
        let handover = NewHandover { id: format!("h{n}"), lookup: [n; 32], ..new(&key) };
        assert!(store.hand_over(NewHandover { until: at(7200), ..handover }, at(0)).await.unwrap());
    }
    assert_eq!(open(&store, opener(Some(7), "192.0.2.7"), at(100)).await, opened(&key));
    let kept = async |now| {
        store.forget_handovers(now).await.unwrap();
        let all = store.handovers().await.unwrap().into_iter();
        let mut kept: Vec<_> = all.map(|one| format!("{} {}", one.id, one.sealed.is_some())).collect();
        kept.sort();
        kept
    };
    assert_eq!(kept(at(699)).await, ["h1 true", "h2 true", "h3 true"]);
    assert_eq!(kept(at(700)).await, ["h1 false", "h2 true", "h3 true"], "ten minutes after it was opened");
    assert_eq!(open(&store, opener(Some(8), "192.0.2.8"), at(7200)).await, opened_before(&key), "it is still known");
    assert_eq!(kept(at(7200)).await, ["h1 false", "h2 false", "h3 false"]);
    let week = 7 * 24 * 3600;
    assert_eq!(kept(at(3600 + week)).await, ["h2 false", "h3 false"]);
    done(store.delete(id(&key), None, actor("jo"), at(1)).await.unwrap());
    assert!(store.handovers().await.unwrap().is_empty(), "with its key");
}

//! Handing over secrets.

use chrono::{DateTime, DurationRound as _, Utc};

use super::webhook::tell;
use super::{Database, actor, at, create, done, history, id, insert};
use crate::domain::AccessKey;
use crate::server::store::{
    Digest, HANDOVER_EXPIRED, HandoverOutcome, HandoverState, HandoverStep, NewHandover, OPENED_AGAIN,
    OPENED_AGAIN_EVERY, Opener, Store, StoredHandover, TRIED_TOO_OFTEN, WhichHandover,
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
    HandoverOutcome::OpenedBefore { key_id: id(key).to_owned(), by_address: false }
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
    assert_eq!(kept.state(at(4000)), HandoverState::Confirmed);
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

pub(crate) async fn an_opener_without_a_nonce_gets_the_secret_once<D: Database>() {
    let (_database, store, key) = key_with_handover::<D>().await;
    let mine = || opener(None, "192.0.2.7");
    assert_eq!(open(&store, mine(), at(0)).await, opened(&key));
    assert_eq!(stored(&store).await.unwrap().sealed, None, "nobody gets it again");
    let before = HandoverOutcome::OpenedBefore { key_id: id(&key).to_owned(), by_address: true };
    let others = [mine(), opener(None, "192.0.2.8"), opener(Some(7), "192.0.2.7"), mine()];
    for (second, other) in (1..).zip(others) {
        assert_eq!(open(&store, other.clone(), at(100 * second)).await, before);
        let kept = stored(&store).await.unwrap();
        assert_eq!((kept.again_at, kept.again_from), (Some(at(100 * second)), Some(other.address)));
    }
    assert_eq!(confirm(&store, mine(), at(500)).await, HandoverOutcome::Unknown, "it can't be known who that is");
    assert_eq!(stored(&store).await.unwrap().state(at(500)), HandoverState::Opened);
    let again = |from: u8| format!("handover_opened_again 192.0.2.{from}");
    assert_eq!(kinds(&store, &key).await[2..], [again(7), again(8), again(7), again(7)]);
}

pub(crate) async fn of_a_nonce_each_other_one_is_an_alarm<D: Database>() {
    let (_database, store, key) = key_with_handover::<D>().await;
    assert_eq!(open(&store, opener(Some(7), "192.0.2.7"), at(0)).await, opened(&key));
    for (second, nonce) in [(1, None), (101, Some(8))] {
        assert_eq!(open(&store, opener(nonce, "192.0.2.7"), at(second)).await, opened_before(&key), "from its address");
        assert_eq!(stored(&store).await.unwrap().again_at, Some(at(second)));
    }
    assert_eq!(kinds(&store, &key).await[2..], ["handover_opened_again 192.0.2.7"; 2]);
}

pub(crate) async fn a_secret_is_opened_by_the_clock_and_the_right_code_only<D: Database>() {
    let (_database, store, key) = key_with_handover::<D>().await;
    let by = || opener(Some(7), "192.0.2.7");
    let wrong = || HandoverStep::Open { proof: [3; 32], opener: by() };
    for left in [4, 3, 2, 1] {
        assert_eq!(step(&store, wrong(), at(1)).await, HandoverOutcome::Wrong(left));
    }
    let over = |state| HandoverOutcome::Over(state);
    assert_eq!(open(&store, by(), at(3600)).await, over(HandoverState::Expired), "its time is over");
    assert_eq!(step(&store, wrong(), at(3600)).await, HandoverOutcome::Ended, "and nothing is counted or learned");
    assert_eq!(stored(&store).await.unwrap().tries, 4);
    assert_eq!(step(&store, wrong(), at(1)).await, HandoverOutcome::Wrong(0));
    assert_eq!(open(&store, by(), at(2)).await, over(HandoverState::TriedTooOften));
    assert_eq!(step(&store, wrong(), at(2)).await, HandoverOutcome::Ended, "who guesses isn't told why");
    let kept = stored(&store).await.unwrap();
    assert_eq!((kept.sealed, kept.ended_from.as_deref()), (None, Some("192.0.2.7")));
    assert_eq!(kinds(&store, &key).await, ["handed_over 192.0.2.1", "handover_tried_too_often 192.0.2.7"]);
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
    let late = HandoverStep::Open { proof: PROOF, opener: opener(Some(7), "192.0.2.7") };
    let late = store.step_handover(WhichHandover::Lookup([9; 32]), late, at(1)).await.unwrap();
    assert_eq!(late, HandoverOutcome::Over(HandoverState::TakenBack));
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

pub(crate) async fn that_nobody_received_it_is_told_until_it_is_acknowledged<D: Database>() {
    let (_database, store, key) = key_with_handover::<D>().await;
    let other = create(&store, insert("two"), at(0)).await;
    let tried = NewHandover { id: "h2".to_owned(), lookup: [9; 32], has_pin: true, ..new(&other) };
    assert!(store.hand_over(tried, at(0)).await.unwrap());
    for _ in 0..5 {
        let wrong = HandoverStep::Open { proof: [3; 32], opener: opener(None, "192.0.2.8") };
        store.step_handover(WhichHandover::Id("h2".to_owned()), wrong, at(10)).await.unwrap();
    }
    let alarms = async |now| {
        let (_, handovers) = store.alarms(now).await.unwrap();
        let mut told: Vec<_> = handovers.iter().map(|one| (one.id.clone(), one.state(now))).collect();
        told.sort_by(|one, other| one.0.cmp(&other.0));
        told
    };
    let (expired, tried) = (("h1".to_owned(), HandoverState::Expired), ("h2".to_owned(), HandoverState::TriedTooOften));
    assert_eq!(alarms(at(3599)).await, vec![tried.clone()]);
    assert_eq!(alarms(at(3600)).await, vec![expired.clone(), tried]);
    tell(&store, &other, TRIED_TOO_OFTEN, at(10)).await;
    assert_eq!(alarms(at(3600)).await, vec![expired]);
    tell(&store, &key, HANDOVER_EXPIRED, at(3600)).await;
    assert_eq!(alarms(at(3600)).await, []);
    // The event is stored once, by whichever server looks first, also long after the end.
    for now in [at(3599), at(3600), at(3700)] {
        store.forget_handovers(now).await.unwrap();
    }
    assert_eq!(kinds(&store, &key).await, ["handed_over 192.0.2.1", "handover_expired "]);
    assert_eq!(kinds(&store, &other).await, ["handed_over 192.0.2.1", "handover_tried_too_often 192.0.2.8"]);
    let events = history(&store, id(&other), 1).await;
    assert_eq!(events[0].detail.as_deref(), Some("ended after 5 wrong PINs or codes"));
    for (handover, key) in [("h1", &key), ("h2", &other)] {
        for _ in 0..2 {
            let how = HandoverStep::Acknowledge(actor("mo"), None);
            let done = store.step_handover(WhichHandover::Id(handover.to_owned()), how, at(3800)).await.unwrap();
            assert_eq!(done, HandoverOutcome::Done);
        }
        let kept = store.handover(WhichHandover::Id(handover.to_owned())).await.unwrap().unwrap();
        assert_eq!(kept.acknowledged_at, Some(at(3800)));
        assert_eq!(kinds(&store, key).await[2..], ["handover_acknowledged 192.0.2.1"]);
    }
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

//! The memory, on a real table: what it promises to whoever repeats a call, comes late or comes second.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use bridge_tests::{Cut, Table};
use memory::{
    Before, Claim, Content, Key, Memory, Record, Remembered, Stored, Summary, Told, Unavailable,
    Write, Writing,
};
use model::{Catalog, Change, Instant, Object};
use serde_json::{Value, json};

/// A busy machine is not a broken table.
const PATIENCE: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_hours(24);

async fn memory(table: &Table) -> Memory {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::for_tests())
        .endpoint_url(table.url())
        .load()
        .await;
    Memory::with_patience(&config, table.name(), DAY, PATIENCE)
}

async fn start() -> (Table, Memory) {
    let table = Table::start().await;
    let memory = memory(&table).await;
    (table, memory)
}

fn catalog() -> Catalog {
    Catalog::parse("Sandbox").unwrap()
}

fn now() -> Instant {
    SystemTime::now().into()
}

fn later(time: Duration) -> Instant {
    (SystemTime::now() + time).into()
}

fn object(value: &Value) -> Object {
    value.as_object().unwrap().clone()
}

fn documents(opportunity: &Value, summary: &Value) -> Before {
    Before::Documents(memory::Documents {
        opportunity: object(opportunity),
        summary: summary.as_object().cloned(),
    })
}

/// An event that tells of a stage, and of a score in AWS's summary.
fn told(sequence: u32, stage: &str, summary: Summary) -> Told {
    let score = match &summary {
        Summary::Read(summary) => summary["Score"].to_string(),
        Summary::None => "none".to_owned(),
        Summary::Unread => format!("unread {sequence}"),
    };
    Told {
        sequence: format!("{sequence:03}"),
        digest: format!("{stage} {score}"),
        content: Some(Content {
            envelope: json!({"type": "updated"}),
            opportunity: object(&json!({"Stage": stage, "Amount": 1.10})),
            summary,
        }),
    }
}

fn scored(score: u32) -> Summary {
    Summary::Read(object(&json!({"Score": score})))
}

async fn remember(memory: &Memory, told: &Told) -> Remembered {
    let remembered = memory.remember(&catalog(), "O1", told, now()).await;
    remembered.unwrap()
}

#[tokio::test]
async fn what_was_told_before_is_recalled_with_what_is_remembered_in_one_call() {
    let (table, memory) = start().await;
    let first = remember(&memory, &told(1, "A", scored(1))).await;
    assert_eq!(
        (first.told, first.before),
        (told(1, "A", scored(1)), Before::Nothing)
    );
    let second = remember(&memory, &told(2, "B", scored(2))).await;
    assert_eq!(second.told, told(2, "B", scored(2)));
    let before = documents(&json!({"Stage": "A", "Amount": 1.10}), &json!({"Score": 1}));
    assert_eq!(second.before, before);
    assert_eq!(table.calls(), ["UpdateItem", "UpdateItem"]);
    assert_eq!(table.items().await.len(), 1);
}

#[tokio::test]
async fn a_duplicate_and_a_late_event_recall_what_was_told_and_change_nothing() {
    let (_table, memory) = start().await;
    remember(&memory, &told(1, "A", scored(1))).await;
    let second = remember(&memory, &told(3, "B", scored(2))).await;
    for event in [
        told(3, "B", scored(2)),
        told(4, "B", scored(2)),
        told(2, "C", scored(1)),
        told(3, "D", scored(1)),
    ] {
        assert_eq!(remember(&memory, &event).await, second, "{event:?}");
    }
}

#[tokio::test]
async fn of_many_events_at_a_time_no_two_begin_at_the_same_one() {
    let (_table, memory) = start().await;
    remember(&memory, &told(0, "Z", scored(0))).await;
    let events = (1..31).map(|number| {
        let memory = memory.clone();
        async move { remember(&memory, &told(number, &number.to_string(), scored(number))).await }
    });
    let remembered = futures_util::future::join_all(events).await;
    let mut begins: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for Remembered { told, since, .. } in remembered {
        begins.entry(since).or_default().insert(told.sequence);
    }
    assert!(
        begins.values().all(|events| events.len() == 1),
        "{begins:?}"
    );
}

#[tokio::test]
async fn a_state_that_comes_back_is_a_new_one() {
    let (_table, memory) = start().await;
    for (sequence, stage) in [(1, "A"), (2, "B"), (3, "A")] {
        let event = told(sequence, stage, Summary::None);
        assert_eq!(remember(&memory, &event).await.told, event);
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_costs_nothing_of_what_was_before() {
    let (table, memory) = start().await;
    remember(&memory, &told(1, "A", scored(1))).await;
    table.cut_all(Cut::After, 1);
    let second = remember(&memory, &told(2, "B", scored(2))).await;
    let before = documents(&json!({"Stage": "A", "Amount": 1.10}), &json!({"Score": 1}));
    assert_eq!(second.before, before);
}

#[tokio::test]
async fn a_call_is_tried_twice_and_then_the_table_is_unavailable() {
    let (table, memory) = start().await;
    table.cut_all(Cut::Before, 1);
    remember(&memory, &told(1, "A", scored(1))).await;
    let _ = table.calls();
    table.cut_all(Cut::Before, 2);
    let event = told(2, "B", scored(1));
    let remembered = memory.remember(&catalog(), "O1", &event, now()).await;
    assert!(
        matches!(remembered, Err(Unavailable { .. })),
        "{remembered:?}"
    );
    assert_eq!(table.calls(), ["UpdateItem", "UpdateItem"]);
}

#[tokio::test]
async fn a_summary_that_could_not_be_read_is_no_change_of_it_and_hides_none() {
    let (_table, memory) = start().await;
    remember(&memory, &told(1, "A", scored(1))).await;
    let unread = remember(&memory, &told(2, "B", Summary::Unread)).await;
    assert_eq!(unread.told, told(2, "B", Summary::Unread));
    assert_eq!(
        unread.now.unwrap().summary,
        Some(object(&json!({"Score": 1})))
    );
    let again = remember(&memory, &told(1, "C", scored(9))).await;
    assert_eq!(again.told, told(2, "B", Summary::Unread));
    let read = remember(&memory, &told(3, "B", scored(2))).await;
    let before = documents(&json!({"Stage": "B", "Amount": 1.10}), &json!({"Score": 1}));
    assert_eq!(read.before, before);
}

/// Text that does not become smaller.
fn noise(bytes: usize) -> String {
    let mut dice = fastrand::Rng::with_seed(7);
    (0..bytes).map(|_| dice.alphanumeric()).collect()
}

#[tokio::test]
async fn what_is_too_large_to_keep_is_known_to_be_missing() {
    let (_table, memory) = start().await;
    let mut large = told(1, "A", scored(1));
    let content = large.content.as_mut().unwrap();
    content
        .opportunity
        .insert("Noise".to_owned(), noise(300 * 1024).into());
    let first = remember(&memory, &large).await;
    assert_eq!((first.told.content, first.before), (None, Before::Nothing));
    let second = remember(&memory, &told(2, "B", scored(1))).await;
    assert_eq!(second.before, Before::TooLarge);
    let third = remember(&memory, &told(3, "C", scored(1))).await;
    let before = documents(&json!({"Stage": "B", "Amount": 1.10}), &json!({"Score": 1}));
    assert_eq!(third.before, before);
}

#[tokio::test]
async fn two_large_states_fit_into_one_item() {
    let (_table, memory) = start().await;
    for sequence in 1..4 {
        let mut large = told(sequence, "A", scored(sequence));
        let content = large.content.as_mut().unwrap();
        let text = noise(150 * 1024);
        content.opportunity.insert("Noise".to_owned(), text.into());
        let remembered = remember(&memory, &large).await;
        assert_eq!(remembered.told, large);
        assert_eq!(remembered.before == Before::Nothing, sequence == 1);
    }
}

#[tokio::test]
async fn the_last_writes_of_the_bridge_are_recalled_with_an_event() {
    let (_table, memory) = start().await;
    let write = |number: u32| Write {
        before: format!("2026-03-04T05:05:0{number}Z"),
        date: format!("2026-03-04T05:06:0{number}Z"),
        request_id: format!("request {number}"),
    };
    for number in 0..6 {
        for _attempt in 0..2 {
            let (catalog, write) = (catalog(), write(number));
            let remembered = memory.wrote(&catalog, "O1", &write, now());
            remembered.await.unwrap();
        }
    }
    let writes = remember(&memory, &told(1, "A", scored(1))).await.writes;
    assert_eq!(writes, [5, 4, 3, 2].map(write));
    let writes = remember(&memory, &told(2, "B", scored(1))).await.writes;
    assert_eq!(writes, [5, 4, 3, 2].map(write));
}

#[tokio::test]
async fn what_has_expired_counts_as_gone_while_the_table_still_has_it() {
    let (_table, memory) = start().await;
    let write = Write {
        before: "2026-03-04T05:06:06Z".to_owned(),
        date: "2026-03-04T05:06:07Z".to_owned(),
        request_id: "request".to_owned(),
    };
    remember(&memory, &told(5, "A", scored(1))).await;
    memory.wrote(&catalog(), "O1", &write, now()).await.unwrap();
    let event = told(2, "B", scored(1));
    let two_days = later(2 * DAY);
    let remembered = memory.remember(&catalog(), "O1", &event, two_days).await;
    let remembered = remembered.unwrap();
    assert_eq!(
        (remembered.told, remembered.before, remembered.writes),
        (event, Before::Nothing, vec![])
    );
    let four_days = later(4 * DAY);
    memory
        .wrote(&catalog(), "O1", &write, four_days)
        .await
        .unwrap();
    let event = told(1, "C", scored(1));
    let remembered = memory.remember(&catalog(), "O1", &event, four_days).await;
    let remembered = remembered.unwrap();
    assert_eq!(
        (remembered.told, remembered.before, remembered.writes),
        (event, Before::Nothing, vec![write])
    );
}

#[tokio::test]
async fn opportunities_and_catalogs_are_remembered_apart() {
    let (_table, memory) = start().await;
    let other = Catalog::parse("AWS").unwrap();
    let event = told(1, "A", scored(1));
    for (catalog, identifier) in [(catalog(), "O1"), (catalog(), "O2"), (other, "O1")] {
        let remembered = memory.remember(&catalog, identifier, &event, now()).await;
        assert_eq!(remembered.unwrap().before, Before::Nothing);
    }
}

fn key(text: &str) -> Key {
    Key::of(&catalog(), "idempotency-key", text)
}

fn writing(owner: &str) -> Writing {
    Writing {
        owner: owner.to_owned(),
        fingerprint: "f".to_owned(),
        lease: Writing::lease_from(now()),
        identifier: "O1".to_owned(),
        date: "2026-03-04T05:06:07Z".to_owned(),
        changes: vec![Change {
            pointer: "/LifeCycle/Stage".to_owned(),
            before: json!("Prospect"),
            after: json!(1.10),
        }],
        skipped: None,
    }
}

fn stored(body: &str) -> Stored {
    Stored {
        status: 200,
        headers: vec![("etag".to_owned(), "\"d\"".to_owned())],
        body: body.to_owned(),
    }
}

#[tokio::test]
async fn of_many_that_claim_a_request_one_gets_it() {
    let (_table, memory) = start().await;
    let claims = (0..30).map(|number| {
        let memory = memory.clone();
        async move {
            let writing = writing(&number.to_string());
            memory.claim(&key("k"), &writing, None, now()).await
        }
    });
    let claims = futures_util::future::join_all(claims).await;
    let mine = claims
        .into_iter()
        .filter(|claim| *claim == Ok(Claim::Mine))
        .count();
    assert_eq!(mine, 1);
}

#[tokio::test]
async fn an_abandoned_claim_is_taken_over_by_one_of_many_and_its_owner_finishes_nothing() {
    let (_table, memory) = start().await;
    let dead = writing("dead");
    let claimed = memory.claim(&key("k"), &dead, None, now()).await;
    assert_eq!(claimed, Ok(Claim::Mine));
    let taken = Claim::Taken(Record::Writing(dead.clone()));
    let heir = writing("heir");
    let claimed = memory.claim(&key("k"), &heir, None, now()).await;
    assert_eq!(claimed, Ok(taken));

    let claims = (0..30).map(|number| {
        let (memory, dead) = (memory.clone(), dead.clone());
        async move {
            let writing = writing(&number.to_string());
            memory.claim(&key("k"), &writing, Some(&dead), now()).await
        }
    });
    let claims = futures_util::future::join_all(claims).await;
    let mine: Vec<_> = (0..30)
        .zip(claims)
        .filter(|(_, claim)| *claim == Ok(Claim::Mine))
        .collect();
    assert_eq!(mine.len(), 1);
    let heir = mine[0].0.to_string();

    let (key, now) = (key("k"), now());
    memory
        .finish(&key, "dead", "f", "O1", &stored("dead"), now)
        .await
        .unwrap();
    memory.forget(&key, "dead").await.unwrap();
    memory.give_up(&key, "dead").await.unwrap();
    let Ok(Some(Record::Writing(found))) = memory.recall(&key, now).await else {
        panic!("the claim is the heir's");
    };
    assert_eq!(
        (found.owner.as_str(), found.is_running(now)),
        (heir.as_str(), true)
    );
    let answer = stored("heir");
    memory
        .finish(&key, &heir, "f", "O1", &answer, now)
        .await
        .unwrap();
    let done = Record::Done {
        fingerprint: "f".to_owned(),
        answer,
    };
    assert_eq!(memory.recall(&key, now).await, Ok(Some(done.clone())));
    // What is done stays done.
    memory.forget(&key, &heir).await.unwrap();
    memory.give_up(&key, &heir).await.unwrap();
    let claim = memory.claim(&key, &writing("late"), None, now).await;
    assert_eq!(claim, Ok(Claim::Taken(done)));
}

#[tokio::test]
async fn an_owner_claims_again_gives_up_and_forgets() {
    let (table, memory) = start().await;
    let (key, now) = (key("k"), now());
    for date in ["1", "2"] {
        table.cut_all(Cut::After, 1);
        let mut mine = writing("me");
        date.clone_into(&mut mine.date);
        let claim = memory.claim(&key, &mine, None, now).await;
        assert_eq!(claim, Ok(Claim::Mine));
        let record = Record::Writing(mine);
        assert_eq!(memory.recall(&key, now).await, Ok(Some(record)));
    }
    memory.give_up(&key, "me").await.unwrap();
    let Ok(Some(Record::Writing(found))) = memory.recall(&key, now).await else {
        panic!("a claim that was given up is there");
    };
    assert!(!found.is_running(now));
    memory.forget(&key, "me").await.unwrap();
    assert_eq!(memory.recall(&key, now).await, Ok(None));
    assert_eq!(table.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_lease_passes_and_after_a_day_a_request_is_forgotten() {
    let (_table, memory) = start().await;
    let key = key("k");
    memory
        .claim(&key, &writing("me"), None, now())
        .await
        .unwrap();
    let minute = later(Duration::from_mins(1));
    let Ok(Some(Record::Writing(found))) = memory.recall(&key, minute).await else {
        panic!("a claim outlives its lease");
    };
    assert_eq!(
        (found.is_running(now()), found.is_running(minute)),
        (true, false)
    );

    let answer = stored("body");
    memory
        .finish(&key, "me", "f", "O1", &answer, now())
        .await
        .unwrap();
    let almost = later(Duration::from_hours(23));
    assert!(memory.recall(&key, almost).await.unwrap().is_some());
    let after = later(Duration::from_hours(25));
    assert_eq!(memory.recall(&key, after).await, Ok(None));
    let claim = memory.claim(&key, &writing("other"), None, after).await;
    assert_eq!(claim, Ok(Claim::Mine));
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_keep_is_kept_without_its_body() {
    let (_table, memory) = start().await;
    let (key, now) = (key("k"), now());
    let answer = stored(&noise(700 * 1024));
    memory
        .finish(&key, "me", "f", "O1", &answer, now)
        .await
        .unwrap();
    let Ok(Some(Record::Done { answer: kept, .. })) = memory.recall(&key, now).await else {
        panic!("the request is done");
    };
    let expected = Stored {
        status: 204,
        body: String::new(),
        ..answer
    };
    assert_eq!(kept, expected);
}

#[tokio::test]
async fn no_key_of_a_caller_is_in_the_table() {
    let (table, memory) = start().await;
    let (key, writing) = (key("secret key"), writing("me"));
    memory.claim(&key, &writing, None, now()).await.unwrap();
    let items = format!("{:?}", table.items().await);
    assert!(!items.contains("secret"), "{items}");
}

//! Events that do not arrive as they should.

use std::time::Duration;

use partner_central_emulator::{Emulator, EventFault, Settings, Undelivered};
use serde_json::Value;

use crate::client::{ID, call, seed, update};
use crate::stand_in::{FUNCTION, StandIn, answer, deliveries};

async fn start(settings: Settings) -> (StandIn, Emulator) {
    let stand_in = StandIn::start(|_, _| answer(200, "{}")).await;
    let settings = Settings {
        on_change: stand_in.as_function().on_change,
        ..settings
    };
    let emulator = Emulator::start_with(settings).await.unwrap();
    seed(&emulator);
    (stand_in, emulator)
}

/// The ids of the events that came to the function.
fn received(stand_in: &StandIn) -> Vec<String> {
    let id = |event: Value| event["id"].as_str().unwrap().to_owned();
    let received = stand_in.received(FUNCTION);
    received.iter().map(|it| id(it.json())).collect()
}

#[tokio::test]
async fn a_lost_event_reaches_nobody_and_the_change_is_there_all_the_same() {
    let (stand_in, emulator) = start(Settings::default()).await;
    emulator.inject_into_events(1, EventFault::Lost);
    call(&emulator, "UpdateOpportunity", &update("New")).await;
    emulator.edit(ID, |_| {});
    let deliveries = deliveries(&emulator, 2).await;
    assert_eq!(deliveries[0].outcome, Err(Undelivered::Lost));
    assert_eq!(deliveries[1].outcome, Ok(()));
    assert_eq!(received(&stand_in), [deliveries[1].event.clone()]);
    assert_eq!(emulator.opportunity(ID).unwrap()["Project"]["Title"], "New");
}

/// Each case: how many events are to be lost, and how many of three are.
#[tokio::test]
async fn the_first_events_are_lost_or_all_of_them() {
    for (lose_events, lost) in [(0, 0), (2, 2), (usize::MAX, 3)] {
        let settings = Settings {
            lose_events,
            ..Settings::default()
        };
        let (stand_in, emulator) = start(settings).await;
        for _ in 0..3 {
            emulator.edit(ID, |_| {});
        }
        let deliveries = deliveries(&emulator, 3).await;
        let outcomes = deliveries
            .iter()
            .map(|it| it.outcome == Err(Undelivered::Lost));
        let expected: Vec<bool> = (0..3).map(|position| position < lost).collect();
        assert_eq!(outcomes.collect::<Vec<_>>(), expected);
        assert_eq!(received(&stand_in).len(), 3 - lost);
    }
}

#[tokio::test]
async fn one_change_of_several_is_told_twice() {
    let (stand_in, emulator) = start(Settings::default()).await;
    emulator.inject_into_events(1, EventFault::Doubled);
    emulator.edit(ID, |_| {});
    emulator.edit(ID, |_| {});
    deliveries(&emulator, 3).await;
    let mut received = received(&stand_in);
    assert_eq!(received.len(), 3);
    received.sort();
    received.dedup();
    assert_eq!(received.len(), 3, "each event has an id of its own");
}

#[tokio::test]
async fn a_late_event_comes_behind_those_of_later_changes() {
    let (stand_in, emulator) = start(Settings::default()).await;
    emulator.inject_into_events(1, EventFault::Late(Duration::from_millis(300)));
    let first = changed(&emulator);
    let second = changed(&emulator);
    deliveries(&emulator, 2).await;
    let times = stand_in.received(FUNCTION);
    let times: Vec<Value> = times.iter().map(|it| it.json()["time"].clone()).collect();
    assert_eq!(times, [second, first]);
}

/// Changes the opportunity a minute later than before, and gives the time of the change as an event
/// tells it.
fn changed(emulator: &Emulator) -> Value {
    emulator.stop_clock();
    emulator.advance(Duration::from_mins(1));
    emulator.edit(ID, |_| {});
    let now = jiff::Timestamp::try_from(emulator.now()).unwrap();
    Value::from(format!("{now:.0}"))
}

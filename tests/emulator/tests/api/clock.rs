//! Time that a test moves, instead of waiting for it.

use std::time::Duration;

use partner_central_emulator::{Emulator, Settings};
use serde_json::json;

use crate::client::{ID, call, get, seed, update};

#[tokio::test]
async fn quotas_are_counted_by_the_emulators_time() {
    let settings = Settings {
        reads_per_second: Some(2),
        ..Settings::default()
    };
    let emulator = Emulator::start_with(settings).await.unwrap();
    seed(&emulator);
    emulator.stop_clock();
    // Each case: how far the clock is moved before a read, and the status of its answer.
    for (milliseconds, status) in [
        (0, 200),
        (400, 200),
        (599, 400),
        (1, 200),
        (399, 400),
        (1, 200),
    ] {
        emulator.advance(Duration::from_millis(milliseconds));
        let answer = call(&emulator, "GetOpportunity", &get()).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
}

#[tokio::test]
async fn changes_are_dated_by_the_emulators_time() {
    let emulator = Emulator::start().await;
    seed(&emulator);
    emulator.stop_clock();
    emulator.advance(Duration::from_hours(24 * 365));
    let now = emulator.now();
    call(&emulator, "UpdateOpportunity", &update("New")).await;
    let date = || emulator.opportunity(ID).unwrap()["LastModifiedDate"].clone();
    let written: jiff::Timestamp = date().as_str().unwrap().parse().unwrap();
    let now = jiff::Timestamp::try_from(now).unwrap();
    assert_eq!(written.as_millisecond(), now.as_millisecond());

    let first = date();
    emulator.edit(ID, |it| it["Project"]["Title"] = json!("Newer"));
    assert_ne!(
        date(),
        first,
        "time stands still, and yet no two writes have one date"
    );
}

//! Measures the functions as processes under a Lambda Runtime API, over TLS, against a floor.
//!
//! It measures what is deployed: the release binaries, configured by their environment, from `exec` to
//! the answers. It measures the floor (`bench/floor`) in turns with them, so that the machine disturbs
//! all alike, and the ratio counts. Functions that do the floor's work with AWS's SDKs for Python and
//! JavaScript (`bench/sdks`) start in between. What a memory adds is measured in turns without and with one.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark must stop when its setup fails, and prints its measurements"
)]

mod artifact;
mod column;
mod contestant;
mod memory;
mod process;
mod quota;
mod report;
mod run;
mod target;
mod tls;

use contestant::Contestant;
use memory::Row;
use quota::Quota;
use report::Report;
use run::Run;
use tls::Certificate;

/// Processes of each contestant, and as many again under the quota.
const PROCESSES: usize = 31;
/// Other SDKs run in one of this many rounds, because they take long.
const ROUNDS: usize = 3;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let certificate = Certificate::new();
    let quota = Quota::new();
    if let Err(why) = &quota {
        eprintln!("nothing is measured at the CPU of 128 MB: {why}");
    }
    for contestant in Contestant::OTHER_SDKS {
        if !contestant.is_installed() {
            eprintln!(
                "NOT MEASURED: {}, because it is not installed",
                contestant.name()
            );
        }
    }
    let mut report = Report::new();
    let events = Run::of(Contestant::Enrich, &certificate).with_memory(Some(&[]));
    let items = events.remembered().await;
    for contestant in Contestant::REMEMBERED {
        let row = Row::of(contestant, &certificate, &items).await;
        report.remembered.push(row);
    }
    for round in 0..PROCESSES {
        for contestant in Contestant::COLUMNS {
            let run = Run::of(contestant, &certificate);
            report.add(contestant, run.warm().await);
            if let Ok(quota) = &quota {
                let run = Run::of(contestant, &certificate);
                report.add_throttled(contestant, run.first(Some(quota)).await.0);
            }
        }
        for row in &mut report.remembered {
            row.measure(&certificate, &items).await;
        }
        let others = Contestant::OTHER_SDKS.into_iter();
        for contestant in others.filter(|it| round % ROUNDS == 0 && it.is_installed()) {
            let run = Run::of(contestant, &certificate);
            report.add_other(contestant, run.first(None).await.0);
        }
    }
    println!("{report}");
}

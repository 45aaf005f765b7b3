//! The functions as processes under a Lambda Runtime API, over TLS, measured against a floor.
//!
//! What is deployed is what is measured: the release binaries, configured by their environment, from
//! `exec` to the answers. The same is done with the floor (`bench/floor`), in turns, so that what the
//! machine does to one it does to all, and what counts is the ratio. Functions that do the floor's work
//! with AWS's SDKs for Python and JavaScript (`bench/sdks`) start between them.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark whose ground gives way must not go on, and prints what it has measured"
)]

mod artifact;
mod column;
mod contestant;
mod process;
mod quota;
mod report;
mod run;
mod target;
mod tls;

use contestant::Contestant;
use quota::Quota;
use report::Report;
use run::Run;
use tls::Certificate;

/// Processes of each contestant, and as many again in the quota.
const PROCESSES: usize = 31;
/// With another SDK, one in so many rounds: they take long.
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
    for round in 0..PROCESSES {
        for contestant in Contestant::COLUMNS {
            let run = Run::of(contestant, &certificate);
            report.add(contestant, run.warm().await);
            if let Ok(quota) = &quota {
                let run = Run::of(contestant, &certificate);
                report.add_throttled(contestant, run.first(Some(quota)).await.0);
            }
        }
        let others = Contestant::OTHER_SDKS.into_iter();
        for contestant in others.filter(|it| round % ROUNDS == 0 && it.is_installed()) {
            let run = Run::of(contestant, &certificate);
            report.add_other(contestant, run.first(None).await.0);
        }
    }
    println!("{report}");
}

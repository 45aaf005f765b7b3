//! The way of a patch into Partner Central: read, apply, compare, write, and again on a conflict.
//!
//! A stale body is never sent again under a new date. The opportunity is read again and the *patch*
//! is applied again, so that both edits are kept.

use std::time::Duration;

use model::{Change, Opportunity, PatchError, Update};
use partner_central::Error;
use tokio::time::{Instant, sleep};

use crate::{
    Bridge,
    answer::{Answer, Outcome},
    problem::{ErrorDetail, Kind, Problem, Source},
    request::PatchRequest,
};

/// Writes tried before a conflict is told to the caller.
const ATTEMPTS: u32 = 5;
/// The longest pause after the first attempt; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// What a pause, a read and a write take when all is well. With less than this left, no further
/// write is tried.
const ONE_ROUND: Duration = Duration::from_secs(4);

/// Applies the patch to the opportunity in Partner Central, by `deadline`.
pub(crate) async fn write(
    bridge: &Bridge,
    request: &PatchRequest,
    deadline: Instant,
) -> Result<Answer, Problem> {
    let get = || {
        bridge
            .partner_central
            .get(&bridge.catalog, &request.identifier)
    };
    let mut failed: Option<(Error, Vec<Change>)> = None;
    let mut attempts = 0;
    loop {
        let read = bridge
            .partner_central
            .get(&bridge.catalog, &request.identifier)
            .await?;
        let before = read.to_update();

        if let Some((error, changes)) = failed.take() {
            if changes.iter().all(|change| change.holds_in(&before.body)) {
                return Ok(answer(&read, Outcome::Updated, None, changes, before));
            }
            if attempts == ATTEMPTS || Instant::now() + ONE_ROUND > deadline {
                return Err(error.into());
            }
        }

        let after = request.patch.apply(&read).map_err(refused)?.to_update();
        let changes = Change::between(&before.body, &after.body);
        if changes.is_empty() {
            return Ok(answer(&read, Outcome::Unchanged, None, changes, after));
        }

        attempts += 1;
        match bridge.partner_central.update(&after).await {
            Ok(updated) => {
                let last_modified_date = match updated.last_modified_date {
                    Some(date) => date,
                    // Written, but the answer is not as documented: Partner Central knows the date.
                    None => get().await?.last_modified_date().to_owned(),
                };
                return Ok(answer(
                    &read,
                    Outcome::Updated,
                    Some(last_modified_date),
                    changes,
                    after,
                ));
            }
            // An attempt without an answer may have gone through, and may then conflict with itself.
            Err(error @ (Error::Conflict | Error::Unavailable { .. })) => {
                tracing::info!(opportunity.id = %request.identifier, attempts, %error, "reading again");
                failed = Some((error, changes));
                sleep(pause_after(attempts)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Full jitter: anything up to a bound that doubles with each attempt.
fn pause_after(attempts: u32) -> Duration {
    (FIRST_PAUSE * 2_u32.pow(attempts - 1)).mul_f64(fastrand::f64())
}

fn answer(
    read: &Opportunity,
    outcome: Outcome,
    last_modified_date: Option<String>,
    changes: Vec<Change>,
    update: Update,
) -> Answer {
    Answer {
        identifier: read.id().to_owned(),
        outcome,
        last_modified_date: last_modified_date
            .unwrap_or_else(|| read.last_modified_date().to_owned()),
        changes,
        adjustments: update.adjustments,
    }
}

fn refused(error: PatchError) -> Problem {
    let detail = error.to_string();
    let PatchError::ReadOnly { pointers } = error;
    let errors = pointers
        .into_iter()
        .map(|pointer| ErrorDetail {
            detail: format!("`{pointer}` belongs to AWS, a patch may not name it"),
            pointer,
            code: "read-only".to_owned(),
            source: Source::Patch,
        })
        .collect();
    Problem::new(Kind::InvalidPatch, detail).with_errors(errors)
}

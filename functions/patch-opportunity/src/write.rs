//! The way of a patch into Partner Central: read, apply, judge, write, and again on a conflict.
//!
//! A stale body is never sent again under a new date. The opportunity is read again and the *patch*
//! is applied again, so that both edits are kept.

use std::time::Duration;

use model::{Change, Opportunity, Patch};
use partner_central::{Error, Updated};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    Bridge,
    answer::{Answer, ChangeBy, Outcome},
    edge::Invocation,
    merged::Merged,
    prefer::{Preference, Return},
    problem::{ErrorDetail, Problem, Source},
    request::PatchRequest,
};

/// Writes tried before a conflict is told to the caller.
const ATTEMPTS: u32 = 5;
/// The longest pause after the first attempt; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// What a pause, a read and a write take when all is well. With less than this left, no further
/// write is tried.
const ONE_ROUND: Duration = Duration::from_secs(4);

/// Applies the patch to the opportunity in Partner Central, by the invocation's deadline.
pub(crate) async fn write(
    bridge: &Bridge,
    request: &PatchRequest,
    invocation: &Invocation,
) -> Result<Answer, Problem> {
    let record = &invocation.record;
    let mut failed: Option<(Error, Merged)> = None;
    let mut may_have_happened = false;
    let mut attempts = 0;
    loop {
        let refused = |problem| {
            if may_have_happened {
                Problem::unconfirmed()
            } else {
                problem
            }
        };
        let read = bridge.get(&request.identifier, record).await;
        let read = read.map_err(|error| refused(error.into()))?;
        let before = read.to_update();
        let refused = |problem| refused(problem).with_etag(read.last_modified_date());

        if let Some((error, merged)) = failed.take() {
            if merged
                .changes
                .iter()
                .all(|change| change.holds_in(&before.body))
            {
                return Ok(merged.answer(Outcome::Updated, &read, request.preference));
            }
            let is_late = Instant::now() + ONE_ROUND > invocation.deadline;
            let is_worth_trying = matches!(error, Error::Conflict | Error::Unavailable { .. });
            // To carry operations out again could carry them out twice.
            let is_safe = !may_have_happened || matches!(request.patch, Patch::Merge(_));
            if attempts == ATTEMPTS || is_late || !is_worth_trying || !is_safe {
                return Err(refused(error.into()));
            }
            if error == Error::Conflict {
                record.conflict();
            }
        }

        request.if_match.check(&read).map_err(refused)?;
        let merged = Merged::new(request, &read, &before).map_err(refused)?;
        if request.dry_run {
            return Ok(merged.dry_run(&read, request.preference));
        }
        if merged.changes.is_empty() {
            return Ok(merged.answer(Outcome::Unchanged, &read, request.preference));
        }
        if let Some(problem) = merged.refusal() {
            return Err(refused(problem));
        }

        attempts += 1;
        match bridge.update(&merged.update, record).await {
            Ok(updated) => {
                return written(bridge, request, invocation, merged, &read, updated).await;
            }
            Err(error) if error.may_have_happened || error.cause == Error::Conflict => {
                tracing::info!(opportunity.id = %request.identifier, attempts, %error, "reading again");
                may_have_happened |= error.may_have_happened;
                failed = Some((error.cause, merged));
                sleep(pause_after(attempts)).await;
            }
            Err(error) => return Err(refused(error.cause.into())),
        }
    }
}

/// Full jitter: anything up to a bound that doubles with each attempt.
fn pause_after(attempts: u32) -> Duration {
    (FIRST_PAUSE * 2_u32.pow(attempts - 1)).mul_f64(fastrand::f64())
}

/// The answer to a write that has happened: with the new date, and with the opportunity as AWS has it
/// now where a representation was asked for. A read that fails then takes the representation away,
/// and not the answer.
async fn written(
    bridge: &Bridge,
    request: &PatchRequest,
    invocation: &Invocation,
    merged: Merged,
    read: &Opportunity,
    updated: Updated,
) -> Result<Answer, Problem> {
    let preference = request.preference;
    let is_asked_for = preference.answer == Return::Representation;
    let date = match updated.last_modified_date {
        Some(last_modified_date) if !is_asked_for => {
            let answer = merged.answer(Outcome::Updated, read, preference);
            return Ok(Answer {
                last_modified_date,
                ..answer
            });
        }
        date => date,
    };
    let now = timeout_at(
        invocation.deadline,
        bridge.get(&request.identifier, &invocation.record),
    )
    .await;
    match (now, date) {
        (Ok(Ok(now)), _) => {
            let changes = Change::between(&merged.update.body, &now.to_update().body).into_iter();
            let by_aws =
                changes.filter(|change| is_asked_for && change.path != "/LastModifiedDate");
            let by_aws: Vec<_> = by_aws
                .map(|change| ChangeBy {
                    change,
                    source: Source::Aws,
                })
                .collect();
            let mut answer = merged.answer(Outcome::Updated, &now, preference);
            answer.changes.extend(by_aws);
            Ok(answer)
        }
        (_, Some(last_modified_date)) => {
            let without = Preference {
                answer: Return::Changes,
                ..preference
            };
            let mut answer = merged.answer(Outcome::Updated, read, without);
            let detail = "the change is written, but the opportunity could not be read again";
            answer.warnings.push(ErrorDetail::new(
                "",
                "no-representation",
                detail,
                Source::Aws,
            ));
            Ok(Answer {
                last_modified_date,
                ..answer
            })
        }
        (_, None) => Err(Problem::unconfirmed()),
    }
}

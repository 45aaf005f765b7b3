//! The way of a patch into Partner Central: read, apply, judge, write, and again on a conflict.
//!
//! A stale body is never sent again under a new date. The opportunity is read again and the *patch*
//! is applied again, so that both edits are kept.

use std::time::Duration;

use model::{Change, Update};
use partner_central::{Error, Updated};
use tokio::time::{Instant, sleep};

use crate::{
    Bridge,
    answer::{Answer, ChangeBy, Outcome},
    edge::Invocation,
    merged::Merged,
    prefer::{Preference, Return},
    problem::{ErrorDetail, Problem, Source},
    record::Record,
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
    let mut failed: Option<(Error, Merged)> = None;
    let record = &invocation.record;
    let mut attempts = 0;
    loop {
        let read = bridge.get(&request.identifier, record).await?;
        let before = read.to_update();
        let refuse = |problem: Problem| problem.with_etag(read.last_modified_date());

        if let Some((error, merged)) = failed.take() {
            if merged
                .changes
                .iter()
                .all(|change| change.holds_in(&before.body))
            {
                return Ok(merged.answer(Outcome::Updated, &read, request.preference));
            }
            if attempts == ATTEMPTS || Instant::now() + ONE_ROUND > invocation.deadline {
                return Err(refuse(error.into()));
            }
        }

        request.if_match.check(&read).map_err(refuse)?;
        let merged = Merged::new(request, &read, &before).map_err(refuse)?;
        if request.dry_run {
            return Ok(merged.dry_run(&read, request.preference));
        }
        if merged.changes.is_empty() {
            return Ok(merged.answer(Outcome::Unchanged, &read, request.preference));
        }
        if let Some(problem) = merged.refusal() {
            return Err(refuse(problem));
        }

        attempts += 1;
        match bridge.update(&merged.update, record).await {
            Ok(updated) => {
                let sent = merged.update.clone();
                let answer = merged.answer(Outcome::Updated, &read, request.preference);
                return written(bridge, request, record, answer, &sent, updated).await;
            }
            // An attempt without an answer may have gone through, and may then conflict with itself.
            Err(error @ (Error::Conflict | Error::Unavailable { .. })) => {
                tracing::info!(opportunity.id = %request.identifier, attempts, %error, "reading again");
                failed = Some((error, merged));
                sleep(pause_after(attempts)).await;
            }
            Err(error) => return Err(refuse(error.into())),
        }
    }
}

/// Full jitter: anything up to a bound that doubles with each attempt.
fn pause_after(attempts: u32) -> Duration {
    (FIRST_PAUSE * 2_u32.pow(attempts - 1)).mul_f64(fastrand::f64())
}

/// Completes the answer to a write that has happened: with the new date, and with the opportunity
/// as AWS has it now where a representation was asked for. A read that fails then takes the
/// representation away, and not the answer.
async fn written(
    bridge: &Bridge,
    request: &PatchRequest,
    record: &Record,
    answer: Answer,
    sent: &Update,
    updated: Updated,
) -> Result<Answer, Problem> {
    let is_asked_for = request.preference.answer == Return::Representation;
    if let (Some(last_modified_date), false) = (&updated.last_modified_date, is_asked_for) {
        return Ok(Answer {
            last_modified_date: last_modified_date.clone(),
            ..answer
        });
    }
    let mut answer = Answer {
        opportunity: None,
        ..answer
    };
    match (
        bridge.get(&request.identifier, record).await,
        updated.last_modified_date,
    ) {
        (Ok(now), _) => {
            now.last_modified_date()
                .clone_into(&mut answer.last_modified_date);
            if is_asked_for {
                let changes = Change::between(&sent.body, &now.to_update().body).into_iter();
                let by_aws = changes.filter(|change| change.path != "/LastModifiedDate");
                answer.changes.extend(by_aws.map(|change| ChangeBy {
                    change,
                    source: Source::Aws,
                }));
                answer.opportunity = Some(now.into_document());
            }
        }
        (Err(_), Some(last_modified_date)) => {
            let detail = "the change is written, but the opportunity could not be read again";
            answer.warnings.push(ErrorDetail::new(
                "",
                "no-representation",
                detail,
                Source::Aws,
            ));
            answer.last_modified_date = last_modified_date;
            answer.applied = Preference {
                answer: Return::Changes,
                ..answer.applied
            };
        }
        (Err(error), None) => return Err(error.into()),
    }
    Ok(answer)
}

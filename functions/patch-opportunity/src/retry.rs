//! Read, decide, write, and again until it is settled: the one place that knows attempts, pauses, the
//! deadline, and whether a write is in doubt.
//!
//! A stale body is never sent again under a new date: the opportunity is read again and the *edit* is
//! applied again, so that both edits are kept. A write whose answer was lost may have landed. Then the
//! fresh document tells, held against what was read and what was sent:
//!
//! | in the fresh document | so | what is done |
//! |---|---|---|
//! | the edit changes nothing but what was skipped (operations: it is the document that was sent) | it landed, or might as well have | `updated` |
//! | every place that the edit changed stands as it was read | it did not land | again |
//! | anything else | somebody was there since | `unconfirmed` |
//!
//! `LastModifiedDate` is the fencing token: of two writes that carry the same one, at most one lands.

use std::time::Duration;

use model::{Change, Opportunity, Review};
use partner_central::{Error, NotConfirmed, Updated};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    idempotency::{Ended, Once},
    problem::Problem,
    request::PatchRequest,
    settled::{Done, Settled},
    upstream::Upstream,
};

/// Updates sent for one patch, whatever happens: an account has 10 000 a day.
const MAX_WRITES: u32 = 6;
/// Updates sent in one round, the SDK's own retries included.
const WRITES_A_ROUND: u32 = 3;
/// Rounds of a read and a write before a conflict is told to the caller.
const MAX_ROUNDS: u32 = 5;
/// Rounds that may end without a usable answer: one, and one more.
const MAX_UNAVAILABLE: u32 = 2;
/// The longest pause after the first round; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// What a pause, a read and a write take when all is well. With less than this left, no further round
/// is begun.
const ONE_ROUND: Duration = Duration::from_secs(4);

/// Why nobody can tell whether a write landed, where AWS did answer to the read after it, for the log.
const NEITHER: &str = "the answer to a write was lost, and the opportunity is neither as it was read nor as it was sent";
/// The same, where another attempt is not to be made.
const UNCLAIMED: &str =
    "the answer to a write was lost, and the memory does not let it be tried again";

/// What is to be done about an opportunity as it was read.
#[derive(Debug)]
pub(crate) enum Step {
    /// Tell what would be done, and write nothing.
    Tell(Review),
    /// Nothing differs: write nothing.
    Unchanged(Review),
    /// Write it.
    Write(Review),
}

/// A write that may have landed.
#[derive(Debug)]
struct InDoubt {
    read: Opportunity,
    review: Review,
    /// One of its requests had no answer at all, so that it may still be on its way.
    is_unanswered: bool,
}

/// What a fresh read says of a write that may have landed.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It landed, or might as well have. `is_exact`: the document is the one that was sent.
    Landed { is_exact: bool },
    /// It did not land.
    NotLanded,
    /// Nobody can tell.
    Unclear,
}

/// What the rounds so far leave for the next one.
#[derive(Debug)]
struct Budget {
    rounds: u32,
    unavailable: u32,
    writes_left: u32,
    deadline: Instant,
}

/// Reads the opportunity, lets `decide` say what is to be done, and does it.
///
/// # Errors
/// What `decide` and AWS refuse, and what was carried out before. [`Kind::Unconfirmed`](crate::Kind) where a write may have
/// landed; with every other problem nothing was written.
pub(crate) async fn until_settled(
    upstream: Upstream<'_>,
    request: &PatchRequest,
    once: &Once<'_>,
    decide: impl Fn(&Opportunity) -> Result<Step, Problem>,
) -> Result<Settled, Ended> {
    let invocation = upstream.invocation;
    let mut budget = Budget::new(invocation.deadline);
    let mut in_doubt: Option<InDoubt> = None;
    let mut failed: Option<Error> = None;
    loop {
        let read = match read(upstream, request).await {
            Ok(read) => read,
            Err(problem) if in_doubt.is_some() => {
                let cause = problem.cause().unwrap_or_default();
                return Err(Problem::unconfirmed(&request.edit, cause).into());
            }
            Err(problem) => return Err(problem.into()),
        };
        let date = read.last_modified_date().to_owned();

        if let Some(sent) = in_doubt.take() {
            match sent.verdict(&read, request, &invocation.today) {
                Verdict::Landed { is_exact } => {
                    let date = is_exact.then_some(date);
                    return Ok(sent.settled(Done::Updated(date)));
                }
                Verdict::Unclear => {
                    let unconfirmed = Problem::unconfirmed(&request.edit, NEITHER);
                    return Err(unconfirmed.with_etag(&date).into());
                }
                // Under the date that it carried it can still land; under another one it cannot.
                Verdict::NotLanded if sent.read.last_modified_date() == date => {
                    in_doubt = Some(sent);
                }
                Verdict::NotLanded => {}
            }
        }
        if let Some(error) = failed.take()
            && !budget.allows_another(&error)
        {
            let problem = given_up(error, in_doubt.as_ref(), request);
            return Err(problem.with_etag(&date).into());
        }

        let review = match decide(&read).map_err(|problem| problem.with_etag(&date))? {
            Step::Write(review) => review,
            Step::Tell(review) => return Ok(Settled::new(read, review, Done::Told)),
            Step::Unchanged(review) => return Ok(Settled::new(read, review, Done::Unchanged)),
        };
        match once.claim(&read, &review).await {
            Err(_) if in_doubt.is_some() => {
                return Err(Problem::unconfirmed(&request.edit, UNCLAIMED).into());
            }
            claimed => claimed?,
        }
        match write(upstream, &review, budget.begin()).await {
            Ok(Updated {
                last_modified_date, ..
            }) => {
                let date = match last_modified_date {
                    None => date_of_the_write(upstream, request, &read, &review).await,
                    date => date,
                };
                return Ok(Settled::new(read, review, Done::Updated(date)));
            }
            Err(error) => {
                budget.spend(&error);
                if error.may_have_happened {
                    in_doubt = Some(InDoubt {
                        read,
                        review,
                        is_unanswered: error.is_unanswered,
                    });
                } else if error.cause != Error::Conflict && in_doubt.is_none() {
                    return Err(Problem::from(error.cause).with_etag(&date).into());
                }
                failed = Some(error.cause);
            }
        }
        budget.pause().await;
    }
}

/// Reads the opportunity, by the deadline.
async fn read(upstream: Upstream<'_>, request: &PatchRequest) -> Result<Opportunity, Problem> {
    let read = upstream.get(&request.identifier);
    match timeout_at(upstream.invocation.deadline, read).await {
        Ok(read) => read.map_err(Problem::from),
        Err(_) => Err(Problem::too_late()),
    }
}

/// Sends the update, by the last moment that leaves time for an answer. One that is still on its way then
/// may have landed.
async fn write(
    upstream: Upstream<'_>,
    review: &Review,
    most: u32,
) -> Result<Updated, NotConfirmed> {
    let notes = &upstream.invocation.notes;
    let write = upstream.update(&review.update, most);
    let written = timeout_at(upstream.invocation.last_moment(), write).await;
    let written = written.unwrap_or_else(|_| Err(NotConfirmed::on_its_way()));
    match &written {
        Ok(updated) => notes.wrote(updated.attempts),
        Err(error) => {
            notes.wrote(error.attempts);
            if error.cause == Error::Conflict {
                notes.conflict();
            }
            tracing::info!(
                cause = error.cause.name(),
                in_doubt = error.may_have_happened,
                "not confirmed"
            );
        }
    }
    written
}

/// The problem of a write that is not tried again.
fn given_up(error: Error, in_doubt: Option<&InDoubt>, request: &PatchRequest) -> Problem {
    match (error, in_doubt) {
        // The very same body would have been refused before, too.
        (error @ Error::Invalid { .. }, _) => error.into(),
        // It landed, and the read did not show it yet.
        (Error::Conflict, Some(_)) => {
            Problem::unconfirmed(&request.edit, Error::Conflict.to_string())
        }
        // It may still be on its way.
        (error, Some(sent)) if sent.is_unanswered => {
            Problem::unconfirmed(&request.edit, error.to_string())
        }
        (error, _) => error.into(),
    }
}

impl Budget {
    fn new(deadline: Instant) -> Self {
        Self {
            rounds: 0,
            unavailable: 0,
            writes_left: MAX_WRITES,
            deadline,
        }
    }

    /// Begins a round, and says how many updates it may send.
    fn begin(&mut self) -> u32 {
        self.rounds += 1;
        WRITES_A_ROUND.min(self.writes_left)
    }

    fn spend(&mut self, error: &NotConfirmed) {
        self.writes_left = self.writes_left.saturating_sub(error.attempts);
        self.unavailable += u32::from(matches!(error.cause, Error::Unavailable { .. }));
    }

    /// Whether another round is worth trying after this error.
    fn allows_another(&self, error: &Error) -> bool {
        let is_worth_trying = match error {
            Error::Conflict => self.rounds < MAX_ROUNDS,
            Error::Unavailable { .. } => self.unavailable < MAX_UNAVAILABLE,
            _ => false,
        };
        let is_in_time = Instant::now() + ONE_ROUND <= self.deadline;
        is_worth_trying && is_in_time && self.writes_left > 0
    }

    /// Full jitter: anything up to a bound that doubles with each round.
    async fn pause(&self) {
        sleep((FIRST_PAUSE * 2_u32.pow(self.rounds.saturating_sub(1))).mul_f64(fastrand::f64()))
            .await;
    }
}

impl InDoubt {
    fn settled(self, done: Done) -> Settled {
        Settled::new(self.read, self.review, done)
    }

    fn verdict(&self, fresh: &Opportunity, request: &PatchRequest, today: &str) -> Verdict {
        let since = self.review.update.differences(&self.read, fresh);
        let is_skipped = |pointer: &str| self.review.is_skipped(pointer);
        let has_landed = match request.leaves_as_it_is(fresh, today, is_skipped) {
            Some(changes_nothing) => changes_nothing,
            // AWS keeps its side of the review itself.
            None => since.iter().all(model::is_of_the_review),
        };
        let is_as_read = |change: &Change| change.is_not_made_in(fresh.document());
        if has_landed {
            Verdict::Landed {
                is_exact: since.is_empty(),
            }
        } else if self.review.changes.iter().all(is_as_read) {
            Verdict::NotLanded
        } else {
            Verdict::Unclear
        }
    }
}

/// The date of a write whose answer did not name it, if the opportunity still is as it was written.
async fn date_of_the_write(
    upstream: Upstream<'_>,
    request: &PatchRequest,
    read: &Opportunity,
    review: &Review,
) -> Option<String> {
    let fresh = upstream.get(&request.identifier);
    let fresh = timeout_at(upstream.invocation.deadline, fresh)
        .await
        .ok()?
        .ok()?;
    let is_as_sent = review.update.differences(read, &fresh).is_empty();
    is_as_sent.then(|| fresh.last_modified_date().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_confirmed(cause: Error, attempts: u32) -> NotConfirmed {
        NotConfirmed {
            cause,
            attempts,
            may_have_happened: false,
            is_unanswered: false,
        }
    }

    /// How many rounds there are that all end like this, and how many updates they may send.
    fn rounds_of(cause: &Error, attempts: u32, time: Duration) -> Vec<u32> {
        let mut budget = Budget::new(Instant::now() + time);
        let mut rounds = Vec::new();
        loop {
            rounds.push(budget.begin());
            budget.spend(&not_confirmed(cause.clone(), attempts));
            if !budget.allows_another(cause) {
                return rounds;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_conflict_has_five_rounds_an_outage_two_and_none_begins_without_time_or_updates_left()
    {
        let cause = "no usable answer from AWS".to_owned();
        let (conflict, outage) = (Error::Conflict, Error::Unavailable { cause });
        assert_eq!(rounds_of(&conflict, 1, ONE_ROUND), [3, 3, 3, 3, 2]);
        assert_eq!(rounds_of(&conflict, 2, ONE_ROUND), [3, 3, 2]);
        assert_eq!(rounds_of(&outage, 1, ONE_ROUND), [3, 3]);
        assert_eq!(rounds_of(&Error::NotFound, 1, ONE_ROUND), [3]);
        let too_short = Duration::from_millis(3_999);
        assert_eq!(rounds_of(&conflict, 1, too_short), [3]);
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_are_random_and_their_bound_doubles_with_each_round() {
        for (rounds, bound) in [(1, 200), (2, 400), (3, 800), (4, 1_600)] {
            let budget = Budget {
                rounds,
                ..Budget::new(Instant::now())
            };
            let mut longest = Duration::ZERO;
            for _ in 0..200 {
                let began = Instant::now();
                budget.pause().await;
                longest = longest.max(began.elapsed());
            }
            // The clock is rounded to milliseconds.
            let bound = Duration::from_millis(bound);
            let range = bound / 2..=bound + Duration::from_millis(1);
            assert!(range.contains(&longest), "{rounds}: {longest:?}");
        }
    }
}

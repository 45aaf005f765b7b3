//! Reads an opportunity and AWS's summary of it, with retries.
//!
//! Without the opportunity, the event fails and AWS delivers it again. Without the summary, the event is
//! still useful. But nothing would deliver the summary later, so the bridge tries to read it for as long
//! as the invocation lasts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::Context;
use model::{EventKind, Object, Opportunity, OpportunityEvent, Problem};
use partner_central::{Error as Cause, PartnerCentral};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    config::Config,
    error::{self, Error},
    observe::Observation,
};

/// How long to look for a newly created opportunity before AWS's own retries take over. Reads have
/// lagged up to 3 s behind creation.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// The pause after the first failed read of the summary. It doubles each time, because a call already
/// makes up to three attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause between two reads of the summary.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Time reserved to write the answer and hand it to Lambda.
const ANSWER_TIME: Duration = Duration::from_secs(1);
/// The time for an invocation without a deadline: the function's own timeout.
const DEFAULT_TIME: Duration = Duration::from_secs(30);

/// The reads of one event.
#[derive(Debug)]
pub(crate) struct Reads<'a> {
    pub(crate) partner_central: &'a PartnerCentral,
    pub(crate) config: &'a Config,
    pub(crate) event: &'a OpportunityEvent,
    pub(crate) observation: &'a Observation,
}

/// When to stop waiting for AWS.
///
/// Ignores a deadline in the past: no invocation begins after its end, but local runtimes send a
/// constant (`cargo lambda watch`: 600 000 ms after 1970).
pub(crate) fn deadline(context: &Context, now: SystemTime) -> Instant {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_millis(context.deadline).checked_sub(now);
    Instant::now() + left.unwrap_or(DEFAULT_TIME).saturating_sub(ANSWER_TIME)
}

impl Reads<'_> {
    /// The opportunity, and AWS's summary or why there is none; `None` if the summary is not configured.
    /// Reads both at once, and stops as soon as the opportunity fails.
    pub(crate) async fn both(
        &self,
        deadline: Instant,
    ) -> Result<(Opportunity, Option<Result<Object, Problem>>), Error> {
        let summary = async {
            Ok(if self.config.include_aws_summary {
                Some(self.summary(deadline).await)
            } else {
                None
            })
        };
        tokio::try_join!(self.opportunity(), summary)
    }

    /// The opportunity. Looks for a newly created one for a while.
    async fn opportunity(&self) -> Result<Opportunity, Error> {
        let identifier = &self.event.identifier;
        let until = Instant::now() + PATIENCE;
        loop {
            let call = self.partner_central.get(&self.config.catalog, identifier);
            let read = self.observation.waiting(call).await;
            let is_missing = matches!(read, Err(Cause::NotFound));
            let may_be_lagging = self.event.kind == EventKind::Created && is_missing;
            if !may_be_lagging || Instant::now() + PAUSE >= until {
                return read.map_err(|cause| Error::read(identifier, cause));
            }
            sleep(PAUSE).await;
        }
    }

    /// AWS's summary, or why there is none by the deadline.
    async fn summary(&self, deadline: Instant) -> Result<Object, Problem> {
        let identifier = &self.event.identifier;
        let mut bound = FIRST_PAUSE;
        let mut last = None;
        loop {
            let call = self
                .partner_central
                .summary(&self.config.catalog, identifier);
            let read = timeout_at(deadline, self.observation.waiting(call)).await;
            let cause = match read {
                Ok(Ok(summary)) => return Ok(summary),
                Ok(Err(cause)) => cause,
                // The failure before says more than that time is up.
                Err(_) => last.unwrap_or_else(|| Cause::Unavailable {
                    cause: "no answer by the deadline".to_owned(),
                }),
            };
            let pause = pause(bound, deadline).filter(|_| is_passing(&cause));
            let Some(pause) = pause else {
                tracing::warn!(opportunity.id = %identifier, %cause, "no summary");
                return Err(Problem::without_summary(
                    error::code(&cause),
                    error::reason(&cause),
                    self.event,
                ));
            };
            tracing::debug!(opportunity.id = %identifier, %cause, "reading the summary again");
            last = Some(cause);
            sleep(pause).await;
            bound = (2 * bound).min(LONGEST_PAUSE);
        }
    }
}

/// The pause before another read: at least half of `bound`. `None` if the deadline comes before its end.
fn pause(bound: Duration, deadline: Instant) -> Option<Duration> {
    let pause = bound.mul_f64(0.5 + fastrand::f64() / 2.0);
    let is_too_late = Instant::now() + pause >= deadline;
    (!is_too_late).then_some(pause)
}

/// Whether the same read may succeed a moment later.
fn is_passing(cause: &Cause) -> bool {
    match cause {
        Cause::Throttled | Cause::Unavailable { .. } => true,
        Cause::NotFound | Cause::Denied { .. } | Cause::Conflict | Cause::Invalid { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_a_second_before_the_invocation_does() {
        let now = UNIX_EPOCH + Duration::from_secs(1_772_604_428);
        for (deadline_in_milliseconds, seconds) in [
            (1_772_604_448_000, 19),
            (1_772_604_428_900, 0),
            (600_000, 29),
            (0, 29),
        ] {
            let mut context = Context::default();
            context.deadline = deadline_in_milliseconds;
            assert_eq!(
                deadline(&context, now) - Instant::now(),
                Duration::from_secs(seconds)
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_at_least_half_of_its_bound_and_ends_before_the_deadline() {
        let bound = Duration::from_secs(4);
        let in_time = Instant::now() + Duration::from_millis(4_001);
        for _ in 0..1_000 {
            let pause = pause(bound, in_time).unwrap();
            assert!((bound / 2..=bound).contains(&pause), "{pause:?}");
        }
        assert_eq!(pause(bound, Instant::now() + bound / 2), None);
    }
}

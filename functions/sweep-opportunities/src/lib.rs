//! Finds recently modified opportunities and hands them on as if Partner Central had sent their events.
//!
//! Partner Central's events are "best effort": in rare cases one is lost. And no event was ever sent for
//! an opportunity older than the bridge. This function lists what was modified in a span of time, and
//! hands each opportunity to `enrich-opportunity` in the exact form of Partner Central's event. Without a
//! memory it stores nothing: its window is wider than the time between two runs, and receivers drop what
//! they already have. If a span is too long for one run, another run continues it, as often as it takes.

mod clock;
mod config;
mod error;
mod invoke;
mod observe;
mod pace;
mod pages;
mod recall;
mod span;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lambda_events::eventbridge::EventBridgeEvent;
use lambda_runtime::{Context, LambdaEvent};
use memory::Memory;
use model::{Identifier, Instant, OpportunityEvent};
use partner_central::{Error as Cause, Modified, Page, PartnerCentral};
use serde_json::Value;

pub use clock::Clock;
pub use config::{Config, ConfigError};
pub use error::Error;
pub use invoke::{Lambda, NotInvoked};
pub use observe::Swept;
pub use span::PayloadError;

use observe::Observation;
use pace::{HAND_ON, MOST_OF_A_FILL, PAGE, Pace};
use pages::Part;
use recall::Recall;
use span::{OVERLAP, Span};

/// The time for an invocation without a deadline: the function's own timeout.
const DEFAULT_TIME: Duration = Duration::from_mins(15);
/// The time reserved at the end, to finish the call under way and to start the run that continues: a list
/// takes up to 14 s, an invocation up to 12. A shorter invocation reserves a quarter of its time.
const LAST_CALLS: Duration = Duration::from_mins(1);

/// What every run shares: the clients, the configuration and the clock.
#[derive(Debug, Clone)]
pub struct Sweeper<N, S> {
    partner_central: PartnerCentral,
    lambda: Lambda,
    config: Config,
    clock: Clock<N, S>,
    memory: Option<Memory>,
}

/// Too little time is left to begin anything.
struct TimeIsUp;

/// Why a part of the list is missing.
enum Stop {
    TimeIsUp,
    Failed(Cause),
}

impl<N, S, F> Sweeper<N, S>
where
    N: Fn() -> SystemTime,
    S: Fn(Duration) -> F,
    F: Future<Output = ()>,
{
    /// Builds the sweep of the configured catalog.
    #[must_use]
    pub fn new(
        partner_central: PartnerCentral,
        lambda: Lambda,
        config: Config,
        clock: Clock<N, S>,
    ) -> Self {
        Self {
            partner_central,
            lambda,
            config,
            clock,
            memory: None,
        }
    }

    /// The same with a memory: it hands on only what is newer than what is remembered, and wakes patches that
    /// wait.
    #[must_use]
    pub fn with_memory(self, memory: Option<Memory>) -> Self {
        Self { memory, ..self }
    }

    /// Makes one run and reports it to the operator.
    ///
    /// # Errors
    /// See [`Error`]: Lambda reports each as a function error, and an alarm watches these.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Swept, Error> {
        let mut observation = Observation::begin();
        let result = self.sweep(&event, &mut observation).await;
        observation.end(result, &self.config.catalog, self.clock.now())
    }

    async fn sweep(
        &self,
        LambdaEvent { payload, context }: &LambdaEvent<Value>,
        observation: &mut Observation,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let mut span = Span::parse(payload, Instant::from(now), self.config.interval)?;
        let mut recall = Recall {
            memory: self.memory.as_ref().filter(|_| span.is_scheduled),
            catalog: &self.config.catalog,
            now: now.into(),
            may_have_gap: false,
        };
        if span.is_scheduled {
            let since = recall.since(span.since, OVERLAP).await;
            span.since = since.min(span.until.earlier_by(OVERLAP));
        }
        observation.of(span.since, span.until, span.is_scheduled);
        let begun_at = span.since;
        let deadline = deadline(context, now);
        let pace = Pace::default();
        loop {
            let part = match self.part(&span, deadline, &pace, observation).await {
                Ok(part) => part,
                Err(Stop::TimeIsUp) => break,
                Err(Stop::Failed(cause)) => {
                    let since = span.since;
                    return Err(Error::List { since, cause });
                }
            };
            for entry in &part.entries {
                if span.handed_on.has(entry) {
                    continue;
                }
                if recall.has(entry).await {
                    span.handed_on.add(entry);
                    span.go_on_from(entry.modified.max(span.since));
                    continue;
                }
                if span.total + observation.count() >= MOST_OF_A_FILL {
                    return Err(Error::DayIsUsedUp(span.since));
                }
                if self.wait(&pace, HAND_ON, deadline).await.is_err() {
                    self.leave(&span, begun_at, context, observation).await?;
                    recall.swept(span.since).await;
                    return Ok(());
                }
                let handed_on = self.hand_on(&entry.identifier).await;
                observation.handed_on(&entry.identifier, &handed_on);
                // A failure is reported, and not retried forever.
                span.handed_on.add(entry);
                span.go_on_from(entry.modified.max(span.since));
            }
            let Some(next) = part.next else {
                self.wake(&recall, deadline, &pace, observation).await;
                observation.refuse_failures()?;
                recall.swept(span.until).await;
                return Ok(());
            };
            span.go_on_from(next.max(span.since));
        }
        self.leave(&span, begun_at, context, observation).await?;
        recall.swept(span.since).await;
        Ok(())
    }

    /// Hands on the opportunities for which patches wait that no event has woken: their events wake them.
    async fn wake(
        &self,
        recall: &Recall<'_>,
        deadline: SystemTime,
        pace: &Pace,
        observation: &mut Observation,
    ) {
        for identifier in recall.waiting().await {
            if self.wait(pace, HAND_ON, deadline).await.is_err() {
                // The next run comes to the others.
                return;
            }
            let handed_on = self.hand_on(&identifier).await;
            observation.handed_on(&identifier, &handed_on);
        }
    }

    /// Reads the next part of the list.
    async fn part(
        &self,
        span: &Span,
        deadline: SystemTime,
        pace: &Pace,
        observation: &Observation,
    ) -> Result<Part, Stop> {
        let ask = async |modified: Modified, token: Option<String>| -> Result<Page, Stop> {
            let wait = self.wait(pace, PAGE, deadline).await;
            wait.map_err(|TimeIsUp| Stop::TimeIsUp)?;
            let (catalog, token) = (&self.config.catalog, token.as_deref());
            let call = self.partner_central.list(catalog, modified, token);
            observation.waiting(call).await.map_err(Stop::Failed)
        };
        pages::part(span.since, span.until, ask).await
    }

    /// Waits until the quota allows these reads.
    async fn wait(&self, pace: &Pace, reads: u32, deadline: SystemTime) -> Result<(), TimeIsUp> {
        let now = self.clock.now();
        let wait = pace.wait(now);
        if now + wait >= deadline {
            return Err(TimeIsUp);
        }
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
        pace.reads(reads, now + wait);
        Ok(())
    }

    /// Hands an opportunity to `enrich-opportunity`, in the form of Partner Central's event.
    async fn hand_on(&self, identifier: &Identifier) -> Result<(), NotInvoked> {
        let (catalog, identifier) = (self.config.catalog.clone(), identifier.clone());
        let event = OpportunityEvent::of_sweep(catalog, identifier, self.clock.now());
        let event = serde_json::to_vec(&EventBridgeEvent::from(event));
        self.invoke(&self.config.enrich_function, event).await
    }

    /// Starts another run for what is left.
    async fn leave(
        &self,
        span: &Span,
        begun_at: Instant,
        context: &Context,
        observation: &mut Observation,
    ) -> Result<(), Error> {
        let since = span.since;
        if since == begun_at && !observation.has_listed() {
            return Err(Error::NoProgress(since));
        }
        let payload = span.payload(observation.count());
        let next = self
            .invoke(&context.env_config.function_name, payload)
            .await;
        next.map_err(|cause| Error::Continue { since, cause })?;
        observation.continued_from(since);
        observation.refuse_failures()
    }

    async fn invoke(
        &self,
        function: &str,
        payload: serde_json::Result<Vec<u8>>,
    ) -> Result<(), NotInvoked> {
        match payload {
            Ok(payload) => self.lambda.invoke(function, payload).await,
            Err(error) => Err(NotInvoked {
                function: function.to_owned(),
                cause: error.to_string(),
            }),
        }
    }
}

/// The time after which nothing new begins.
///
/// A deadline in the past is ignored: local runtimes send a constant (`cargo lambda watch`: 600 000 ms
/// after 1970), and no real invocation begins after its end.
fn deadline(context: &Context, now: SystemTime) -> SystemTime {
    let left = Duration::from_millis(context.deadline)
        .checked_sub(now.duration_since(UNIX_EPOCH).unwrap_or_default())
        .unwrap_or(DEFAULT_TIME);
    now + left.saturating_sub(LAST_CALLS.min(left / 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_stops_a_minute_before_its_deadline_or_earlier_by_a_quarter_of_a_shorter_time() {
        let now = UNIX_EPOCH + Duration::from_secs(1_772_604_428);
        for (deadline_in_milliseconds, seconds) in [
            (1_772_604_428_000 + 900_000, 840),
            (1_772_604_428_000 + 30_000, 22),
            (600_000, 840),
            (0, 840),
        ] {
            let mut context = Context::default();
            context.deadline = deadline_in_milliseconds;
            let left = deadline(&context, now).duration_since(now).unwrap();
            assert_eq!(left.as_secs(), seconds);
        }
    }
}

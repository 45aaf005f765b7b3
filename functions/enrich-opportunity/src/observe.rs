//! What an operator learns of an event: a log line and metrics, and nothing of what an opportunity holds.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use model::{
    AwsDocument, Catalog, CloudEvent, Instant, Object, Opportunity, OpportunityEvent, ProblemCode,
    unknown,
};
use telemetry::{Metric, Metrics, milliseconds, report_unknown_fields};
use tokio::time;

use crate::{clock::Clock, error::Error};

/// What is noted of one event while it is enriched.
#[derive(Debug)]
pub(crate) struct Observation {
    begun: time::Instant,
    /// Where the event came from: Partner Central, a sweep, or somebody by hand.
    source: Option<String>,
    /// How many fields and values AWS sent that this release does not know.
    unknown: usize,
    waiting: Mutex<Waiting>,
}

/// The time during which at least one call waits for AWS. The two reads wait at the same time, which
/// counts once.
#[derive(Debug, Default)]
struct Waiting {
    calls: u32,
    since: Option<time::Instant>,
    total: Duration,
}

/// One call that waits for AWS, until it is dropped: with its answer, or because it was given up.
struct Call<'a>(&'a Observation);

impl Observation {
    pub(crate) fn begin() -> Self {
        Self {
            begun: time::Instant::now(),
            source: None,
            unknown: 0,
            waiting: Mutex::default(),
        }
    }

    /// Notes which event it is.
    pub(crate) fn of(&mut self, event: &OpportunityEvent) {
        self.source = Some(event.source.clone());
    }

    /// Looks for what this release does not know.
    pub(crate) fn look_at(&mut self, opportunity: &Opportunity, summary: Option<&Object>) {
        let mut look = |of, kind, document| {
            let pointers = unknown(kind, document);
            report_unknown_fields(of, &pointers);
            self.unknown += pointers.len();
        };
        look(
            "opportunity",
            AwsDocument::Opportunity,
            opportunity.document(),
        );
        if let Some(summary) = summary {
            look("summary", AwsDocument::Summary, summary);
        }
    }

    /// Notes how long a call to AWS takes.
    pub(crate) async fn waiting<T>(&self, call: impl Future<Output = T>) -> T {
        self.change(|waiting| {
            waiting.since.get_or_insert_with(time::Instant::now);
            waiting.calls += 1;
        });
        let _call = Call(self);
        call.await
    }

    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Writes the log line and the metrics.
    pub(crate) fn end(
        self,
        answered: &Result<CloudEvent, Error>,
        catalog: &Catalog,
        clock: &Clock,
    ) {
        let duration_ms = milliseconds(self.begun.elapsed());
        let waiting = self
            .waiting
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let upstream_ms = milliseconds(waiting.total);
        let source = self.source;
        let unknown = u64::try_from(self.unknown).unwrap_or(u64::MAX);
        match answered {
            Ok(event) => tracing::info!(
                opportunity.id = event.subject(),
                event.source = source,
                outcome = "enriched",
                problems = event.problems().len(),
                upstream_ms,
                duration_ms,
                "answered"
            ),
            Err(error) => tracing::error!(
                opportunity.id = error.identifier(),
                event.source = source,
                outcome = error.kind(),
                %error,
                upstream_ms,
                duration_ms,
                "not enriched"
            ),
        }
        let mut metrics = Metrics::new("enrich-opportunity", catalog.as_str());
        metrics.count(Metric::UnknownFields, unknown);
        if !waiting.total.is_zero() {
            metrics.time(Metric::UpstreamMilliseconds, waiting.total);
        }
        match answered {
            Ok(event) => of_event(&mut metrics, event, clock),
            Err(error) => metrics.count(Metric::Throttled, u64::from(error.is_throttled())),
        }
        metrics.emit(clock.now());
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.change(|waiting| {
            waiting.calls -= 1;
            if waiting.calls == 0 {
                let since = waiting.since.take();
                waiting.total += since.map_or(Duration::ZERO, |since| since.elapsed());
            }
        });
    }
}

fn of_event(metrics: &mut Metrics, event: &CloudEvent, clock: &Clock) {
    metrics.count(Metric::Enriched, 1);
    let now = Instant::from(clock.now());
    // There is none where the event does not say when it was sent, or a clock is off.
    if let Some(age) = event.time().and_then(|sent| now.since(sent)) {
        metrics.time(Metric::EventAgeMilliseconds, age);
    }
    let is_forgetful = event.without_changes() == Some(ProblemCode::Unavailable);
    metrics.count(Metric::MemoryUnavailable, u64::from(is_forgetful));
    let without_summary = event.without_summary();
    metrics.count(Metric::WithoutSummary, u64::from(without_summary.is_some()));
    let is_throttled = without_summary == Some(ProblemCode::Throttled);
    metrics.count(Metric::Throttled, u64::from(is_throttled));
}

#[cfg(test)]
mod tests {
    use tokio::time::{sleep, timeout};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn waited(observation: Observation) -> Duration {
        observation.waiting.into_inner().unwrap().total
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_wait_at_the_same_time_count_once_and_pauses_do_not_count() {
        let observation = Observation::begin();
        tokio::join!(
            observation.waiting(sleep(SECOND)),
            observation.waiting(sleep(3 * SECOND)),
        );
        sleep(5 * SECOND).await;
        observation.waiting(sleep(SECOND)).await;
        assert_eq!(waited(observation), 4 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_given_up_counts_until_then() {
        let observation = Observation::begin();
        let call = observation.waiting(sleep(9 * SECOND));
        timeout(2 * SECOND, call).await.unwrap_err();
        sleep(SECOND).await;
        assert_eq!(waited(observation), 2 * SECOND);
    }
}

//! An EventBridge opportunity event in, one self-contained CloudEvent out.
//!
//! Partner Central's event says only which opportunity changed. This function reads the whole
//! opportunity, and AWS's summary of it, and answers with both; AWS delivers the answer (the
//! function's on-success destination). A failed read is a function error, so that AWS tries again:
//! never a silent skip. A failed summary is told in the event, and never loses it.

mod config;
mod error;
mod trace;

use std::time::{Duration, SystemTime};

use lambda_runtime::{Context, LambdaEvent};
use model::{
    Catalog, CloudEvent, EventKind, Identifier, Object, Opportunity, OpportunityEvent, Problem,
};
use partner_central::PartnerCentral;
use serde_json::Value;
use telemetry::{Metric, Metrics, milliseconds};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::{Instant, sleep};

pub use config::{Config, ConfigError};
pub use error::Error;

/// For how long an opportunity that was just created is looked for before AWS's own retries take
/// over. Reads were seen to lag behind creation by up to 3 s.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// Where the summary is in the event's data.
const SUMMARY: &str = "/awsSummary";

/// What every event is answered with: the client and the configuration.
#[derive(Debug, Clone)]
pub struct Bridge {
    partner_central: PartnerCentral,
    config: Config,
}

impl Bridge {
    /// A bridge from the configured catalog.
    #[must_use]
    pub fn new(partner_central: PartnerCentral, config: Config) -> Self {
        Self {
            partner_central,
            config,
        }
    }

    /// Answers one event.
    ///
    /// # Errors
    /// See [`Error`]: each is a function error, which AWS retries and then puts into the
    /// dead-letter queue.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<CloudEvent, Error> {
        let started = Instant::now();
        let answered = self.enrich(&event.payload, &event.context).await;
        let duration = started.elapsed();
        let duration_ms = milliseconds(duration);
        let mut metrics = Metrics::new("enrich-opportunity", self.catalog().as_str());
        if !matches!(answered, Err(Error::Event(_) | Error::Catalog { .. })) {
            metrics.time(Metric::UpstreamMilliseconds, duration);
        }
        match &answered {
            Ok(event) => {
                let problems = event.problems().len();
                tracing::info!(
                    opportunity.id = event.subject(),
                    outcome = "enriched",
                    problems,
                    duration_ms,
                    "answered"
                );
                metrics.count(Metric::Enriched, 1);
                if let Some(age) = age(event.time(), SystemTime::now()) {
                    metrics.time(Metric::EventAgeMilliseconds, age);
                }
                let of_summary = event
                    .problems()
                    .iter()
                    .find(|problem| problem.pointer == SUMMARY);
                metrics.count(Metric::WithoutSummary, u64::from(of_summary.is_some()));
                let is_throttled =
                    of_summary.is_some_and(|problem| problem.code == error::THROTTLED);
                metrics.count(Metric::Throttled, u64::from(is_throttled));
            }
            Err(error) => {
                tracing::error!(opportunity.id = error.identifier(), outcome = error.kind(), %error, duration_ms, "not enriched");
                metrics.count(Metric::Throttled, u64::from(error.is_throttled()));
            }
        }
        metrics.emit(SystemTime::now());
        answered
    }

    async fn enrich(&self, event: &Value, context: &Context) -> Result<CloudEvent, Error> {
        let event = OpportunityEvent::parse(event)?;
        if event.catalog != self.config.catalog {
            let expected = self.config.catalog.to_string();
            return Err(Error::Catalog {
                found: event.catalog.to_string(),
                expected,
            });
        }
        let (opportunity, summary) =
            tokio::join!(self.opportunity(&event), self.summary(&event.identifier));
        let traceparent = context
            .xray_trace_id
            .as_deref()
            .and_then(trace::traceparent);
        Ok(CloudEvent::new(&event, opportunity?, summary, traceparent))
    }

    async fn opportunity(&self, event: &OpportunityEvent) -> Result<Opportunity, Error> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self
                .partner_central
                .get(self.catalog(), &event.identifier)
                .await
            {
                Err(partner_central::Error::NotFound)
                    if event.kind == EventKind::Created && Instant::now() + PAUSE < until =>
                {
                    sleep(PAUSE).await;
                }
                read => return read.map_err(|cause| Error::read(&event.identifier, cause)),
            }
        }
    }

    /// AWS's summary, or why there is none; `None` where none is asked for.
    async fn summary(&self, identifier: &Identifier) -> Option<Result<Object, Problem>> {
        if !self.config.include_aws_summary {
            return None;
        }
        let summary = self
            .partner_central
            .summary(self.catalog(), identifier)
            .await;
        Some(summary.map_err(|cause| {
            tracing::warn!(opportunity.id = %identifier, %cause, "no summary");
            Problem {
                pointer: SUMMARY,
                code: error::code(&cause),
                detail: error::detail(&cause).to_owned(),
            }
        }))
    }

    fn catalog(&self) -> &Catalog {
        &self.config.catalog
    }
}

/// How long ago an event was sent; `None` where it does not say so, or a clock is off.
fn age(sent: Option<&str>, now: SystemTime) -> Option<Duration> {
    let sent = OffsetDateTime::parse(sent?, &Rfc3339).ok()?;
    now.duration_since(sent.into()).ok()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn an_event_is_as_old_as_it_says() {
        let now = UNIX_EPOCH + Duration::from_secs(1_772_604_428);
        for (sent, seconds) in [
            (Some("2026-03-04T06:07:00Z"), Some(8)),
            (Some("2026-03-04T06:07:08.000+00:00"), Some(0)),
            (Some("2026-03-04T06:07:09Z"), None),
            (Some("yesterday"), None),
            (None, None),
        ] {
            assert_eq!(age(sent, now), seconds.map(Duration::from_secs), "{sent:?}");
        }
    }
}

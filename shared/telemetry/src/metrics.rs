//! Metrics in CloudWatch's embedded metric format: a line of JSON on standard output, without a call.
//!
//! It is written by hand because it is only this line: the crate for it needs a global recorder, a second
//! facade beside `tracing`, and a task that flushes.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::{
    io::{self, Write},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};

const NAMESPACE: &str = "OpportunityBridge";

/// A metric, by its name in CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Opportunities written.
    Updated,
    /// Patches that changed nothing.
    Unchanged,
    /// Patches refused because a review status closes the field.
    Locked,
    /// Requests that were not authenticated.
    Unauthorized,
    /// AWS's responses that its quota is used up.
    Throttled,
    /// Writes tried again because somebody else had written.
    Conflicts,
    /// Requests that were answered as before, without being carried out again.
    Replayed,
    /// Patches that wait for a review.
    Parked,
    /// Calls to the memory that it did not answer.
    MemoryUnavailable,
    /// Events enriched.
    Enriched,
    /// Events enriched without AWS's summary, though configured to have it.
    WithoutSummary,
    /// Opportunities that a sweep handed on to be read.
    HandedOn,
    /// Scheduled runs of the sweep that did their work.
    Swept,
    /// Fields, and values of closed lists, that AWS sent and this release does not know.
    UnknownFields,
    /// Time spent waiting for AWS, in milliseconds.
    UpstreamMilliseconds,
    /// Time from Partner Central's event to its answer, in milliseconds.
    EventAgeMilliseconds,
}

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Self::Updated => "Updated",
            Self::Unchanged => "Unchanged",
            Self::Locked => "Locked",
            Self::Unauthorized => "Unauthorized",
            Self::Throttled => "Throttled",
            Self::Conflicts => "Conflicts",
            Self::Replayed => "Replayed",
            Self::Parked => "Parked",
            Self::MemoryUnavailable => "MemoryUnavailable",
            Self::Enriched => "Enriched",
            Self::WithoutSummary => "WithoutSummary",
            Self::HandedOn => "HandedOn",
            Self::Swept => "Swept",
            Self::UnknownFields => "UnknownFields",
            Self::UpstreamMilliseconds => "UpstreamMilliseconds",
            Self::EventAgeMilliseconds => "EventAgeMilliseconds",
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::UpstreamMilliseconds | Self::EventAgeMilliseconds => "Milliseconds",
            _ => "Count",
        }
    }
}

/// One invocation's metrics.
#[derive(Debug, Clone)]
pub struct Metrics {
    function: &'static str,
    catalog: String,
    values: Vec<(Metric, u64)>,
}

impl Metrics {
    /// Starts without values. Function and catalog are the dimensions.
    #[must_use]
    pub fn new(function: &'static str, catalog: &str) -> Self {
        Self {
            function,
            catalog: catalog.to_owned(),
            values: Vec::new(),
        }
    }

    /// Adds to a count, unless by zero.
    pub fn count(&mut self, metric: Metric, count: u64) {
        if count > 0 {
            self.values.push((metric, count));
        }
    }

    /// Records a duration.
    pub fn time(&mut self, metric: Metric, duration: Duration) {
        self.values.push((metric, milliseconds(duration)));
    }

    /// Writes the line, unless there is nothing to report.
    pub fn emit(&self, now: SystemTime) {
        if !self.values.is_empty() {
            // If standard output is gone, nobody can be told.
            let _ = writeln!(io::stdout().lock(), "{}", self.line(now));
        }
    }

    fn line(&self, now: SystemTime) -> Value {
        let timestamp = milliseconds(now.duration_since(UNIX_EPOCH).unwrap_or_default());
        let metrics: Vec<_> = self
            .values
            .iter()
            .map(|(metric, _)| json!({"Name": metric.name(), "Unit": metric.unit()}))
            .collect();
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": timestamp,
                "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["function", "catalog"]], "Metrics": metrics}],
            }),
        );
        line.insert("function".to_owned(), self.function.into());
        line.insert("catalog".to_owned(), self.catalog.as_str().into());
        line.extend(
            self.values
                .iter()
                .map(|(metric, value)| (metric.name().to_owned(), (*value).into())),
        );
        Value::Object(line)
    }
}

/// A duration in whole milliseconds, as log lines and metrics have it.
#[must_use]
pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_form_that_cloudwatch_specifies() {
        let mut metrics = Metrics::new("patch-opportunity", "Sandbox");
        metrics.count(Metric::Updated, 1);
        metrics.count(Metric::Conflicts, 0);
        metrics.time(Metric::UpstreamMilliseconds, Duration::from_micros(12_900));
        assert_eq!(
            metrics.line(UNIX_EPOCH + Duration::from_secs(1_772_604_428)),
            json!({
                "_aws": {
                    "Timestamp": 1_772_604_428_000_u64,
                    "CloudWatchMetrics": [{
                        "Namespace": "OpportunityBridge",
                        "Dimensions": [["function", "catalog"]],
                        "Metrics": [
                            {"Name": "Updated", "Unit": "Count"},
                            {"Name": "UpstreamMilliseconds", "Unit": "Milliseconds"},
                        ],
                    }],
                },
                "function": "patch-opportunity",
                "catalog": "Sandbox",
                "Updated": 1,
                "UpstreamMilliseconds": 12,
            })
        );
    }
}

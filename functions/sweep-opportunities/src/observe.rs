//! Reports a run to the operator: one log line and its metrics, never an opportunity's content.

use std::{
    cell::Cell,
    time::{Duration, SystemTime},
};

use model::{Catalog, Identifier, Instant};
use serde::Serialize;
use telemetry::{Metric, Metrics, milliseconds};
use tokio::time;

use crate::{error::Error, invoke::NotInvoked};

/// The result of a run: its answer and its log line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Swept {
    /// The start of the swept span.
    pub since: String,
    /// The end of the swept span. If another run continues this one, it begins here.
    pub until: String,
    /// Opportunities found modified in the span that no earlier run had handed on.
    pub listed: u64,
    /// How many of them were handed on.
    pub handed_on: u64,
}

/// What a run reports, gathered while it lasts.
#[derive(Debug)]
pub(crate) struct Observation {
    begun: time::Instant,
    upstream: Cell<Duration>,
    span: Option<(Instant, Instant)>,
    is_scheduled: bool,
    is_continued: bool,
    listed: u64,
    handed_on: u64,
}

impl Observation {
    pub(crate) fn begin() -> Self {
        Self {
            begun: time::Instant::now(),
            upstream: Cell::default(),
            span: None,
            is_scheduled: false,
            is_continued: false,
            listed: 0,
            handed_on: 0,
        }
    }

    /// Records the span.
    pub(crate) fn of(&mut self, since: Instant, until: Instant, is_scheduled: bool) {
        self.span = Some((since, until));
        self.is_scheduled = is_scheduled;
    }

    /// Records how long a call to Partner Central takes.
    pub(crate) async fn waiting<T>(&self, call: impl Future<Output = T>) -> T {
        let started = time::Instant::now();
        let answer = call.await;
        self.upstream.set(self.upstream.get() + started.elapsed());
        answer
    }

    /// Records what happened to an opportunity.
    pub(crate) fn handed_on(&mut self, identifier: &Identifier, result: &Result<(), NotInvoked>) {
        self.listed += 1;
        match result {
            Ok(()) => self.handed_on += 1,
            Err(error) => {
                tracing::error!(opportunity.id = %identifier, %error, "not handed on");
            }
        }
    }

    /// Records that another run continues from here.
    pub(crate) fn continued_from(&mut self, date: Instant) {
        self.is_continued = true;
        if let Some((_, until)) = &mut self.span {
            *until = date;
        }
    }

    /// How many were handed on.
    pub(crate) fn count(&self) -> u64 {
        self.handed_on
    }

    /// Whether anything was tried.
    pub(crate) fn has_listed(&self) -> bool {
        self.listed > 0
    }

    /// Returns an error if not all were handed on.
    pub(crate) fn refuse_failures(&self) -> Result<(), Error> {
        match self.listed - self.handed_on {
            0 => Ok(()),
            failed => Err(Error::HandOn {
                failed,
                listed: self.listed,
            }),
        }
    }

    /// Writes the log line and the metrics, and returns the answer.
    pub(crate) fn end(
        self,
        result: Result<(), Error>,
        catalog: &Catalog,
        now: SystemTime,
    ) -> Result<Swept, Error> {
        let (listed, handed_on) = (self.listed, self.handed_on);
        let (since, until) = self.span.unzip();
        let text = |date: Option<Instant>| date.map(|date| date.to_string());
        let (since, until) = (text(since), text(until));
        let upstream_ms = milliseconds(self.upstream.get());
        let duration_ms = milliseconds(self.begun.elapsed());
        let mut metrics = Metrics::new("sweep-opportunities", catalog.as_str());
        metrics.count(Metric::HandedOn, handed_on);
        if !self.upstream.get().is_zero() {
            metrics.time(Metric::UpstreamMilliseconds, self.upstream.get());
        }
        let outcome = if self.is_continued {
            "continued"
        } else {
            "swept"
        };
        match &result {
            Ok(()) => {
                metrics.count(Metric::Swept, u64::from(self.is_scheduled));
                tracing::info!(
                    since,
                    until,
                    listed,
                    handedOn = handed_on,
                    outcome,
                    upstream_ms,
                    duration_ms,
                    "answered"
                );
            }
            Err(error) => {
                metrics.count(Metric::Throttled, u64::from(error.is_throttled()));
                tracing::error!(
                    since, until, listed, handedOn = handed_on, outcome = error.kind(), %error, upstream_ms,
                    duration_ms, "not swept"
                );
            }
        }
        metrics.emit(now);
        result.map(|()| Swept {
            since: since.unwrap_or_default(),
            until: until.unwrap_or_default(),
            listed,
            handed_on,
        })
    }
}

//! What is noted of a request for its log line and its metrics. Nothing in an answer depends on it.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use model::Identifier;
use tokio::time::Instant;

/// The notes on one request. They hold nothing of what the opportunity holds.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    identifier: OnceLock<Identifier>,
    writes: AtomicU64,
    conflicts: AtomicU64,
    memory_unavailable: AtomicU64,
    upstream_micros: AtomicU64,
    unknown: AtomicU64,
}

impl Notes {
    /// Notes which opportunity the request is about.
    pub(crate) fn about(&self, identifier: &Identifier) {
        self.identifier.get_or_init(|| identifier.clone());
    }

    /// Notes how often a write was sent.
    pub(crate) fn wrote(&self, times: u32) {
        self.writes.fetch_add(times.into(), Ordering::Relaxed);
    }

    /// Notes that somebody else wrote between a read and a write.
    pub(crate) fn conflict(&self) {
        self.conflicts.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that the memory did not answer.
    pub(crate) fn memory_was_unavailable(&self) {
        self.memory_unavailable.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes how long a call to AWS takes.
    pub(crate) async fn upstream<T>(&self, call: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let answer = call.await;
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.upstream_micros.fetch_add(micros, Ordering::Relaxed);
        answer
    }

    /// Notes how many fields and values AWS sent in one answer that this release does not know.
    pub(crate) fn unknown(&self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.unknown.fetch_max(count, Ordering::Relaxed);
    }

    /// How many fields and values AWS sent that this release does not know. What is read again counts once.
    pub(crate) fn unknown_fields(&self) -> u64 {
        self.unknown.load(Ordering::Relaxed)
    }

    /// Which opportunity the request is about, once that is known.
    pub(crate) fn identifier(&self) -> Option<&str> {
        self.identifier.get().map(Identifier::as_str)
    }

    /// How often a write was sent.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// How often somebody else wrote between a read and a write.
    pub(crate) fn conflicts(&self) -> u64 {
        self.conflicts.load(Ordering::Relaxed)
    }

    /// How often the memory did not answer.
    pub(crate) fn memory_unavailable(&self) -> u64 {
        self.memory_unavailable.load(Ordering::Relaxed)
    }

    /// The time spent waiting for AWS.
    pub(crate) fn upstream_time(&self) -> Duration {
        Duration::from_micros(self.upstream_micros.load(Ordering::Relaxed))
    }
}

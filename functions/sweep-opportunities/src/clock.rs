//! The clock that runs are paced by.
//!
//! It is a value, so that a test of a fill that takes hours simulates them.

use std::time::{Duration, SystemTime};

/// The time of day, and how it is waited for.
#[derive(Debug, Clone)]
pub struct Clock<N, S> {
    now: N,
    sleep: S,
}

impl<N, S, F> Clock<N, S>
where
    N: Fn() -> SystemTime,
    S: Fn(Duration) -> F,
    F: Future<Output = ()>,
{
    /// A clock of these two: `SystemTime::now` and `tokio::time::sleep` in the function.
    #[must_use]
    pub fn new(now: N, sleep: S) -> Self {
        Self { now, sleep }
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.now)()
    }

    pub(crate) async fn sleep(&self, duration: Duration) {
        (self.sleep)(duration).await;
    }
}

//! A clock that never shows the same time twice, to order events by.
//!
//! The system's clock may be set back, or show the same time for two reads of one opportunity. The order
//! of their events must not depend on that.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use model::Instant;

/// The time of day, and instants that only ever increase. Clones share one sequence.
#[derive(Debug, Clone)]
pub struct Clock {
    time_of_day: fn() -> SystemTime,
    last_microsecond: Arc<AtomicU64>,
}

impl Clock {
    /// A clock on top of another one; the function's is `SystemTime::now`.
    #[must_use]
    pub fn new(time_of_day: fn() -> SystemTime) -> Self {
        Self {
            time_of_day,
            last_microsecond: Arc::default(),
        }
    }

    /// The time of day.
    pub(crate) fn now(&self) -> SystemTime {
        (self.time_of_day)()
    }

    /// An instant at least a microsecond later than all before it.
    pub(crate) fn next(&self) -> Instant {
        let now = Instant::from(self.now()).unix_microseconds();
        let after = |last: u64| now.max(last.saturating_add(1));
        let last =
            self.last_microsecond
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                    Some(after(last))
                });
        let microsecond = after(last.unwrap_or_else(|last| last));
        Instant::from(UNIX_EPOCH + Duration::from_micros(microsecond))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_go_up_where_the_time_of_day_stands_still() {
        let clock = Clock::new(|| UNIX_EPOCH + Duration::from_secs(1_772_604_428));
        let instants = [clock.next(), clock.next(), clock.clone().next()];
        assert_eq!(
            instants.map(Instant::unix_microseconds),
            [
                1_772_604_428_000_000,
                1_772_604_428_000_001,
                1_772_604_428_000_002
            ]
        );
    }

    #[test]
    fn instants_follow_the_time_of_day() {
        let before = Instant::from(SystemTime::now()).unix_microseconds();
        let next = Clock::new(SystemTime::now).next().unix_microseconds();
        let after = Instant::from(SystemTime::now()).unix_microseconds();
        assert!((before..=after).contains(&next), "{before} {next} {after}");
    }
}

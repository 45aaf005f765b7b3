//! The emulator's clock, which a test can stop and advance instead of waiting.
//!
//! Everything uses it: quotas, the dates of changes and the dates of events.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// This machine's time, or a time set apart from it.
#[derive(Default)]
pub(crate) struct Clock {
    /// The lead over this machine's time, while it runs.
    ahead: SignedDuration,
    /// The time that it shows while it is stopped.
    stopped: Option<Timestamp>,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        self.stopped
            .unwrap_or_else(|| moved(Timestamp::now(), self.ahead))
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Stops the clock: from now on only [`Clock::advance`] moves it.
    pub(crate) fn stop(&mut self) {
        self.stopped = Some(self.now());
    }

    /// Runs on from the time it shows.
    pub(crate) fn resume(&mut self) {
        if let Some(stopped) = self.stopped.take() {
            self.ahead = stopped.duration_since(Timestamp::now());
        }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        match &mut self.stopped {
            Some(stopped) => *stopped = moved(*stopped, by),
            None => self.ahead = self.ahead.saturating_add(by),
        }
    }
}

/// An instant later by this much, at most the last one that exists.
fn moved(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_clock_shows_the_time_it_was_advanced_to() {
        let mut clock = Clock::default();
        clock.stop();
        let stopped = clock.now();
        clock.advance(Duration::from_millis(1500));
        let moved = clock.now().duration_since(stopped);
        assert_eq!(moved, SignedDuration::from_millis(1500));
    }

    #[test]
    fn a_resumed_clock_keeps_its_lead() {
        let mut clock = Clock::default();
        clock.stop();
        clock.advance(Duration::from_hours(1));
        clock.resume();
        clock.advance(Duration::from_hours(1));
        let lead = clock.now().duration_since(Timestamp::now());
        assert!(lead > SignedDuration::from_mins(119), "{lead:?}");
    }

    #[test]
    fn no_advance_leaves_the_calendar() {
        let mut clock = Clock::default();
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
        clock.stop();
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}

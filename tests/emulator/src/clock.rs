//! The emulator's time, which a test can stop and move on instead of waiting for it.
//!
//! One time for all: the quotas are counted by it, changes are dated by it, and events too.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// This machine's time, or one that has left it.
#[derive(Default)]
pub(crate) struct Clock {
    /// How far it is ahead of this machine's, while it runs.
    ahead: SignedDuration,
    /// What it shows, once it stands still.
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

    /// From here on only [`Clock::advance`] moves it.
    pub(crate) fn stop(&mut self) {
        self.stopped = Some(self.now());
    }

    /// Goes on from where it stands.
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

/// An instant so much later, or the last one there is.
fn moved(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_clock_shows_what_it_is_moved_to() {
        let mut clock = Clock::default();
        clock.stop();
        let stopped = clock.now();
        clock.advance(Duration::from_millis(1500));
        let moved = clock.now().duration_since(stopped);
        assert_eq!(moved, SignedDuration::from_millis(1500));
    }

    #[test]
    fn a_clock_that_runs_again_keeps_its_lead() {
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

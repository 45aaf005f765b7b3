//! How fast opportunities are handed on: as AWS's quota allows, and no faster.
//!
//! Partner Central allows an account 10 reads a second, and the bridge is not alone: events and patches
//! read too. `enrich-opportunity` makes two reads of each opportunity that is handed to it.

use std::time::{Duration, SystemTime};

/// The pause between two opportunities: 2.4 reads a second. The run of the schedule and a fill beside it
/// come to 4.8, which is below half of the quota, the lists included (one read for 100 opportunities).
pub(crate) const PAUSE: Duration = Duration::from_millis(850);

/// What one fill may hand on: 48 000 reads, which is below half of the 100 000 that an account has in 24
/// hours.
pub(crate) const MOST_OF_A_FILL: u64 = 24_000;

/// The pace of one run.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    last: Option<SystemTime>,
}

impl Pace {
    /// How long the next opportunity has to wait. Never longer than a pause, whatever became of the clock.
    pub(crate) fn wait(&self, now: SystemTime) -> Duration {
        let since = |last| now.duration_since(last).unwrap_or_default();
        self.last
            .map_or(Duration::ZERO, |last| PAUSE.saturating_sub(since(last)))
    }

    /// Notes that an opportunity is handed on now.
    pub(crate) fn handed_on(&mut self, now: SystemTime) {
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn between_two_opportunities_there_is_a_pause_and_never_a_longer_one() {
        let mut pace = Pace::default();
        let start = UNIX_EPOCH + Duration::from_secs(1_772_604_428);
        assert_eq!(pace.wait(start), Duration::ZERO);
        pace.handed_on(start);
        for (now, wait) in [
            (start, PAUSE),
            (
                start + Duration::from_millis(800),
                Duration::from_millis(50),
            ),
            (start + Duration::from_secs(9), Duration::ZERO),
            (start - Duration::from_hours(1), PAUSE),
        ] {
            assert_eq!(pace.wait(now), wait);
        }
    }
}

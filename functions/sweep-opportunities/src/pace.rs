//! How fast Partner Central is read: as AWS's quota allows, and no faster.
//!
//! It allows an account 10 reads a second, and a run is not alone: events and patches read too. A page of
//! the list is a read, and `enrich-opportunity` makes two of each opportunity that is handed to it.

use std::{
    cell::Cell,
    time::{Duration, SystemTime},
};

/// The time of one read: 2.4 reads a second. The run of the schedule and a fill beside it come to 4.7,
/// which is below half of the quota.
const READ: Duration = Duration::from_millis(425);

/// What asking for a page takes.
pub(crate) const PAGE: u32 = 1;
/// What an opportunity takes that is handed on: itself and AWS's summary.
pub(crate) const HAND_ON: u32 = 2;

/// What one fill may hand on: 48 000 reads, which is below half of the 100 000 that an account has in 24
/// hours.
pub(crate) const MOST_OF_A_FILL: u64 = 24_000;

/// The pace of one run.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// When the reads so far have had their time.
    free: Cell<Option<SystemTime>>,
}

impl Pace {
    /// How long the next reads have to wait: for those before them, whatever became of the clock.
    pub(crate) fn wait(&self, now: SystemTime) -> Duration {
        let free = self.free.get().unwrap_or(now);
        let wait = free.duration_since(now).unwrap_or_default();
        wait.min(READ * HAND_ON)
    }

    /// Notes reads that are made now.
    pub(crate) fn reads(&self, count: u32, now: SystemTime) {
        self.free.set(Some(now + READ * count));
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn reads_wait_for_those_before_them_and_never_longer() {
        let pace = Pace::default();
        let start = UNIX_EPOCH + Duration::from_secs(1_772_604_428);
        let later = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(pace.wait(start), Duration::ZERO);
        for (reads, now, wait) in [
            (PAGE, start, 425),
            (PAGE, later(400), 25),
            (HAND_ON, start, 850),
            (HAND_ON, later(800), 50),
            (HAND_ON, later(9_000), 0),
            (HAND_ON, start - Duration::from_hours(1), 850),
        ] {
            pace.reads(reads, start);
            assert_eq!(pace.wait(now), Duration::from_millis(wait));
        }
    }
}

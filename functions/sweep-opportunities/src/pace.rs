//! Limits how fast a run reads Partner Central, to stay within AWS's quota.
//!
//! AWS allows an account 10 reads a second, and events and patches read too. A page of the list is one
//! read, and `enrich-opportunity` makes two reads of each opportunity handed to it.

use std::{
    cell::Cell,
    time::{Duration, SystemTime},
};

/// The time of one read: 2.4 reads a second. A scheduled run and a backfill together come to 4.7, below
/// half of the quota.
const READ: Duration = Duration::from_millis(425);

/// The reads that a page costs.
pub(crate) const PAGE: u32 = 1;
/// The reads that handing on an opportunity costs: the opportunity and AWS's summary.
pub(crate) const HAND_ON: u32 = 2;

/// The most that one backfill hands on: 48 000 reads, below half of the 100 000 that an account has in 24
/// hours.
pub(crate) const MOST_OF_A_FILL: u64 = 24_000;

/// The pace of one run.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// When the time of the reads so far is over.
    free: Cell<Option<SystemTime>>,
}

impl Pace {
    /// How long the next reads have to wait for the earlier ones, even if the clock was changed.
    pub(crate) fn wait(&self, now: SystemTime) -> Duration {
        let free = self.free.get().unwrap_or(now);
        let wait = free.duration_since(now).unwrap_or_default();
        wait.min(READ * HAND_ON)
    }

    /// Records reads that begin now.
    pub(crate) fn reads(&self, count: u32, now: SystemTime) {
        self.free.set(Some(now + READ * count));
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn reads_wait_for_earlier_ones_and_no_longer() {
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

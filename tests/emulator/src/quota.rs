//! Limits calls per second: AWS allows 10 reads and 1 write per account (AWS's page "Quotas").

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// The quota that an operation counts against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Quota {
    Read,
    Write,
    None,
}

/// The most calls within any one second.
#[derive(Default)]
pub(crate) struct Rate {
    per_second: Option<usize>,
    granted: VecDeque<Timestamp>,
}

impl Rate {
    pub(crate) fn new(per_second: Option<usize>) -> Self {
        Self {
            per_second,
            granted: VecDeque::new(),
        }
    }

    /// Whether a call at this time is within the quota; if so, counts it.
    pub(crate) fn grants(&mut self, now: Timestamp) -> bool {
        let Some(per_second) = self.per_second else {
            return true;
        };
        let is_over = |then: &Timestamp| now.duration_since(*then) >= SignedDuration::from_secs(1);
        while self.granted.front().is_some_and(is_over) {
            self.granted.pop_front();
        }
        let grants = self.granted.len() < per_second;
        if grants {
            self.granted.push_back(now);
        }
        grants
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_allowed_again_a_second_after_the_one_that_used_up_the_quota() {
        let start = Timestamp::now();
        let calls = [
            (0, true),
            (400, true),
            (500, false),
            (999, false),
            (1000, true),
            (1399, false),
            (1400, true),
        ];
        let mut rate = Rate::new(Some(2));
        for (milliseconds, granted) in calls {
            let now = start + SignedDuration::from_millis(milliseconds);
            assert_eq!(rate.grants(now), granted, "after {milliseconds} ms");
        }
    }

    #[test]
    fn without_a_quota_every_call_is_allowed() {
        let (mut rate, now) = (Rate::new(None), Timestamp::now());
        assert!((0..100).all(|_| rate.grants(now)));
    }
}

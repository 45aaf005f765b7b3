//! The context of one invocation: Lambda's request id, the deadline, the date, the notes.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lambda_http::Context;
use tokio::time::Instant;

use crate::notes::Notes;

/// Time reserved for the answer before Lambda ends the invocation.
const ANSWER_TIME: Duration = Duration::from_millis(500);
/// How much of the answer's time a write in flight may use.
const GRACE: Duration = Duration::from_millis(200);
/// The time for a request without a deadline: the function's own timeout.
const DEFAULT_TIME: Duration = Duration::from_secs(30);

/// The context of one request.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    /// Lambda's request id.
    pub(crate) request_id: String,
    /// When to stop waiting for AWS.
    pub(crate) deadline: Instant,
    /// The date in UTC, as `YYYY-MM-DD`.
    pub(crate) today: String,
    /// Notes about the request.
    pub(crate) notes: Arc<Notes>,
}

impl Invocation {
    /// Ignores a deadline in the past: local runtimes send a constant (`cargo lambda watch` 600 000 ms
    /// after 1970), and clocks may be off.
    pub(crate) fn of(context: Option<&Context>) -> Self {
        let now = SystemTime::now();
        let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = context
            .and_then(|context| Duration::from_millis(context.deadline).checked_sub(since_1970))
            .unwrap_or(DEFAULT_TIME);
        Self {
            request_id: context.map_or_else(String::new, |context| context.request_id.clone()),
            deadline: Instant::now() + time.saturating_sub(ANSWER_TIME),
            today: model::Instant::from(now).date(),
            notes: Arc::default(),
        }
    }

    /// When to stop waiting for a write in flight.
    pub(crate) fn last_moment(&self) -> Instant {
        self.deadline + GRACE
    }
}

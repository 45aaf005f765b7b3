//! One invocation's frame: Lambda's request id, the deadline, the notes.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lambda_http::Context;
use tokio::time::Instant;

use crate::notes::Notes;

/// Time kept back for the answer before Lambda ends the invocation.
const ANSWER_TIME: Duration = Duration::from_millis(500);
/// How much of the answer's time a write that is on its way may still take.
const GRACE: Duration = Duration::from_millis(200);
/// The time a request has if no deadline says otherwise: the function's own timeout.
const DEFAULT_TIME: Duration = Duration::from_secs(30);

/// One request's frame.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    /// Lambda's request id.
    pub(crate) request_id: String,
    /// When waiting for AWS has to end.
    pub(crate) deadline: Instant,
    /// The date in UTC, as `YYYY-MM-DD`.
    pub(crate) today: String,
    /// What is noted of the request.
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

    /// When waiting for a write that is on its way has to end.
    pub(crate) fn last_moment(&self) -> Instant {
        self.deadline + GRACE
    }
}

//! What the functions tell of themselves: log lines and metrics, never what an opportunity holds.

mod log;
mod metrics;
mod unknown;

pub use log::init_log;
pub use metrics::{Metric, Metrics, milliseconds};
pub use unknown::tell_unknown;

//! Reports from the functions: log lines and metrics, never an opportunity's content.

mod log;
mod metrics;
mod unknown;

pub use log::init_log;
pub use metrics::{Metric, Metrics, milliseconds};
pub use unknown::report_unknown_fields;

//! The log: one line an event, at the level and in the format of Lambda's logging configuration.
//!
//! `lambda_runtime` brings a subscriber of its own, but it also obeys `RUST_LOG` and lets `TRACE`
//! through for every crate, and at `TRACE` the AWS SDK prints request bodies.

use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    filter::Targets, fmt, layer::SubscriberExt, registry, util::SubscriberInitExt,
};

/// The bridge's own crates. Only these are heard below `DEBUG`.
const OURS: [&str; 4] = [
    "enrich_opportunity",
    "partner_central",
    "patch_opportunity",
    "sweep_opportunities",
];

/// Sends log lines to standard output.
///
/// `variable` gives an environment variable by its name: `AWS_LAMBDA_LOG_LEVEL` (default `INFO`) and
/// `AWS_LAMBDA_LOG_FORMAT` (`JSON` or text), as Lambda sets them. Does nothing where a log is there
/// already.
pub fn init_log(variable: impl Fn(&str) -> Option<String>) {
    let level = variable("AWS_LAMBDA_LOG_LEVEL").map_or(LevelFilter::INFO, |text| level(&text));
    let lines = fmt::layer().with_target(false).without_time();
    let log = registry().with(filter(level));
    let is_json =
        variable("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json"));
    // A second log in one process is of no use and no harm.
    let _ = if is_json {
        log.with(lines.json().flatten_event(true).with_span_list(false))
            .try_init()
    } else {
        log.with(lines).try_init()
    };
}

/// Lambda's names are tracing's, but for `FATAL`.
fn level(text: &str) -> LevelFilter {
    match text {
        "FATAL" => LevelFilter::ERROR,
        text => LevelFilter::from_str(text).unwrap_or(LevelFilter::INFO),
    }
}

fn filter(level: LevelFilter) -> Targets {
    let theirs = level.min(LevelFilter::DEBUG);
    Targets::new()
        .with_default(theirs)
        .with_targets(OURS.map(|target| (target, level)))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn trace_is_for_the_bridges_own_crates() {
        for (text, ours, theirs) in [
            ("TRACE", Level::TRACE, Level::DEBUG),
            ("DEBUG", Level::DEBUG, Level::DEBUG),
            ("INFO", Level::INFO, Level::INFO),
            ("WARN", Level::WARN, Level::WARN),
            ("FATAL", Level::ERROR, Level::ERROR),
            ("nonsense", Level::INFO, Level::INFO),
        ] {
            let filter = filter(level(text));
            for (target, most) in [
                ("patch_opportunity::write", ours),
                ("aws_smithy_runtime::client", theirs),
                ("hyper", theirs),
            ] {
                for level in [
                    Level::TRACE,
                    Level::DEBUG,
                    Level::INFO,
                    Level::WARN,
                    Level::ERROR,
                ] {
                    assert_eq!(
                        filter.would_enable(target, &level),
                        level <= most,
                        "{text} {target} {level}"
                    );
                }
            }
        }
    }
}

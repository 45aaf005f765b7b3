//! The rules, which `build/rules.rs` generates from `schema/opportunity.schema.json`.

use regex_lite::Regex;

use super::validate::{Pattern, Schema};

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

#[expect(
    clippy::expect_used,
    reason = "the patterns are compiled in, and no test passes with a wrong one"
)]
fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is well-formed")
}

//! The facts, which `build/facts.rs` generates from `schema/botocore-facts.json`.

use super::Shape;

include!(concat!(env!("OUT_DIR"), "/facts.rs"));

//! Turns files in `schema` into Rust statics, so that neither a start nor a first event has to parse them.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "cargo configures a build script by its environment, and reads what it prints"
)]

mod facts;
mod rules;

use std::{env, error::Error, fs, path::Path};

use serde_json::Value;

/// Makes statics of a file.
type Statics = fn(&Value) -> String;

fn main() -> Result<(), Box<dyn Error>> {
    let all: [(&str, &str, Statics); 2] = [
        ("schema/opportunity.schema.json", "rules.rs", rules::statics),
        ("schema/botocore-facts.json", "facts.rs", facts::statics),
    ];
    for (from, to, statics) in all {
        println!("cargo::rerun-if-changed={from}");
        let file = serde_json::from_str(&fs::read_to_string(from)?)?;
        fs::write(Path::new(&env::var("OUT_DIR")?).join(to), statics(&file))?;
    }
    Ok(())
}

/// The texts of a keyword, which is one text or a list of them. The null in a list is left out.
fn texts<'a>(schema: &'a Value, keyword: &str) -> Vec<&'a str> {
    match schema.get(keyword) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        other => other.and_then(Value::as_str).into_iter().collect(),
    }
}

/// The members of a keyword, sorted by name because they are looked up by name.
fn members<'a>(schema: &'a Value, keyword: &str) -> Vec<(&'a String, &'a Value)> {
    let members = schema.get(keyword).and_then(Value::as_object);
    let mut members: Vec<_> = members.into_iter().flatten().collect();
    members.sort_by_key(|(name, _)| *name);
    members
}

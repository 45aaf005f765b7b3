//! The API's model, as data: members, lengths, patterns, value lists.
//!
//! `shape.json` is made from the service model `partnercentral-selling-2022-07-26` as of November 2026,
//! so that checking a request and filling in nulls use the same source. It is spelt differently, with
//! the same meaning: a `(?s).{a,b}` pattern becomes `min` and `max`, and so does the look-ahead that
//! bounds the length of an e-mail address; list members are shared by name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex_lite::Regex;
use serde::Deserialize;

/// The parsed model.
pub(crate) static SHAPES: LazyLock<Shapes> = LazyLock::new(parse);

#[expect(
    clippy::expect_used,
    reason = "the file is compiled in, and every test reads it"
)]
fn parse() -> Shapes {
    serde_json::from_str(include_str!("shape.json")).expect("shape.json is well-formed")
}

/// The whole of `shape.json`.
#[derive(Deserialize)]
pub(crate) struct Shapes {
    /// The members of an opportunity, in `CreateOpportunity` and `UpdateOpportunity` alike.
    pub(crate) opportunity: Structure,
    /// The other members of each operation's request.
    pub(crate) requests: BTreeMap<String, Structure>,
    /// Value lists by name, such as `Stage`.
    pub(crate) values: BTreeMap<String, Vec<String>>,
}

/// The shape of a value.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// A JSON number without a fraction.
    Integer { min: i64, max: i64 },
    /// A JSON array of items of one shape.
    List {
        item: Box<Shape>,
        min: Option<usize>,
        max: Option<usize>,
    },
    /// A JSON string.
    String(Text),
    /// A JSON object.
    Structure(Structure),
    /// A JSON string that names an instant in ISO 8601.
    Timestamp,
}

/// A JSON object with named members; unknown members are allowed.
#[derive(Deserialize)]
pub(crate) struct Structure {
    #[serde(default)]
    pub(crate) required: Vec<String>,
    pub(crate) members: BTreeMap<String, Shape>,
}

/// A JSON string; lengths are counted in code points.
#[derive(Deserialize)]
pub(crate) struct Text {
    pub(crate) min: Option<usize>,
    pub(crate) max: Option<usize>,
    pub(crate) pattern: Option<Pattern>,
    /// The name of a list in [`Shapes::values`].
    pub(crate) values: Option<String>,
}

/// A regular expression that must match the whole string, with ASCII `\d` and `\w` as in AWS's.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Pattern {
    pub(crate) source: String,
    whole: Regex,
}

impl Pattern {
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }
}

impl TryFrom<String> for Pattern {
    type Error = regex_lite::Error;

    fn try_from(source: String) -> Result<Self, Self::Error> {
        let whole = Regex::new(&format!("^(?:{source})$"))?;
        Ok(Self { source, whole })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_lists(shape: &Shape) -> Vec<&str> {
        match shape {
            Shape::Structure(structure) => {
                structure.members.values().flat_map(value_lists).collect()
            }
            Shape::List { item, .. } => value_lists(item),
            Shape::String(text) => text.values.as_deref().into_iter().collect(),
            Shape::Integer { .. } | Shape::Timestamp => Vec::new(),
        }
    }

    #[test]
    fn every_name_that_the_model_refers_to_is_defined() {
        let requests = SHAPES.requests.values();
        for structure in requests.chain([&SHAPES.opportunity]) {
            let unknown = |name: &&String| !structure.members.contains_key(*name);
            assert_eq!(structure.required.iter().find(unknown), None);
            for name in structure.members.values().flat_map(value_lists) {
                assert!(SHAPES.values.contains_key(name), "{name}");
            }
        }
    }

    #[test]
    fn the_model_has_a_request_for_every_operation() {
        for operation in &crate::operations::OPERATIONS {
            let name = operation.name;
            assert!(SHAPES.requests.contains_key(name), "{name}");
        }
    }
}

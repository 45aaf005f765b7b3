//! Validates a document against the schema, and reports everything that is wrong.
//!
//! The `jsonschema` crate does the same and serves the tests as an oracle. In the product it would cost
//! every cold start 3 ms with the binary in the page cache, 7 ms without (whole processes, on a 2.6 GHz
//! x86-64), and 1.5 MB more to fetch. This validator knows the keywords that the file uses; a test fails if
//! the file uses another.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::Value;

use super::nearest;
use crate::{
    code::Code,
    finding::Finding,
    owner,
    pointer::Place,
    value::{Object, kind},
};

/// The longest list that a message quotes in full.
const LONG_LIST: usize = 12;
/// How many values a message quotes of a longer list.
const TOLD: usize = 3;
/// How many findings get a suggestion. An answer lists no more, and comparing tens of thousands of names
/// with all the known ones takes seconds.
const MEANT: usize = 1_000;
/// How much of the caller's value a message quotes.
const QUOTED_CHARS: usize = 100;

/// The schema of one place. `build/rules.rs` makes it; absent keywords are empty.
#[derive(Debug)]
pub(super) struct Schema {
    /// What a value in the right format is, such as "a date as `YYYY-MM-DD`".
    pub(super) title: &'static str,
    /// The names of the accepted types.
    pub(super) types: &'static [&'static str],
    /// The known members, sorted by name.
    pub(super) properties: &'static [(&'static str, &'static Schema)],
    pub(super) required: &'static [&'static str],
    pub(super) items: Option<&'static Schema>,
    pub(super) max_items: Option<usize>,
    pub(super) listed: &'static [&'static str],
    pub(super) min_length: usize,
    pub(super) max_length: Option<usize>,
    /// A regular expression, anchored at both ends.
    pub(super) pattern: Option<&'static Pattern>,
    pub(super) known_values: &'static [&'static str],
    /// The values that the neighbouring members must have for `known_values` to apply.
    pub(super) known_values_where: &'static [(&'static str, &'static str)],
}

/// A regular expression, compiled when it is first used.
pub(super) type Pattern = LazyLock<Regex>;

/// A finding and the value that it is about.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) finding: Finding,
    /// Null if the value is missing.
    pub(super) value: &'a Value,
}

static MISSING: Value = Value::Null;

impl Schema {
    /// Everything that is wrong with `document`, in document order.
    pub(super) fn findings<'a>(&self, document: &'a Object) -> Vec<Found<'a>> {
        let mut validator = Validator { found: Vec::new() };
        validator.members(self, document, &Place::Root);
        validator.found
    }

    fn takes(&self, name: &str) -> bool {
        self.types.contains(&name)
    }

    fn property(&self, name: &str) -> Option<&'static Schema> {
        let at = self
            .properties
            .binary_search_by_key(&name, |(name, _)| name);
        let (_, schema) = self.properties.get(at.ok()?)?;
        Some(schema)
    }

    fn expected(&self) -> &'static str {
        if self.takes("object") {
            "an object"
        } else if self.takes("array") {
            "an array"
        } else {
            "a string"
        }
    }
}

struct Validator<'a> {
    found: Vec<Found<'a>>,
}

impl<'a> Validator<'a> {
    fn members(&mut self, schema: &Schema, members: &'a Object, at: &Place<'_>) {
        let is_root = matches!(at, Place::Root);
        for (name, value) in members {
            let at = Place::Member(at, name);
            match schema.property(name) {
                // Reported below.
                Some(_) if value.is_null() && schema.required.contains(&name.as_str()) => {}
                Some(schema) => self.value(schema, value, &at, members),
                None if is_root && owner::of_member(name).is_some() => {}
                None => self.unknown_member(schema, name, value, &at),
            }
        }
        for name in schema.required {
            let (value, what) = match members.get(*name) {
                None => (&MISSING, "missing"),
                Some(value @ Value::Null) => (value, "null"),
                Some(_) => continue,
            };
            let at = Place::Member(at, name);
            let detail = format!("`{at}` is {what}, AWS requires it");
            self.add(Code::RequiredMember, &at, value, detail, None);
        }
    }

    fn unknown_member(&mut self, schema: &Schema, name: &str, value: &'a Value, at: &Place<'_>) {
        let mut detail = format!("`{at}` is not a member that AWS knows");
        let mut suggestion = None;
        if self.found.len() < MEANT {
            let known: Vec<_> = schema.properties.iter().map(|(name, _)| *name).collect();
            suggestion = nearest::meant(name, &known);
            let expected = suggestion.map_or_else(
                || expected(name, &known),
                |meant| format!("nearest is `{meant}`"),
            );
            detail = format!("{detail}, {expected}");
        }
        self.add(Code::UnknownMember, at, value, detail, suggestion);
    }

    fn value(&mut self, schema: &Schema, value: &'a Value, at: &Place<'_>, siblings: &Object) {
        match value {
            Value::Null if schema.takes("null") => {}
            Value::Object(members) if schema.takes("object") => self.members(schema, members, at),
            Value::Array(items) if schema.takes("array") => {
                if let Some(most) = schema.max_items.filter(|most| items.len() > *most) {
                    let count = items.len();
                    let detail = format!("`{at}` has {count} items, expected at most {most}");
                    self.add(Code::TooManyItems, at, value, detail, None);
                }
                for (index, item) in items.iter().enumerate() {
                    if let Some(schema) = schema.items {
                        let at = Place::Item(at, index);
                        self.value(schema, item, &at, siblings);
                    }
                }
            }
            Value::String(text) if schema.takes("string") => {
                self.text(schema, text, value, at);
                let is_where = |(name, text): &(&str, &str)| {
                    siblings.get(*name).is_some_and(|value| value == text)
                };
                if schema.known_values_where.iter().all(is_where) {
                    let known = schema.known_values;
                    self.listed(known, Code::UndocumentedValue, text, value, at);
                }
            }
            _ => {
                let detail = format!("`{at}` is {}, expected {}", kind(value), schema.expected());
                self.add(Code::WrongType, at, value, detail, None);
            }
        }
    }

    fn text(&mut self, schema: &Schema, text: &str, value: &'a Value, at: &Place<'_>) {
        let length = text.chars().count();
        if length < schema.min_length {
            let least = schema.min_length;
            let detail = format!("`{at}` has {length} characters, expected at least {least}");
            self.add(Code::TooShort, at, value, detail, None);
        }
        if let Some(most) = schema.max_length.filter(|most| length > *most) {
            let detail = format!("`{at}` has {length} characters, expected at most {most}");
            self.add(Code::TooLong, at, value, detail, None);
        }
        if let Some(pattern) = schema.pattern
            && !pattern.is_match(text)
        {
            let (text, right) = (quoted(text), schema.title);
            let detail = format!("{text} is not well-formed, expected {right}");
            self.add(Code::WrongFormat, at, value, detail, None);
        }
        self.listed(schema.listed, Code::UnlistedValue, text, value, at);
    }

    fn listed(&mut self, list: &[&str], code: Code, text: &str, value: &'a Value, at: &Place<'_>) {
        if list.is_empty() || list.contains(&text) {
            return;
        }
        let whose = match code {
            Code::UndocumentedValue => "the list that AWS documents",
            _ => "AWS's list",
        };
        let mut detail = format!("{} is not in {whose}", quoted(text));
        let mut suggestion = None;
        if self.found.len() < MEANT {
            suggestion = nearest::meant(text, list);
            detail = format!("{detail}, {}", expected(text, list));
        }
        self.add(code, at, value, detail, suggestion);
    }

    fn add(
        &mut self,
        code: Code,
        at: &Place<'_>,
        value: &'a Value,
        detail: String,
        suggestion: Option<&str>,
    ) {
        let finding = Finding {
            suggestion: suggestion.map(str::to_owned),
            ..Finding::of_patch(at.to_string(), code, detail)
        };
        self.found.push(Found { finding, value });
    }
}

/// What is accepted in place of `text`: the whole list, or the nearest values of a long one.
fn expected(text: &str, list: &[&str]) -> String {
    match list {
        [only] => format!("expected `{only}`"),
        _ if list.len() <= LONG_LIST => format!("expected one of `{}`", list.join("`, `")),
        _ => {
            let ranked = nearest::ranked(text, list).map(|(_, known)| known);
            let nearest: Vec<_> = ranked.take(TOLD).collect();
            format!("nearest are `{}`", nearest.join("`, `"))
        }
    }
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or(text)),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::FILE;
    use super::*;

    /// The keywords that the validator applies, or may ignore because they restrict nothing.
    const KEYWORDS: [&str; 17] = [
        "$schema",
        "$defs",
        "$ref",
        "title",
        "description",
        "type",
        "enum",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "maxItems",
        "minLength",
        "maxLength",
        "pattern",
        "x-known-values",
        "x-known-values-where",
    ];

    /// The schema and every schema inside it.
    fn schemas<'a>(schema: &'a Value, all: &mut Vec<&'a Object>) {
        all.extend(schema.as_object());
        let named = ["properties", "$defs"].map(|keyword| schema.get(keyword));
        let named = named.into_iter().flatten().filter_map(Value::as_object);
        for schema in named.flat_map(Object::values).chain(schema.get("items")) {
            schemas(schema, all);
        }
    }

    #[test]
    fn the_validator_knows_every_keyword_in_the_file() {
        let file: Value = serde_json::from_str(FILE).unwrap();
        let mut all = Vec::new();
        schemas(&file, &mut all);
        for schema in all {
            for keyword in schema.keys() {
                assert!(KEYWORDS.contains(&keyword.as_str()), "{keyword}");
            }
            assert_eq!(
                schema.get("properties").map(|_| &Value::Bool(false)),
                schema.get("additionalProperties"),
                "objects are closed: {schema:?}"
            );
            if let Some(pattern) = schema.get("pattern") {
                let pattern = pattern.as_str().unwrap();
                assert!(
                    pattern.starts_with("^(?:") && pattern.ends_with(")$"),
                    "{pattern}"
                );
                assert!(
                    schema.contains_key("title"),
                    "{pattern} is not put in words"
                );
            }
        }
    }
}

//! Makes Rust of `schema/opportunity.schema.json`, so that a start has no rules to parse: statics of the
//! types in `src/schema/walk.rs`, for `src/schema/rules.rs`.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told by its environment"
)]

use std::{env, error::Error, fs, path::Path};

use serde_json::Value;

const FILE: &str = "schema/opportunity.schema.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FILE}");
    let file: Value = serde_json::from_str(&fs::read_to_string(FILE)?)?;
    let mut rules = Rules::default();
    for (name, definition) in members(&file, "$defs") {
        let schema = rules.schema(definition);
        rules.add(&definition_name(name), "Schema", &schema);
    }
    let schema = rules.schema(&file);
    rules.add("SCHEMA", "Schema", &schema);
    let patterns: Vec<_> = (0..rules.patterns).map(pattern_name).collect();
    rules.add(
        "PATTERNS",
        "&[&Pattern]",
        &format!("&[&{}]", patterns.join(", &")),
    );
    fs::write(
        Path::new(&env::var("OUT_DIR")?).join("rules.rs"),
        rules.text,
    )?;
    Ok(())
}

/// The statics so far.
#[derive(Default)]
struct Rules {
    text: String,
    patterns: usize,
}

impl Rules {
    fn add(&mut self, name: &str, of: &str, value: &str) {
        self.text
            .extend(["pub(super) static ", name, ": ", of, " = ", value, ";\n"]);
    }

    /// A reference to a schema: to its definition, or to itself in place.
    fn reference(&mut self, schema: &Value) -> String {
        let referred = schema.get("$ref").and_then(Value::as_str);
        match referred.and_then(|it| it.strip_prefix("#/$defs/")) {
            Some(name) => format!("&{}", definition_name(name)),
            None => format!("&{}", self.schema(schema)),
        }
    }

    fn schema(&mut self, schema: &Value) -> String {
        let title = schema.get("title").and_then(Value::as_str);
        let title = title.unwrap_or_default();
        let (types, required) = (texts(schema, "type"), texts(schema, "required"));
        let (listed, known_values) = (texts(schema, "enum"), texts(schema, "x-known-values"));
        let [min_length, max_length, max_items] =
            ["minLength", "maxLength", "maxItems"].map(|it| schema.get(it).and_then(Value::as_u64));
        let min_length = min_length.unwrap_or_default();
        let known_values_where: Vec<_> = members(schema, "x-known-values-where")
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_str()?)))
            .collect();
        let properties: Vec<_> = members(schema, "properties")
            .into_iter()
            .map(|(name, schema)| format!("({name:?}, {})", self.reference(schema)))
            .collect();
        let properties = properties.join(", ");
        let items = schema.get("items").map(|it| self.reference(it));
        let items = items.map_or("None".to_owned(), |it| format!("Some({it})"));
        let pattern = schema.get("pattern").and_then(Value::as_str);
        let pattern = pattern.map_or("None".to_owned(), |it| self.pattern(it));
        format!(
            "Schema {{ title: {title:?}, types: &{types:?}, properties: &[{properties}], \
             required: &{required:?}, items: {items}, max_items: {max_items:?}, listed: &{listed:?}, \
             min_length: {min_length}, max_length: {max_length:?}, pattern: {pattern}, \
             known_values: &{known_values:?}, known_values_where: &{known_values_where:?} }}"
        )
    }

    fn pattern(&mut self, pattern: &str) -> String {
        let name = pattern_name(self.patterns);
        self.patterns += 1;
        let compiled = format!("Pattern::new(|| compiled({pattern:?}))");
        self.add(&name, "Pattern", &compiled);
        format!("Some(&{name})")
    }
}

fn pattern_name(number: usize) -> String {
    format!("PATTERN_{number}")
}

fn definition_name(name: &str) -> String {
    format!("DEFINITION_{}", name.to_uppercase())
}

/// The texts of a keyword, which may be one alone. Null, which lists have beside them, is none.
fn texts<'a>(schema: &'a Value, keyword: &str) -> Vec<&'a str> {
    match schema.get(keyword) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        other => other.and_then(Value::as_str).into_iter().collect(),
    }
}

/// The members of a keyword in the order of their names, in which they are looked up.
fn members<'a>(schema: &'a Value, keyword: &str) -> Vec<(&'a String, &'a Value)> {
    let members = schema.get(keyword).and_then(Value::as_object);
    let mut members: Vec<_> = members.into_iter().flatten().collect();
    members.sort_by_key(|(name, _)| *name);
    members
}

//! The rules of `schema/opportunity.schema.json`, of the types in `src/schema/validate.rs`.

use serde_json::Value;

use crate::{members, texts};

/// The statics that `src/schema/rules.rs` includes.
pub(crate) fn statics(file: &Value) -> String {
    let mut rules = Rules::default();
    for (name, definition) in members(file, "$defs") {
        let schema = rules.schema(definition);
        rules.add(&definition_name(name), "Schema", &schema);
    }
    let schema = rules.schema(file);
    rules.add("SCHEMA", "Schema", &schema);
    let patterns: Vec<_> = (0..rules.patterns).map(pattern_name).collect();
    rules.add(
        "PATTERNS",
        "&[&Pattern]",
        &format!("&[&{}]", patterns.join(", &")),
    );
    rules.text
}

/// The statics written so far.
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

    /// The Rust expression that refers to a schema: to its definition by name, or to itself in place.
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

//! What `schema/botocore-facts.json` says of the documents that AWS sends, of the type in `src/drift/facts.rs`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{members, texts};

/// The statics that `src/drift/facts.rs` includes: of what an operation answers with, under this name.
const ANSWERS: [(&str, &str); 2] = [
    ("GetOpportunity", "OPPORTUNITY"),
    ("GetAwsOpportunitySummary", "SUMMARY"),
];

static UNKNOWN: Value = Value::Null;

pub(crate) fn statics(file: &Value) -> String {
    let mut shapes = Shapes {
        all: file.get("shapes").unwrap_or(&UNKNOWN),
        named: BTreeSet::new(),
        text: String::new(),
    };
    for (operation, name) in ANSWERS {
        let output = file.pointer(&format!("/called/{operation}/output"));
        let shape = shapes.reference(output);
        shapes.add(name, "&Shape", &shape);
    }
    shapes.text
}

/// The statics written so far.
struct Shapes<'a> {
    all: &'a Value,
    named: BTreeSet<String>,
    text: String,
}

impl Shapes<'_> {
    fn add(&mut self, name: &str, of: &str, value: &str) {
        self.text
            .extend(["pub(super) static ", name, ": ", of, " = ", value, ";\n"]);
    }

    /// The Rust expression that refers to the shape of this name.
    fn reference(&mut self, name: Option<&Value>) -> String {
        let name = name.and_then(Value::as_str).unwrap_or_default();
        let definition = self.all.get(name).unwrap_or(&UNKNOWN);
        let (values, items) = (texts(definition, "values"), definition.get("items"));
        let members = members(definition, "members");
        if members.is_empty() && items.is_none() && values.is_empty() {
            return "&Shape::Any".to_owned();
        }
        let name = format!("SHAPE_{}", name.to_uppercase());
        if self.named.insert(name.clone()) {
            let value = if !members.is_empty() {
                let members: Vec<_> = members
                    .into_iter()
                    .map(|(name, shape)| format!("({name:?}, {})", self.reference(Some(shape))))
                    .collect();
                format!("Shape::Structure(&[{}])", members.join(", "))
            } else if items.is_some() {
                format!("Shape::List({})", self.reference(items))
            } else {
                format!("Shape::Values(&{values:?})")
            };
            self.add(&name, "Shape", &value);
        }
        format!("&{name}")
    }
}

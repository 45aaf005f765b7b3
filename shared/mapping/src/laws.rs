//! Tests the two laws with random mappings, documents and records.
//!
//! Equality is decided here by other means than in the product. Each test counts the hard cases that it
//! has seen, and fails if there were too few.

mod dice;

use std::{cell::RefCell, collections::BTreeMap, collections::BTreeSet};

use model::{Change, Object};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

use self::dice::{INSTANTS, document, file, record, to_aws};
use crate::{
    Put,
    decimal::Decimal,
    mapping::{Facts, Mapping},
};

const FACTS: Facts<'static> = Facts {
    sequence: "2",
    id: "e",
};

/// How many mappings a test tries, and how many documents and records with each.
const MAPPINGS: u32 = 1500;
const WITH_EACH: usize = 4;

/// A document, and the dice that make a record.
type Try = (Object, Vec<[u8; 3]>);

fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Null) || *value == json!("") || *value == json!([])
}

/// Whether two of a CRM's values mean the same for a row.
fn mean_the_same(row: &Value, one: &Value, other: &Value) -> bool {
    let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
    let (first, second) = (text(one), text(other));
    match row["as"].as_str().unwrap_or("text") {
        "list" => {
            let separator = row["separator"].as_str().unwrap_or(";");
            let items = |value: &Value| -> BTreeSet<String> {
                let texts = match value {
                    Value::Array(items) => items.iter().map(text).collect(),
                    Value::Null => vec![],
                    value => text(value).split(separator).map(str::to_owned).collect(),
                };
                let texts = texts.iter().map(|text| text.trim().to_owned());
                texts.filter(|text| !text.is_empty()).collect()
            };
            items(one) == items(other)
        }
        _ if is_nothing(one) || is_nothing(other) => is_nothing(one) && is_nothing(other),
        "number" => Decimal::parse(&first) == Decimal::parse(&second),
        "boolean" => first.eq_ignore_ascii_case(&second),
        "date" | "date-ms" => {
            let instant = |text: &str| INSTANTS.iter().find(|(name, _)| *name == text);
            let (first, second) = (instant(&first), instant(&second));
            first.is_some() && first.map(|one| one.1) == second.map(|one| one.1)
        }
        _ => first == second,
    }
}

/// How often a test has seen each hard case, by name.
#[derive(Default)]
struct Tally(RefCell<BTreeMap<String, usize>>);

impl Tally {
    fn count(&self, what: impl Into<String>) {
        *self.0.borrow_mut().entry(what.into()).or_default() += 1;
    }

    fn assert_seen(&self, names: &[&str], least: usize) {
        let seen = self.0.borrow();
        println!("{seen:#?}");
        for name in names {
            assert!(
                seen.get(*name).is_some_and(|count| *count >= least),
                "{name}: {seen:#?}"
            );
        }
    }
}

fn runner() -> TestRunner {
    TestRunner::new(ProptestConfig {
        cases: MAPPINGS,
        max_global_rejects: 10 * MAPPINGS,
        failure_persistence: None,
        ..ProptestConfig::default()
    })
}

fn parse(file: &Value) -> Result<Mapping, TestCaseError> {
    Mapping::parse(file.to_string().as_bytes())
        .map_err(|error| TestCaseError::reject(error.to_string()))
}

#[test]
fn a_record_that_the_crm_sends_back_unchanged_changes_nothing() {
    let tally = Tally::default();
    let documents = prop::collection::vec(document(), WITH_EACH);
    let law = |(file, documents): (Value, Vec<Object>)| {
        let mapping = parse(&file)?;
        for document in documents {
            tally.count("cases");
            let heard = mapping.get(&document, &FACTS);
            for problem in &heard.problems {
                tally.count(problem.code.as_str());
            }
            let put = mapping.put(&document, &heard.record);
            let Ok(put) = put else {
                return Err(TestCaseError::fail(format!("{document:?} {put:?}")));
            };
            prop_assert_eq!(
                serde_json::to_string(&put.document).unwrap(),
                serde_json::to_string(&document).unwrap()
            );
            prop_assert_eq!(put.fields, []);
            prop_assert_eq!(put.notices, []);
            prop_assert_eq!(put.ignored, 0);
            let again = mapping.get(&document, &FACTS);
            prop_assert_eq!(again, heard);
            seen(&tally, &file, &document);
        }
        Ok(())
    };
    let mut runner = runner();
    runner.run(&(file(), documents), law).unwrap();
    println!("{runner}");
    let hard = [
        "shortened",
        "many to one",
        "rounded",
        "list",
        "wrong-type",
        "unmapped-value",
        "not-representable",
    ];
    tally.assert_seen(&hard, 30);
    tally.assert_seen(&["cases"], 6000);
}

/// Counts the hard cases of a document under a mapping.
fn seen(tally: &Tally, file: &Value, document: &Object) {
    for (row, _) in to_aws(file).iter().filter(|(row, _)| row["to"] != "aws") {
        let at = row["aws"].as_str().unwrap();
        let Some(value) = model::pointer::find(document, at) else {
            continue;
        };
        if let (Some(max), Some(text)) = (row["max"].as_u64(), value.as_str())
            && text.chars().count() as u64 > max
        {
            tally.count("shortened");
        }
        if let (Some(pairs), Some(text)) = (row["values"].as_array(), value.as_str())
            && let Some(pair) = pairs.iter().find(|pair| pair[0] == text)
            && pairs.iter().find(|other| other[1] == pair[1]) != Some(pair)
        {
            tally.count("many to one");
        }
        if row.get("times").is_some() && value.as_str().and_then(Decimal::parse).is_some() {
            tally.count("rounded");
        }
        if value.as_array().is_some_and(|items| items.len() > 1) {
            tally.count("list");
        }
    }
}

#[test]
fn what_the_crm_sends_comes_back_to_it_or_is_refused() {
    let tally = Tally::default();
    let dice = prop::collection::vec(any::<[u8; 3]>(), 9);
    let tries = prop::collection::vec((document(), dice), WITH_EACH);
    let law = |(file, tries): (Value, Vec<Try>)| {
        let mapping = parse(&file)?;
        for (document, dice) in tries {
            tally.count("cases");
            let heard = mapping.get(&document, &FACTS).record;
            let record = record(&file, &heard, &dice);
            match mapping.put(&document, &record) {
                Ok(put) => heard_as_sent(&mapping, &file, &document, &record, &put, &tally)?,
                Err(refusals) => {
                    prop_assert!(!refusals.is_empty());
                    for refusal in refusals {
                        tally.count(refusal.code.as_str());
                        let at = to_aws(&file).into_iter().find(|(row, _)| {
                            row["aws"] == refusal.pointer && row["crm"] == refusal.field
                        });
                        prop_assert!(at.is_some(), "{refusal}");
                    }
                }
            }
        }
        Ok(())
    };
    let mut runner = runner();
    runner.run(&(file(), tries), law).unwrap();
    println!("{runner}");
    let hard = [
        "heard",
        "changed",
        "cleared",
        "item made",
        "filled",
        "null-ignored",
        "empty",
        "defaulted",
        "wrong-type",
        "unmapped-value",
        "not-representable",
        "missing-companion",
    ];
    tally.assert_seen(&hard, 30);
    tally.assert_seen(&["cases"], 6000);
}

fn heard_as_sent(
    mapping: &Mapping,
    file: &Value,
    document: &Object,
    record: &Value,
    put: &Put,
    tally: &Tally,
) -> Result<(), TestCaseError> {
    let heard = mapping.get(&put.document, &FACTS).record;
    prop_assert_eq!(put.ignored, 1);
    for notice in &put.notices {
        tally.count(notice.code.as_str());
    }
    for (row, field) in to_aws(file) {
        let Some(sent) = record.pointer(&field) else {
            continue;
        };
        let at = row["aws"].as_str().unwrap();
        let find = |document| {
            model::pointer::find(document, at)
                .unwrap_or(&Value::Null)
                .clone()
        };
        let is_ignored = put
            .notices
            .iter()
            .any(|notice| notice.code.as_str() == "null-ignored" && row["crm"] == notice.field);
        if is_ignored {
            prop_assert!(row.get("null").is_none() && mean_the_same(row, sent, &Value::Null));
            prop_assert_eq!(find(&put.document), find(document));
            continue;
        }
        let is_changed = put.fields.iter().any(|source| source.pointer == at);
        if !is_changed && !is_filled(file, at) {
            prop_assert_eq!(find(&put.document), find(document));
        }
        if row["to"] == "aws" {
            continue;
        }
        if mean_the_same(row, sent, &Value::Null) && row.get("null").is_none() {
            tally.count("empty");
            continue;
        }
        let Some(heard) = heard.pointer(&field) else {
            return Err(TestCaseError::fail(format!("{field} is not told: {put:?}")));
        };
        prop_assert!(
            mean_the_same(row, sent, heard),
            "{} sent {}, heard {}: {:?}",
            field,
            sent,
            heard,
            put
        );
        tally.count("heard");
        if is_nothing(sent) && find(document) != find(&put.document) {
            prop_assert_eq!(find(&put.document), Value::Null);
            tally.count("cleared");
        }
    }
    for change in Change::between(document, &put.document) {
        tally.count("changed");
        prop_assert!(
            put.field(&change.pointer).is_some() || is_filled(file, &change.pointer),
            "{:?}",
            change
        );
        if change.pointer.ends_with("Spend") || change.pointer.ends_with("Contacts") {
            tally.count("item made");
        }
        if is_filled(file, &change.pointer) {
            tally.count("filled");
        }
    }
    prop_assert!(has_every_field_of(document, &put.document));
    let Ok(again) = mapping.put(&put.document, record) else {
        return Err(TestCaseError::fail(
            "what was put is refused when it is put again",
        ));
    };
    prop_assert_eq!(&again.document, &put.document);
    prop_assert_eq!(again.fields, []);
    Ok(())
}

/// Whether a row's `new` may have filled this place.
fn is_filled(file: &Value, at: &str) -> bool {
    to_aws(file).iter().any(|(row, _)| {
        let own = row["aws"].as_str().unwrap();
        let (parent, _) = own.rsplit_once('/').unwrap();
        let names = row["new"].as_object().into_iter().flat_map(Object::keys);
        names
            .into_iter()
            .any(|name| at == format!("{parent}/{name}"))
    })
}

/// Whether every earlier field still exists. (A cleared field is null.)
fn has_every_field_of(before: &Object, after: &Object) -> bool {
    before
        .iter()
        .all(|(name, before)| match (before, after.get(name)) {
            (_, None) => false,
            (Value::Object(before), Some(Value::Object(after))) => {
                has_every_field_of(before, after)
            }
            _ => true,
        })
}

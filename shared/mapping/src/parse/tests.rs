//! What is refused before a deploy, by the parser and by the schema that editors use.

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{check, place::Place};

const SCHEMA: &str = include_str!("../../../../mappings/mapping.schema.json");

fn validator() -> Validator {
    let schema = SCHEMA.parse().unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// A mapping that is right, with a row of each kind.
fn right() -> Value {
    json!({
        "crm": "any",
        "receive": {"id": "/id", "record": "/deal"},
        "send": {"body": {"deals": [{"kind": "deal"}]}, "id": "/deals/0/key", "record": "/deals/0/fields", "as": "text"},
        "fields": [
            {"aws": "/LifeCycle/Stage", "crm": "stage", "values": [["Qualified", "q"], ["Prospect", 7]]},
            {"aws": "/LifeCycle/ClosedLostReason", "crm": "reason", "with": "/LifeCycle/Stage"},
            {"aws": "/Project/ExpectedCustomerSpend/0/Amount", "crm": "/money/amount", "as": "number", "times": 12,
             "decimals": 0, "new": {"CurrencyCode": "USD"}},
            {"aws": "/LifeCycle/NextSteps", "crm": "next", "max": 10, "null": "clear"},
            {"aws": "/PrimaryNeedsFromAws", "crm": "needs", "as": "list", "separator": ","},
            {"aws": "/NationalSecurity", "crm": "/security/0", "as": "boolean", "to": "aws", "default": "No"},
            {"aws": "/LifeCycle/TargetCloseDate", "crm": "close", "as": "date-ms"},
            {"aws": "/RelatedEntityIdentifiers/AwsProducts", "crm": "products", "as": "list", "to": "crm"},
            {"aws": "/OpportunityTeam/0/Email", "crm": "owner", "to": "crm"},
            {"from": "sequence", "crm": "sequence"}
        ]
    })
}

/// The file with something else at a pointer; with `null`, without what is there.
fn with(at: &str, value: Value) -> Value {
    let mut file = right();
    let (parent, name) = at.rsplit_once('/').unwrap();
    match (file.pointer_mut(parent).unwrap(), value) {
        (Value::Object(members), Value::Null) => drop(members.remove(name)),
        (Value::Object(members), value) => drop(members.insert(name.to_owned(), value)),
        (Value::Array(items), value) => match items.get_mut(name.parse::<usize>().unwrap()) {
            Some(item) => *item = value,
            None => items.push(value),
        },
        (other, _) => panic!("{other}"),
    }
    file
}

fn error(file: &Value) -> String {
    match Mapping::parse(file.to_string().as_bytes()) {
        Ok(_) => panic!("{file} is taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_right_is_taken_by_the_parser_and_by_the_schema() {
    let validator = validator();
    let samples = [
        include_str!("../../../../mappings/hubspot.json"),
        include_str!("../../../../mappings/salesforce.json"),
    ];
    let samples = samples.map(|text| text.parse().unwrap());
    for file in samples.into_iter().chain([right()]) {
        let errors: Vec<_> = validator.iter_errors(&file).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let mapping = Mapping::parse(file.to_string().as_bytes()).unwrap();
        assert_eq!(mapping.warnings(), []);
    }
}

/// `wrong.json` has what stands where in the file, the error, and whether the schema can say it: what it
/// cannot say is of two places at once, or of AWS's values.
#[test]
fn what_is_wrong_is_refused_with_its_place() {
    let validator = validator();
    let cases: Value = include_str!("wrong.json").parse().unwrap();
    for case in cases.as_array().unwrap() {
        let file = with(case["at"].as_str().unwrap(), case["value"].clone());
        let expected = format!("the mapping's {}", case["error"].as_str().unwrap());
        assert_eq!(error(&file), expected);
        assert_eq!(validator.is_valid(&file), case["schema"] == false, "{case}");
    }
}

#[test]
fn what_is_no_json_or_says_something_twice_is_refused() {
    for (text, expected) in [
        (
            "{",
            "the mapping is not JSON: EOF while parsing an object at line 1 column 1",
        ),
        ("[]", "the mapping is an array, expected an object"),
        (
            r#"{"crm": "a", "crm": "b"}"#,
            "the mapping's `/crm` is there twice, expected it once",
        ),
    ] {
        let error = Mapping::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_value_that_only_the_documentation_lacks_is_a_warning() {
    let row =
        json!({"aws": "/Project/CustomerUseCase", "crm": "x", "values": [["Databases", "d"]]});
    let mapping = Mapping::parse(with("/fields/10", row).to_string().as_bytes()).unwrap();
    let told: Vec<_> = mapping.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "the mapping's `/fields/10/values/0` may be a typo: `Databases` is not in the list that AWS documents, nearest are `Database`, `Migration/Database Migration`, `Healthcare and Life Sciences`"
        ]
    );
}

/// The schema that editors use lists the places that the parser takes.
#[test]
fn the_schema_lists_every_place_that_can_be_mapped() {
    let schema: Value = SCHEMA.parse().unwrap();
    let list = |at: &str| -> Vec<String> {
        let list = schema.pointer(at).unwrap().as_array().unwrap().iter();
        list.map(|at| at.as_str().unwrap().to_owned()).collect()
    };
    let mut writable = list("/$defs/Writable/anyOf/0/enum");
    writable.extend(list("/$defs/Writable/examples"));
    for at in &writable {
        let shape = check::shape(&Place::parse(at).unwrap());
        assert!(shape.is_ok_and(|shape| shape.is_writable), "{at}");
    }
    for at in list("/$defs/ReadOnly/anyOf/0/enum") {
        let shape = check::shape(&Place::parse(&at).unwrap());
        assert!(shape.is_ok_and(|shape| !shape.is_writable), "{at}");
    }
    let model = include_str!("../../../model/schema/opportunity.schema.json");
    let mut places = Vec::new();
    leaves(&model.parse().unwrap(), "", &mut places);
    places.sort();
    writable.sort();
    assert_eq!(writable, places);
}

/// The places of AWS's model that hold a text or a list of texts.
fn leaves(schema: &Value, at: &str, all: &mut Vec<String>) {
    let items = schema
        .get("items")
        .filter(|items| items.get("properties").is_some());
    match (schema.get("properties"), items) {
        (Some(Value::Object(properties)), _) => {
            for (name, schema) in properties {
                leaves(schema, &model::pointer::child(at, name), all);
            }
        }
        (_, Some(items)) => leaves(items, &format!("{at}/0"), all),
        _ => all.push(at.to_owned()),
    }
}

/// The places of everything in a file.
fn everything(value: &Value, at: &str, all: &mut Vec<String>) {
    let inner: Vec<_> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        Value::Array(items) => (0..)
            .map(|index: usize| index.to_string())
            .zip(items)
            .collect(),
        _ => return,
    };
    for (token, value) in inner {
        let at = model::pointer::child(at, &token);
        everything(value, &at, all);
        all.push(at);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// What an editor marks as wrong is never taken, whatever stands in whatever place.
    #[test]
    fn what_the_schema_refuses_the_parser_refuses(changes in prop::collection::vec((any::<u8>(), any::<u8>()), 1..3)) {
        let mut places = Vec::new();
        everything(&right(), "", &mut places);
        let odd = [
            json!(null), json!(""), json!("/a/b"), json!("list"), json!("crm"), json!("aws"), json!(7), json!(true), json!({}), json!([[]]),
            json!("/Id"), json!("clear"), json!(-1), json!("a~"),
        ];
        let mut file = right();
        for (place, value) in changes {
            let place = &places[usize::from(place) % places.len()];
            let value = match odd.get(usize::from(value) % 28) {
                Some(odd) => odd.clone(),
                None => right().pointer(&places[usize::from(value) % places.len()]).unwrap().clone(),
            };
            if let Some(slot) = file.pointer_mut(place) {
                *slot = value;
            }
        }
        if Mapping::parse(file.to_string().as_bytes()).is_ok() {
            let validator = validator();
            let errors: Vec<_> = validator.iter_errors(&file).map(|error| error.to_string()).collect();
            prop_assert!(errors.is_empty(), "{:?} {}", errors, file);
        }
    }
}

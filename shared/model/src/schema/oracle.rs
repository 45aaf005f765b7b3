//! Compares the validator with the `jsonschema` crate, over documents near the schema.
//!
//! Patterns agree too: like AWS, both crates match only ASCII digits and letters with `\d` and `\w`, and
//! only the end of the text with `$`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind as Kind};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Code, FILE, SCHEMA, judge};
use crate::{pointer, value::Object};

static ORACLE: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(FILE).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
});

type Told = BTreeSet<(String, &'static str)>;

/// What the validator finds, except for values that only the documentation lacks.
fn found(document: &Object) -> Told {
    SCHEMA
        .findings(document)
        .into_iter()
        .filter(|found| found.finding.code != Code::UndocumentedValue)
        .map(|found| (found.finding.pointer, found.finding.code.as_str()))
        .collect()
}

/// What the crate finds, under the validator's codes.
fn oracle(document: &Value) -> Told {
    let errors: Vec<_> = ORACLE.iter_errors(document).collect();
    errors.iter().flat_map(in_our_words).collect()
}

fn in_our_words(error: &ValidationError<'_>) -> Vec<(String, &'static str)> {
    let at = error.instance_path().to_string();
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| (pointer::child(&at, name), "unknown-member"))
            .collect(),
        Kind::Required { property } => {
            vec![(
                pointer::child(&at, property.as_str().unwrap()),
                "required-member",
            )]
        }
        // The validator refuses null where a member is required, and as an item.
        Kind::Type { .. } if error.instance().is_null() && !is_item(&at) => {
            vec![(at, "required-member")]
        }
        Kind::Type { .. } => vec![(at, "wrong-type")],
        // The validator skips a value whose type is already wrong.
        Kind::Enum { .. } if !error.instance().is_string() => vec![],
        Kind::Enum { .. } => vec![(at, "unlisted-value")],
        Kind::MinLength { .. } => vec![(at, "too-short")],
        Kind::MaxLength { .. } => vec![(at, "too-long")],
        Kind::Pattern { .. } => vec![(at, "wrong-format")],
        Kind::MaxItems { .. } => vec![(at, "too-many-items")],
        other => panic!("the validator has no word for {other:?}"),
    }
}

fn is_item(pointer: &str) -> bool {
    let (_, last) = pointer.rsplit_once('/').unwrap();
    last.parse::<usize>().is_ok()
}

/// A document with every member that the schema knows, each with a value that AWS takes.
fn full() -> Value {
    json!({
        "Customer": {
            "Account": {
                "Industry": "Gaming", "OtherIndustry": "Chess", "CompanyName": "Rook & Sons",
                "WebsiteUrl": "https://rook.example", "AwsAccountId": "111122223333", "Duns": "123456789",
                "Address": {
                    "City": "Delft", "PostalCode": "2611", "StateOrRegion": "Zuid-Holland",
                    "CountryCode": "NL", "StreetAddress": "Markt 1",
                },
            },
            "Contacts": [{
                "Email": "a.rook@rook.example", "FirstName": "A", "LastName": "Rook",
                "BusinessTitle": "Owner", "Phone": "+31105550123",
            }],
        },
        "LifeCycle": {
            "Stage": "Prospect", "ClosedLostReason": "Price", "NextSteps": "Call",
            "TargetCloseDate": "2029-12-31", "ReviewStatus": "Approved", "ReviewComments": "Fine",
            "ReviewStatusReason": "None", "NextStepsHistory": [{"Value": "Wrote", "Time": "2026-01-02T03:04:05Z"}],
        },
        "Marketing": {
            "CampaignName": "Spring", "Source": "None", "UseCases": ["Storage"], "Channels": ["TV"],
            "AwsFundingUsed": "No",
        },
        "NationalSecurity": "No",
        "OpportunityType": "Expansion",
        "PartnerOpportunityIdentifier": "CRM-1",
        "PrimaryNeedsFromAws": ["Co-Sell - Deal Support"],
        "Project": {
            "DeliveryModels": ["Resell"],
            "ExpectedCustomerSpend": [{
                "Amount": "12.50", "CurrencyCode": "EUR", "Frequency": "Monthly", "TargetCompany": "AWS",
                "EstimationUrl": "https://calculator.aws/#/estimate?id=0123456789abcdef0123456789abcdef",
            }],
            "ExpectedContractDuration": {"Term": "Months", "Value": "24"},
            "Title": "Openings", "ApnPrograms": ["P3"], "CustomerUseCase": "Storage & Backup",
            "CustomerBusinessProblem": "Nobody remembers the openings.",
            "RelatedOpportunityIdentifier": "O1", "SalesActivities": ["SOW Signed"],
            "CompetitorName": "*Other", "OtherCompetitorNames": "Paper",
            "OtherSolutionDescription": "None", "AdditionalComments": "-", "AwsPartition": "aws-eusc",
        },
        "SoftwareRevenue": {
            "DeliveryModel": "Contract", "Value": {"Amount": "0.5", "CurrencyCode": "USD"},
            "EffectiveDate": "2026-01-01", "ExpirationDate": "2027-01-01",
        },
    })
}

/// The pointers to everything in `value`, and to an unknown member in each object.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            all.push(pointer::child(at, "Un/known"));
            for (name, value) in members {
                let at = pointer::child(at, name);
                pointers(value, &at, all);
                all.push(at);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let at = pointer::child(at, &index.to_string());
                pointers(item, &at, all);
                all.push(at);
            }
        }
        _ => {}
    }
}

/// The full document with up to 6 of its values replaced, removed or swapped.
fn near_the_schema() -> impl Strategy<Value = Object> {
    let mut all = Vec::new();
    pointers(&full(), "", &mut all);
    let value = value(all.clone());
    prop::collection::vec((prop::sample::select(all), value), 0..=6).prop_map(|mutations| {
        let mut document = full();
        for (at, value) in mutations {
            let (parent, _) = at.rsplit_once('/').unwrap();
            let name = at.rsplit_once('/').unwrap().1.replace("~1", "/");
            match document.pointer_mut(parent) {
                Some(Value::Object(members)) => match value {
                    Some(value) => drop(members.insert(name, value)),
                    None => drop(members.shift_remove(&name)),
                },
                Some(Value::Array(items)) => items.extend(value),
                _ => {}
            }
        }
        document.as_object().unwrap().clone()
    })
}

/// A value of any kind: many at the edge of a rule, some that are valid elsewhere in the document.
fn value(all: Vec<String>) -> impl Strategy<Value = Option<Value>> {
    let edge = prop::sample::select(vec![
        0_usize, 1, 3, 4, 19, 20, 21, 64, 65, 80, 81, 120, 121, 255, 256, 2000, 2001,
    ]);
    let odd = prop::sample::select(vec![
        "\n",
        "O1\n",
        "O12345678901234567890",
        "1.2.3",
        "00",
        "10.",
        "12.345",
        "2029-02-31",
        "2029-13-01",
        "+0123",
        "+1",
        "+12",
        "\u{661}\u{662}\u{663}",
        "\u{e9}t\u{e9}",
        "a_1",
        "A@rook.example",
        "a@b",
        "a@b.c",
        "a.@b.c",
        "a@-b.c",
        "Self",
        "us",
        "EUR",
        "monthly",
        "https://pricing.calculator.aws.eu/#/estimate?id=0123456789abcdef0123456789abcdef",
        "https://calculator.aws/#/estimate?id=0",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        Just(json!(5)),
        (edge, "[a\u{1f422}]").prop_map(|(length, text)| json!(text.repeat(length))),
        odd.prop_map(Value::from),
        "[0-9A-Za-z@.+\n\u{e9}\u{663}-]{0,14}".prop_map(Value::String),
        prop::sample::select(all).prop_map(|at| full().pointer(&at).cloned().unwrap_or_default()),
    ];
    let nested = prop_oneof![
        leaf.clone(),
        (
            leaf.clone(),
            prop::sample::select(vec![0_usize, 1, 10, 11, 50, 51])
        )
            .prop_map(|(item, count)| Value::Array(vec![item; count])),
        leaf.prop_map(|value| json!({"Value": value})),
    ];
    prop::option::weighted(0.9, nested)
}

#[test]
fn the_full_document_is_valid_and_has_every_member() {
    let full = full();
    assert_eq!(oracle(&full), Told::new());
    assert_eq!(found(full.as_object().unwrap()), Told::new());

    let mut all = Vec::new();
    pointers(&full, "", &mut all);
    all.retain(|at| !at.ends_with("/Un~1known") && !is_item(at));
    let schema: Value = serde_json::from_str(FILE).unwrap();
    assert_eq!(all.len(), members_known_to(&schema));
}

fn members_known_to(schema: &Value) -> usize {
    let properties = schema.get("properties").and_then(Value::as_object);
    let inner: usize = properties
        .into_iter()
        .flat_map(Object::values)
        .chain(schema.get("items"))
        .map(members_known_to)
        .sum();
    inner + properties.map_or(0, Object::len)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_validator_finds_what_the_jsonschema_crate_finds(document in near_the_schema()) {
        prop_assert_eq!(found(&document), oracle(&Value::Object(document)));
    }

    #[test]
    fn an_unchanged_value_is_no_error(document in near_the_schema()) {
        prop_assert_eq!(judge(&document, &document).errors, []);
    }

    #[test]
    fn a_value_that_was_valid_and_becomes_wrong_is_an_error(document in near_the_schema()) {
        let before = full().as_object().unwrap().clone();
        let errors = judge(&before, &document).errors;
        let told = errors.into_iter().map(|error| (error.pointer, error.code.as_str()));
        let mut expected = found(&document);
        // Null counts as absent.
        expected.retain(|(at, code)| {
            *code != "unknown-member" || pointer::find(&document, at) != Some(&Value::Null)
        });
        prop_assert_eq!(told.collect::<Told>(), expected);
    }
}

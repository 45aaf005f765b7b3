//! Random mappings, documents and records, made of dice, so that a counterexample shrinks to the plainest.

use std::collections::BTreeSet;

use model::Object;
use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Text,
    Stage,
    Currency,
    Number,
    Date,
    Needs,
    Texts,
    YesNo,
}

/// Places in the opportunity, two and three of a kind, also in items that may have to be made.
const SLOTS: [(&str, Kind); 20] = [
    ("/LifeCycle/Stage", Kind::Stage),
    ("/LifeCycle/NextSteps", Kind::Text),
    ("/LifeCycle/TargetCloseDate", Kind::Date),
    ("/Project/ExpectedCustomerSpend/0/Amount", Kind::Number),
    (
        "/Project/ExpectedCustomerSpend/0/CurrencyCode",
        Kind::Currency,
    ),
    ("/Project/ExpectedCustomerSpend/0/TargetCompany", Kind::Text),
    ("/Project/ExpectedCustomerSpend/1/Amount", Kind::Number),
    ("/PrimaryNeedsFromAws", Kind::Needs),
    ("/Project/ApnPrograms", Kind::Texts),
    ("/Marketing/UseCases", Kind::Texts),
    ("/NationalSecurity", Kind::YesNo),
    ("/Marketing/AwsFundingUsed", Kind::YesNo),
    ("/Customer/Contacts/0/FirstName", Kind::Text),
    ("/Customer/Contacts/1/FirstName", Kind::Text),
    ("/Customer/Contacts/1/LastName", Kind::Text),
    ("/SoftwareRevenue/Value/Amount", Kind::Number),
    ("/SoftwareRevenue/EffectiveDate", Kind::Date),
    ("/Project/AdditionalComments", Kind::Text),
    ("/Customer/Account/Address/City", Kind::Text),
    ("/Project/Title", Kind::Text),
];

const STAGES: [&str; 4] = [
    "Qualified",
    "Technical Validation",
    "Business Validation",
    "Closed Lost",
];
const NEEDS: [&str; 3] = [
    "Co-Sell - Deal Support",
    "Co-Sell - Pricing Assistance",
    "Co-Sell - Technical Consultation",
];
const CODES: [&str; 5] = ["x", "y", "z", "7", "true"];
const TEXTS: [&str; 16] = [
    "a",
    "b",
    "ab",
    "longer than any maximum",
    "longer than any",
    "\u{1f422}\u{1f422}\u{1f422}\u{1f422}\u{1f422}",
    "e\u{301}e\u{301}e\u{301}",
    " a ",
    " ",
    "a;b",
    "a, b|c",
    "12",
    "true",
    "\u{0}\"\\\n",
    "~/0",
    "\u{202e}abc",
];
const AMOUNTS: [&str; 22] = [
    "0",
    "0.00",
    "8.33",
    "12500.50",
    "12500.5",
    "13333.33",
    "13333.34",
    "0.01",
    "5.",
    "007",
    "100",
    "99.96",
    "160000",
    "159999.96",
    "9999999999999999999999999999999.99",
    "123456789012345678901234567890123456789012",
    "1e3",
    "1.5",
    "-4",
    "12.345",
    "0.005",
    "x",
];
/// Ways to write an instant, and which one it is.
pub(super) const INSTANTS: [(&str, i64); 12] = [
    ("2029-11-30", 0),
    ("1890691200000", 0),
    ("2029-11-30T00:00:00Z", 0),
    ("2029-11-30T01:00:00.000+01:00", 0),
    ("1890691200123", 1),
    ("2029-11-30T00:00:00.123Z", 1),
    ("2028-02-29", 2),
    ("1835395200000", 2),
    ("1970-01-01", 3),
    ("0", 3),
    ("1969-12-31", 4),
    ("-86400000", 4),
];

/// A die's throw: one of several, the first the plainest.
fn one_of<T: Clone>(choices: &[T], die: u8) -> T {
    choices[usize::from(die) % choices.len()].clone()
}

type Dice = [u8; 8];

/// A row, and whether it says more than its two places.
fn row(slot: usize, dice: Dice, slots: &[usize]) -> Value {
    let (aws, kind) = SLOTS[slot];
    let [to, form, option, other, null, default, with, new] = dice;
    let mut row = json!({"aws": aws, "crm": format!("f{slot}")});
    let to = one_of(&[None, None, None, Some("crm"), Some("aws")], to);
    if other % 3 == 1 {
        row["crm"] = json!(format!("/in/f~1{slot}"));
    } else if other % 3 == 2 && to == Some("aws") {
        row["crm"] = json!(format!("/list/{slot}"));
    }
    let goes_to_aws = to != Some("crm");
    let goes_to_crm = to != Some("aws");
    if let Some(to) = to {
        row["to"] = json!(to);
    }
    let pairs = |ours: &[&str]| -> Value {
        let pair = |(index, ours): (usize, &&str)| {
            let code = one_of(&CODES, option.wrapping_mul(31) >> (index % 6));
            let code = match code {
                "7" => json!(7),
                "true" => json!(true),
                code => json!(code),
            };
            json!([ours, code])
        };
        ours.iter().enumerate().map(pair).collect()
    };
    match kind {
        Kind::Text if form % 3 == 1 && goes_to_crm => row["max"] = json!(1 + option % 15),
        Kind::Text if form % 3 == 2 => row["values"] = pairs(&["a", "b", "ab", "12"]),
        Kind::Stage if form % 3 != 0 => row["values"] = pairs(&STAGES),
        Kind::Number => {
            row["as"] = json!("number");
            let times = [
                None,
                Some("12"),
                Some("0.001"),
                Some("3"),
                Some("1.19"),
                Some("100"),
                Some("0.5"),
                Some("7000"),
            ];
            if let Some(times) = one_of(&times, form) {
                row["times"] = serde_json::from_str(times).unwrap();
            }
            if goes_to_crm && option % 3 == 2 {
                row["decimals"] = json!(option % 4);
            }
        }
        Kind::Date => row["as"] = json!(one_of(&["date", "date-ms", "text"], form)),
        Kind::Needs | Kind::Texts => {
            row["as"] = json!("list");
            if form % 2 == 1 {
                row["separator"] = json!(one_of(&[";", ",", ", ", "|", ";;", "\n"], form / 2));
            }
            if option % 2 == 1 {
                row["values"] = match kind {
                    Kind::Needs => pairs(&NEEDS),
                    _ => pairs(&["Robotics", "Storage", "a"]),
                };
            }
        }
        Kind::YesNo if form % 3 != 2 => row["as"] = json!("boolean"),
        _ => {}
    }
    if goes_to_aws {
        let requires = ["CurrencyCode", "TargetCompany", "Value/Amount"];
        let is_required = requires.iter().any(|name| aws.ends_with(name));
        let clears = null % 3 == 1 && !is_required;
        if clears {
            row["null"] = json!("clear");
        } else if default % 5 == 1 {
            row["default"] = match kind {
                Kind::Text => json!("a"),
                Kind::Stage => json!("Qualified"),
                Kind::Currency => json!("EUR"),
                Kind::Number => json!("12500.50"),
                Kind::Date => json!("2029-11-30"),
                Kind::Needs => json!([NEEDS[0]]),
                Kind::Texts => json!(["Storage"]),
                Kind::YesNo => json!("No"),
            };
        }
        if with % 6 == 1 {
            row["with"] = json!(SLOTS[one_of(slots, with / 6)].0);
        }
        if new % 2 == 1 {
            if aws.contains("Spend/") && !is_required {
                row["new"] =
                    json!({"CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"});
            } else if aws.ends_with("FirstName") {
                row["new"] = json!({"LastName": "b"});
            } else if aws.contains("Revenue/Value") {
                row["new"] = json!({"CurrencyCode": "USD"});
            }
        }
    }
    row
}

/// A mapping: some of the slots, each with dice; `again` adds rows to the CRM alone for places that
/// have one.
pub(super) fn file() -> impl Strategy<Value = Value> {
    let slots: Vec<usize> = (0..SLOTS.len()).collect();
    let some = prop::sample::subsequence(slots, 1..=8).prop_shuffle();
    let dice = prop::collection::vec(any::<Dice>(), 8);
    (some, dice, any::<[u8; 3]>()).prop_map(|(slots, dice, [text, again, fact])| {
        let mut fields: Vec<_> = slots
            .iter()
            .zip(&dice)
            .map(|(slot, dice)| row(*slot, *dice, &slots))
            .collect();
        let changed: BTreeSet<_> = fields
            .iter()
            .filter(|row| row["to"] != "crm")
            .map(|row| row["aws"].to_string())
            .collect();
        for row in &mut fields {
            if !changed.contains(&row["with"].to_string()) || row["with"] == row["aws"] {
                row.as_object_mut().unwrap().remove("with");
            }
        }
        if again % 3 == 1 {
            let mut again = row(slots[0], [3, again, again, 0, 0, 0, 0, 0], &slots);
            again["crm"] = json!("again");
            fields.push(again);
        }
        if fact % 2 == 1 {
            fields.push(json!({"from": "sequence", "crm": "sequence"}));
        }
        let mut send = json!({"body": {}, "record": ""});
        if text % 2 == 1 {
            send["as"] = json!("text");
        }
        json!({
            "crm": "any", "receive": {"id": "/id", "record": ""}, "send": send, "fields": fields,
        })
    })
}

fn aws_value(kind: Kind, die: u8) -> Value {
    let texts = |texts: &[&str]| -> Value {
        let count = usize::from(die / 3) % 4;
        let pick = |index: usize| json!(texts[(usize::from(die) + index * 2) % texts.len()]);
        (0..count).map(pick).collect()
    };
    match kind {
        Kind::Text => json!(one_of(&TEXTS, die)),
        Kind::Stage => json!(one_of(&[&STAGES[..], &["Committed"]].concat(), die)),
        Kind::Currency => json!(one_of(&["USD", "EUR"], die)),
        Kind::Number => json!(one_of(&AMOUNTS, die)),
        Kind::Date => {
            let dates = ["2029-11-30", "2028-02-29", "1970-01-01", "2029-02-31", "x"];
            json!(one_of(&dates, die))
        }
        Kind::Needs => texts(&[&NEEDS[..], &["No Support"]].concat()),
        Kind::Texts => texts(&["Robotics", "Storage", "a", "a;b", " a", "", "x, y|z;;"]),
        Kind::YesNo => json!(one_of(&["Yes", "No", "Perhaps"], die)),
    }
}

/// A document: for each slot nothing, or what AWS could have there, or what it never has.
pub(super) fn document() -> impl Strategy<Value = Object> {
    let dice = prop::collection::vec(any::<[u8; 2]>(), SLOTS.len());
    (dice, any::<[u8; 3]>()).prop_map(|(dice, [odd, which, more])| {
        let mut document = json!({});
        for ((at, kind), [what, value]) in SLOTS.iter().zip(dice) {
            let value = match what % 12 {
                0..3 => continue,
                3 => json!(null),
                4 => json!(""),
                5 if what > 200 => json!({"Value": [1]}),
                6 if what > 200 => json!(1.10),
                _ => aws_value(*kind, value),
            };
            let mut slot = &mut document;
            for token in at.split('/').skip(1) {
                slot = match token.parse::<usize>() {
                    Ok(index) => {
                        if slot.is_null() {
                            *slot = json!([]);
                        }
                        let items = slot.as_array_mut().unwrap();
                        while items.len() <= index {
                            items.push(json!(null));
                        }
                        &mut items[index]
                    }
                    Err(_) => &mut slot[token],
                };
            }
            *slot = value;
        }
        let holders = [
            "/Project",
            "/Customer/Contacts",
            "/Customer/Contacts/0",
            "/Project/ExpectedCustomerSpend",
            "/Marketing",
            "/SoftwareRevenue/Value",
        ];
        if odd % 4 == 1
            && let Some(holder) = document.pointer_mut(one_of(&holders, which))
        {
            *holder = one_of(
                &[json!(null), json!([]), json!({}), json!("text"), json!(7)],
                odd / 4,
            );
        }
        if more % 2 == 1 {
            document["AddedTomorrow"] = json!({"a": [null, {"b": "1.10"}]});
            document["LifeCycle"]["Stages"] = json!(["x"]);
        }
        document.as_object().unwrap().clone()
    })
}

/// A value that a CRM could send for a row, or never would.
fn crm_value(kind: Kind, row: &Value, heard: Option<&Value>, [what, value]: [u8; 2]) -> Value {
    let codes: Vec<_> = row["values"].as_array().into_iter().flatten().collect();
    match what % 12 {
        0 => json!(null),
        1 => json!(""),
        2 | 3 => heard.cloned().unwrap_or(json!(null)),
        4 if what > 150 => one_of(
            &[
                json!({}),
                json!([]),
                json!([null]),
                json!(["a;b", "Storage"]),
                json!({"a": 1}),
                json!(true),
                json!(1),
            ],
            value,
        ),
        5 if what > 100 => json!(one_of(&CODES, value)),
        _ if !codes.is_empty() && row["as"] != "list" => one_of(&codes, value)[1].clone(),
        _ => match kind {
            Kind::Number if value % 2 == 0 => {
                let number = serde_json::from_str(one_of(&AMOUNTS, value / 2));
                number.unwrap_or(json!(value))
            }
            Kind::Date if row["as"] != "text" => {
                let (text, _) = one_of(&INSTANTS, value);
                let number = serde_json::from_str(text).ok().filter(|_| value % 3 == 0);
                number.unwrap_or(json!(text))
            }
            Kind::Needs | Kind::Texts => {
                let separator = row["separator"].as_str().unwrap_or(";");
                let texts: Vec<_> = match (codes.is_empty(), kind) {
                    (false, _) => codes.iter().map(|pair| pair[1].clone()).collect(),
                    (true, Kind::Needs) => NEEDS.map(Value::from).to_vec(),
                    _ => ["Robotics", "Storage", "a"].map(Value::from).to_vec(),
                };
                let count = usize::from(value) % 4;
                let pick = |index: usize| {
                    let text = &texts[(usize::from(value / 4) + index) % texts.len()];
                    text.as_str().map_or(text.to_string(), str::to_owned)
                };
                let picked: Vec<_> = (0..count).map(pick).collect();
                json!(picked.join(separator))
            }
            Kind::YesNo if row["as"] == "boolean" => one_of(
                &[json!(true), json!(false), json!("true"), json!("False")],
                value,
            ),
            kind => aws_value(kind, value),
        },
    }
}

fn kind_of(row: &Value) -> Kind {
    let is_it = |(at, _): &&(&str, Kind)| row["aws"] == *at;
    SLOTS.iter().find(is_it).unwrap().1
}

/// The rows of a file that go to AWS, each with its field as a pointer.
pub(super) fn to_aws(file: &Value) -> Vec<(&Value, String)> {
    let rows = file["fields"].as_array().unwrap().iter();
    let field = |row: &Value| {
        let name = row["crm"].as_str().unwrap();
        if name.starts_with('/') {
            name.to_owned()
        } else {
            format!("/{name}")
        }
    };
    rows.filter(|row| row.get("aws").is_some() && row["to"] != "crm")
        .map(|row| (row, field(row)))
        .collect()
}

/// A record for a file, from dice, with some of what was heard in it.
pub(super) fn record(file: &Value, heard: &Value, dice: &[[u8; 3]]) -> Value {
    let mut record = json!({"beyond": {"the": "table"}});
    for ((row, field), [there, what, value]) in to_aws(file).into_iter().zip(dice) {
        if there % 4 == 3 {
            continue;
        }
        let value = crm_value(kind_of(row), row, heard.pointer(&field), [*what, *value]);
        let mut slot = &mut record;
        for token in field.split('/').skip(1) {
            slot = match token.parse::<usize>() {
                Ok(index) => {
                    if slot.is_null() {
                        *slot = json!([]);
                    }
                    let items = slot.as_array_mut().unwrap();
                    while items.len() <= index {
                        items.push(json!(null));
                    }
                    &mut items[index]
                }
                Err(_) => &mut slot[token.replace("~1", "/")],
            };
        }
        *slot = value;
    }
    record
}

//! Tests what a record does to an opportunity, case by case, with the counterexamples that the laws
//! found.

use serde_json::{Value, json};

use super::*;
use crate::mapping::Facts;

const FACTS: Facts<'static> = Facts {
    sequence: "2",
    id: "e",
};

fn mapping(rows: &Value) -> Mapping {
    let file = json!({
        "crm": "any", "receive": {"id": "/id", "record": ""}, "send": {"body": {}, "record": ""},
        "fields": rows,
    });
    Mapping::parse(file.to_string().as_bytes()).unwrap()
}

fn object(value: &Value) -> Object {
    value.as_object().unwrap().clone()
}

/// The document afterwards, or the refusals, each as `code field (pointer): detail`.
fn put(mapping: &Mapping, document: &Value, record: &Value) -> Result<Value, Vec<String>> {
    match mapping.put(&object(document), record) {
        Ok(put) => Ok(Value::Object(put.document)),
        Err(refusals) => Err(refusals.iter().map(ToString::to_string).collect()),
    }
}

fn notices(mapping: &Mapping, document: &Value, record: &Value) -> Vec<String> {
    let put = mapping.put(&object(document), record).unwrap();
    put.notices.iter().map(ToString::to_string).collect()
}

#[test]
fn a_crm_stage_that_stands_for_several_of_awss_keeps_the_current_one() {
    let mapping = mapping(
        &json!([{"aws": "/LifeCycle/Stage", "crm": "stage", "values": [
        ["Qualified", "open"], ["Technical Validation", "demo"], ["Business Validation", "demo"]]}]),
    );
    let stage = |stage: &str| json!({"LifeCycle": {"Stage": stage}});
    for (before, sent, after) in [
        ("Business Validation", "demo", "Business Validation"),
        ("Qualified", "demo", "Technical Validation"),
        ("Committed", "open", "Qualified"),
    ] {
        let put = put(&mapping, &stage(before), &json!({"stage": sent}));
        assert_eq!(put, Ok(stage(after)));
    }
    assert_eq!(
        put(&mapping, &stage("Qualified"), &json!({"stage": "won"})),
        Err(vec![
            "unmapped-value `stage` (/LifeCycle/Stage): `won` has no pair in the mapping's `values`, expected one of `open`, `demo`".to_owned()
        ])
    );
    let heard = mapping.get(&object(&stage("Committed")), &FACTS);
    assert_eq!(heard.record, json!({}));
    assert_eq!(
        heard.problems[0].to_string(),
        "unmapped-value `stage` (/LifeCycle/Stage): `Committed` has no pair in the mapping's `values`, expected one of `Qualified`, `Technical Validation`, `Business Validation`"
    );
}

#[test]
fn a_finer_crm_stage_is_refused_if_it_would_come_back_as_another() {
    let values = json!([["Qualified", "new"], ["Qualified", "called"]]);
    let both = mapping(&json!([{"aws": "/LifeCycle/Stage", "crm": "stage", "values": values}]));
    let one_way = mapping(
        &json!([{"aws": "/LifeCycle/Stage", "crm": "stage", "values": values, "to": "aws"}]),
    );
    let (before, record) = (json!({"LifeCycle": {}}), json!({"stage": "called"}));
    assert_eq!(
        put(&both, &before, &record),
        Err(vec![
            "not-representable `stage` (/LifeCycle/Stage): `called` would come back as `new`, expected a value that comes back as it is".to_owned()
        ])
    );
    assert_eq!(
        put(&one_way, &before, &record),
        Ok(json!({"LifeCycle": {"Stage": "Qualified"}}))
    );
}

#[test]
fn a_yearly_amount_becomes_a_monthly_amount_in_cents() {
    let row = json!({"aws": "/Project/ExpectedCustomerSpend/0/Amount", "crm": "amount", "as": "number",
        "times": 12, "new": {"CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}});
    let mapping = mapping(&json!([row]));
    let spend = |amount: &str| json!({"Project": {"ExpectedCustomerSpend": [{"Amount": amount}]}});
    for (month, year) in [
        ("12500.50", "150006"),
        ("12500.51", "150006.12"),
        ("13333.33", "160000"),
        ("0.01", "0.12"),
        ("0", "0"),
        (
            "9999999999999999999999999999999.99",
            "119999999999999999999999999999999.88",
        ),
    ] {
        let heard = mapping.get(&object(&spend(month)), &FACTS).record;
        assert_eq!(heard["amount"].to_string(), year);
    }
    for (before, sent, after) in [
        ("1", json!(160_000), Ok("13333.33")),
        ("1", json!("160000.00"), Ok("13333.33")),
        ("12500.50", json!(150_006), Ok("12500.50")),
        (
            "1",
            serde_json::from_str("150006.12").unwrap(),
            Ok("12500.51"),
        ),
        (
            "1",
            json!("150006.10"),
            Err(
                "not-representable `amount` (/Project/ExpectedCustomerSpend/0/Amount): `150006.10` would come back as `150006.12`, expected a value that comes back as it is",
            ),
        ),
        (
            "1",
            json!("1,000"),
            Err(
                "wrong-type `amount` (/Project/ExpectedCustomerSpend/0/Amount): it is `1,000`, expected a number of at most 38 digits, such as `12500.50`",
            ),
        ),
        (
            "1",
            serde_json::from_str("1e37").unwrap(),
            Err(
                "not-representable `amount` (/Project/ExpectedCustomerSpend/0/Amount): it has too many digits, expected at most 38 with the decimals that the mapping needs",
            ),
        ),
    ] {
        let put = put(&mapping, &spend(before), &json!({"amount": sent}));
        assert_eq!(
            put,
            after.map(spend).map_err(|error| vec![error.to_owned()])
        );
    }
    assert_eq!(
        put(&mapping, &json!({"Project": null}), &json!({"amount": 12})),
        Ok(json!({"Project": {"ExpectedCustomerSpend": [
            {"Amount": "1", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}]}}))
    );
}

#[test]
fn a_rounded_amount_or_shortened_text_that_comes_back_changes_nothing() {
    let mapping = mapping(&json!([
        {"aws": "/Project/ExpectedCustomerSpend/0/Amount", "crm": "amount", "as": "number", "times": 12, "decimals": 0},
        {"aws": "/LifeCycle/NextSteps", "crm": "next", "max": 4},
    ]));
    let document = json!({
        "Project": {"ExpectedCustomerSpend": [{"Amount": "12500.51"}]}, "LifeCycle": {"NextSteps": "Call them"},
    });
    let heard = mapping.get(&object(&document), &FACTS).record;
    assert_eq!(heard, json!({"amount": 150_006, "next": "Call"}));
    assert_eq!(put(&mapping, &document, &heard), Ok(document.clone()));
    assert_eq!(
        put(&mapping, &document, &json!({"next": "Write"})),
        Err(vec![
            "not-representable `next` (/LifeCycle/NextSteps): `Write` would come back as `Writ`, expected a value that comes back as it is".to_owned()
        ])
    );
}

#[test]
fn an_empty_value_clears_a_field_only_if_the_row_says_so() {
    let mapping = mapping(&json!([
        {"aws": "/LifeCycle/NextSteps", "crm": "next", "null": "clear"},
        {"aws": "/Project/Title", "crm": "title"},
        {"aws": "/PrimaryNeedsFromAws", "crm": "needs", "as": "list", "null": "clear"},
    ]));
    let document = json!({
        "LifeCycle": {"NextSteps": "Call", "Stage": "Qualified"}, "Project": {"Title": "T"},
        "PrimaryNeedsFromAws": ["Co-Sell - Deal Support"],
    });
    let record = json!({"next": "", "title": null, "needs": " ; "});
    let after = json!({
        "LifeCycle": {"NextSteps": null, "Stage": "Qualified"}, "Project": {"Title": "T"},
        "PrimaryNeedsFromAws": null,
    });
    assert_eq!(put(&mapping, &document, &record), Ok(after.clone()));
    assert_eq!(
        notices(&mapping, &document, &record),
        [
            "null-ignored `title` (/Project/Title): the empty value is ignored, expected `\"null\": \"clear\"` in the mapping"
        ]
    );
    // An absent field is not created as null.
    assert_eq!(put(&mapping, &json!({}), &record), Ok(json!({})));
    assert_eq!(notices(&mapping, &json!({}), &record), [""; 0]);
}

#[test]
fn the_order_of_a_list_does_not_matter() {
    let mapping = mapping(
        &json!([{"aws": "/Project/ApnPrograms", "crm": "programs", "as": "list", "values":
        [["P3", "p"], ["Windows", "w"], ["Well-Architected", "w"]]}]),
    );
    let list = |items: &[&str]| json!({"Project": {"ApnPrograms": items}});
    for (before, sent, after) in [
        (&["P3", "Windows"][..], json!("w;p"), &["P3", "Windows"][..]),
        (&["P3"], json!("w; p;"), &["P3", "Windows"]),
        (
            &["Well-Architected", "Windows"],
            json!("w;p"),
            &["Well-Architected", "Windows", "P3"],
        ),
        (
            &["Well-Architected", "P3"],
            json!(["w"]),
            &["Well-Architected"],
        ),
        (&[], json!("p;p"), &["P3"]),
    ] {
        let put = put(&mapping, &list(before), &json!({"programs": sent}));
        assert_eq!(put, Ok(list(after)));
    }
    assert_eq!(
        put(&mapping, &list(&[]), &json!({"programs": "p;x"})),
        Err(vec![
            "unmapped-value `programs` (/Project/ApnPrograms): `x` has no pair in the mapping's `values`, expected one of `p`, `w`".to_owned()
        ])
    );
}

#[test]
fn an_item_that_contains_the_separator_is_left_out() {
    let mapping = mapping(&json!([{"aws": "/Marketing/UseCases", "crm": "uses", "as": "list"}]));
    let document = json!({"Marketing": {"UseCases": ["a;b", "c"]}});
    let heard = mapping.get(&object(&document), &FACTS);
    assert_eq!(heard.record, json!({}));
    assert_eq!(
        heard.problems[0].to_string(),
        "not-representable `uses` (/Marketing/UseCases): its item `a;b` is empty or contains `;`, expected neither"
    );
    assert_eq!(
        put(&mapping, &json!({}), &json!({"uses": ["a;b"]})),
        Err(vec![
            "not-representable `uses` (/Marketing/UseCases): `[\"a;b\"]` would come back as a value that the mapping cannot convert, expected a value that comes back as it is".to_owned()
        ])
    );
}

#[test]
fn dates_are_days_in_utc() {
    let mapping = |to: Value, form: &str| {
        let mut row = json!({"aws": "/LifeCycle/TargetCloseDate", "crm": "close", "as": form});
        if to != json!(null) {
            row["to"] = to;
        }
        super::tests::mapping(&json!([row]))
    };
    let document = |day: &str| json!({"LifeCycle": {"TargetCloseDate": day}});
    for (to, form, sent, after) in [
        (json!(null), "date", json!("2029-11-30"), Ok("2029-11-30")),
        (
            json!(null),
            "date",
            json!("2029-11-30T01:00:00+01:00"),
            Ok("2029-11-30"),
        ),
        (
            json!(null),
            "date-ms",
            json!(1_890_691_200_000_u64),
            Ok("2029-11-30"),
        ),
        (
            json!(null),
            "date-ms",
            json!("1890691200000"),
            Ok("2029-11-30"),
        ),
        (
            json!(null),
            "date-ms",
            json!("2028-02-29"),
            Ok("2028-02-29"),
        ),
        (
            json!("aws"),
            "date-ms",
            json!(1_890_750_000_123_u64),
            Ok("2029-11-30"),
        ),
        (json!("aws"), "date-ms", json!(-1), Ok("1969-12-31")),
        (
            json!(null),
            "date-ms",
            json!(1_890_750_000_123_u64),
            Err(
                "not-representable `close` (/LifeCycle/TargetCloseDate): `1890750000123` would come back as `1890691200000`, expected a value that comes back as it is",
            ),
        ),
        (
            json!(null),
            "date",
            json!(1_890_691_200_000_u64),
            Err(
                "wrong-type `close` (/LifeCycle/TargetCloseDate): it is `1890691200000`, expected a date as `YYYY-MM-DD`",
            ),
        ),
        (
            json!(null),
            "date-ms",
            json!("2029-02-30"),
            Err(
                "wrong-type `close` (/LifeCycle/TargetCloseDate): it is `2029-02-30`, expected milliseconds since 1970, or a date as `YYYY-MM-DD`",
            ),
        ),
        (
            json!("aws"),
            "date-ms",
            serde_json::from_str("-170141183460469231731687303715884105727").unwrap(),
            Err(
                "wrong-type `close` (/LifeCycle/TargetCloseDate): it is `-170141183460469231731687303715884105727`, expected a date between the years 1000 and 9999",
            ),
        ),
        (
            json!(null),
            "date-ms",
            serde_json::from_str("1e30").unwrap(),
            Err(
                "wrong-type `close` (/LifeCycle/TargetCloseDate): it is `1e+30`, expected a date between the years 1000 and 9999",
            ),
        ),
    ] {
        let put = put(
            &mapping(to, form),
            &document("2020-01-01"),
            &json!({"close": sent}),
        );
        let after = after.map(document).map_err(|error| vec![error.to_owned()]);
        assert_eq!(put, after, "{form} {sent}");
    }
}

#[test]
fn a_field_without_its_companion_is_refused_and_the_companion_is_named() {
    let mapping = mapping(&json!([
        {"aws": "/LifeCycle/Stage", "crm": "stage"},
        {"aws": "/LifeCycle/ClosedLostReason", "crm": "reason", "with": "/LifeCycle/Stage"},
    ]));
    let before = json!({"LifeCycle": {"Stage": "Qualified", "ClosedLostReason": null}});
    assert_eq!(
        put(
            &mapping,
            &before,
            &json!({"stage": "Closed Lost", "reason": "Price"})
        ),
        Ok(json!({"LifeCycle": {"Stage": "Closed Lost", "ClosedLostReason": "Price"}}))
    );
    for record in [
        json!({"reason": "Price"}),
        json!({"reason": "Price", "stage": ""}),
    ] {
        assert_eq!(
            put(&mapping, &before, &record),
            Err(vec![
                "missing-companion `reason` (/LifeCycle/ClosedLostReason): it was sent without `stage`, expected both in one record".to_owned()
            ])
        );
    }
    let before = json!({"LifeCycle": {"ClosedLostReason": "Price"}});
    assert_eq!(
        put(&mapping, &before, &json!({"reason": "Price"})),
        Ok(before.clone())
    );
}

#[test]
fn a_default_is_only_added_to_another_change() {
    let mapping = mapping(&json!([
        {"aws": "/LifeCycle/NextSteps", "crm": "next"},
        {"aws": "/OpportunityType", "crm": "type", "default": "Expansion"},
    ]));
    let before = json!({"LifeCycle": {"NextSteps": "Call"}});
    for record in [json!({"next": "Call", "type": ""}), json!({"type": null})] {
        assert_eq!(put(&mapping, &before, &record), Ok(before.clone()));
    }
    let after = json!({"LifeCycle": {"NextSteps": "Write"}, "OpportunityType": "Expansion"});
    for record in [
        json!({"next": "Write", "type": ""}),
        json!({"next": "Write"}),
    ] {
        assert_eq!(put(&mapping, &before, &record), Ok(after.clone()));
        assert_eq!(
            notices(&mapping, &before, &record),
            ["defaulted `type` (/OpportunityType): AWS has nothing there and gets `Expansion`"]
        );
    }
}

#[test]
fn array_items_are_created_in_order_whatever_the_order_of_the_rows() {
    let mapping = mapping(&json!([
        {"aws": "/Customer/Contacts/1/Email", "crm": "second"},
        {"aws": "/Customer/Contacts/0/Email", "crm": "first", "new": {"LastName": "Unknown"}},
        {"aws": "/Customer/Contacts/0/FirstName", "crm": "name"},
    ]));
    let record = json!({"first": "a@b.c", "second": "d@e.f", "name": "A"});
    let made = mapping.put(&Object::new(), &record).unwrap();
    assert_eq!(
        json!(made.document),
        json!({"Customer": {"Contacts": [
            {"Email": "a@b.c", "FirstName": "A", "LastName": "Unknown"}, {"Email": "d@e.f"}]}})
    );
    assert_eq!(
        json!(made.fields),
        json!([
            {"pointer": "/Customer/Contacts/0/Email", "field": "first"},
            {"pointer": "/Customer/Contacts/0/FirstName", "field": "name"},
            {"pointer": "/Customer/Contacts/1/Email", "field": "second"},
        ])
    );
    assert_eq!(made.field("/Customer/Contacts"), Some("first"));
    assert_eq!(made.field("/Customer/Contacts/1/Email"), Some("second"));
    assert_eq!(made.field("/Customer/Contacts/1/EmailOfTomorrow"), None);
    assert_eq!(
        put(&mapping, &json!({"Customer": null}), &json!({"second": "d@e.f"})),
        Err(vec![
            "not-representable `second` (/Customer/Contacts/1/Email): `/Customer/Contacts` has 0 items, expected those before this one".to_owned()
        ])
    );
    assert_eq!(
        put(&mapping, &json!({"Customer": {"Contacts": "none"}}), &json!({"first": "a@b.c"})),
        Err(vec![
            "not-representable `first` (/Customer/Contacts/0/Email): `/Customer/Contacts` is a string, expected an array".to_owned()
        ])
    );
}

#[test]
fn unmapped_fields_are_counted_and_changed_one_way_fields_are_reported() {
    let mapping = mapping(&json!([
        {"aws": "/LifeCycle/ReviewStatus", "crm": "/deal/review", "to": "crm"},
        {"aws": "/LifeCycle/NextSteps", "crm": "/deal/next"},
        {"from": "sequence", "crm": "sequence"},
    ]));
    let document = json!({"LifeCycle": {"ReviewStatus": "Approved"}});
    let record = json!({
        "deal": {"review": "Submitted", "owner": {"id": 7, "name": "A"}, "stage": "x"}, "sequence": "1",
        "portal": 7,
    });
    let put = mapping.put(&object(&document), &record).unwrap();
    assert_eq!((put.ignored, put.fields), (3, vec![]));
    assert_eq!(
        put.notices[0].to_string(),
        "one-way `/deal/review` (/LifeCycle/ReviewStatus): it differs from AWS's value and is ignored, because the row goes to the CRM alone"
    );
}

/// Found by the laws: one row's `new` filled a field that another row cleared.
#[test]
fn a_field_that_the_record_clears_is_not_filled() {
    let mapping = mapping(&json!([
        {"aws": "/Customer/Contacts/0/LastName", "crm": "last", "null": "clear"},
        {"aws": "/Customer/Contacts/0/FirstName", "crm": "first", "new": {"LastName": "b"}},
    ]));
    let made = |contact: Value| Ok(json!({"Customer": {"Contacts": [contact]}}));
    assert_eq!(
        put(&mapping, &json!({}), &json!({"first": "a", "last": null})),
        made(json!({"FirstName": "a"}))
    );
    assert_eq!(
        put(&mapping, &json!({}), &json!({"first": "a"})),
        made(json!({"FirstName": "a", "LastName": "b"}))
    );
}

/// Found by the laws: CRMs send every field, empty or not, and an empty one was taken to contradict what
/// a row fills.
#[test]
fn an_ignored_empty_field_does_not_contradict_a_filled_one() {
    let mapping = mapping(&json!([
        {"aws": "/Project/ExpectedCustomerSpend/0/CurrencyCode", "crm": "currency"},
        {"aws": "/Project/ExpectedCustomerSpend/0/Amount", "crm": "amount", "as": "number", "new": {"CurrencyCode": "USD"}},
    ]));
    assert_eq!(
        put(
            &mapping,
            &json!({}),
            &json!({"currency": "", "amount": "1.50"})
        ),
        Ok(
            json!({"Project": {"ExpectedCustomerSpend": [{"Amount": "1.50", "CurrencyCode": "USD"}]}})
        )
    );
}

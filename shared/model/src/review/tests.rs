//! Tests reviews: what they refuse, and the law that their changes are the difference of two bodies.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    arbitrary,
    identifier::Catalog,
    patch::{Patch, PatchError},
};

fn opportunity(document: Value) -> Opportunity {
    let Value::Object(mut document) = document else {
        panic!("an object")
    };
    document.insert("Id".to_owned(), json!("O1"));
    document.insert("LastModifiedDate".to_owned(), json!("m"));
    Opportunity::from_document(document, &Catalog::parse("AWS").unwrap()).unwrap()
}

const TODAY: &str = "2026-03-01";

fn reviewed(before: Value, change: impl FnOnce(&mut Object)) -> Review {
    let before = opportunity(before);
    let mut after = before.document().clone();
    change(&mut after);
    review(&before, after, TODAY)
}

fn places(findings: &[Finding]) -> Vec<(&str, &str)> {
    findings
        .iter()
        .map(|finding| (finding.pointer.as_str(), finding.code.as_str()))
        .collect()
}

#[test]
fn a_patch_may_repeat_a_field_of_aws_but_not_change_it() {
    let before = json!({"Arn": "a", "Catalog": "AWS", "OpportunityTeam": [], "LifeCycle": {"ReviewStatus": "Approved"}});
    let same = reviewed(before.clone(), |after| {
        after.insert("Identifier".to_owned(), json!("O1"));
    });
    assert_eq!(same.changes, []);
    assert_eq!(same.refuse_owned(), Ok(()));

    let other = reviewed(before, |after| {
        after.insert("Arn".to_owned(), json!("b"));
        after.insert("Catalog".to_owned(), json!("Sandbox"));
        after.insert("Identifier".to_owned(), json!("O2"));
        after.insert("LastModifiedDate".to_owned(), json!("n"));
        after.insert(
            "LifeCycle".to_owned(),
            json!({"ReviewStatus": "Rejected", "NextSteps": "n"}),
        );
    });
    let Err(Refusal::Owned(findings)) = other.refuse_owned() else {
        panic!("{other:?}")
    };
    assert_eq!(
        places(&findings),
        [
            ("/Arn", "read-only"),
            ("/Catalog", "mismatch"),
            ("/LifeCycle/ReviewStatus", "read-only"),
            ("/LastModifiedDate", "read-only"),
            ("/Identifier", "mismatch"),
        ]
    );
}

#[test]
fn a_patch_may_name_the_catalog_that_the_response_left_out() {
    let review = reviewed(json!({}), |after| {
        after.insert("Catalog".to_owned(), json!("AWS"));
    });
    assert_eq!(review.changes, []);
    assert_eq!(review.update.body["Catalog"], "AWS");
}

#[test]
fn the_entities_that_aws_writes_into_a_use_case_are_no_change() {
    let before = json!({"Project": {"CustomerUseCase": "Security &amp; Compliance"}});
    let review = reviewed(before, |after| {
        after["Project"]["CustomerUseCase"] = json!("Security & Compliance");
    });
    assert_eq!(review.changes, []);
}

#[test]
fn an_invalid_opportunity_is_refused_and_what_was_wrong_before_is_the_opportunitys() {
    let before = json!({"LifeCycle": {"Stage": "Won"}});
    let review = reviewed(before.clone(), |after| {
        after["LifeCycle"]["TargetCloseDate"] = json!("soon");
    });
    let Err(Refusal::Invalid { findings, .. }) = review.refuse_invalid(false) else {
        panic!("{review:?}")
    };
    assert_eq!(
        places(&findings),
        [("/LifeCycle/TargetCloseDate", "wrong-format")]
    );
    let [warning] = &review.warnings(false)[..] else {
        panic!("{review:?}")
    };
    assert_eq!(warning.pointer, "/LifeCycle/Stage");
    assert_eq!(warning.source, crate::Source::Opportunity);

    let valid = reviewed(before, |after| {
        after["LifeCycle"]["NextSteps"] = json!("Call");
    });
    assert_eq!(valid.refuse_invalid(false), Ok(()));
}

#[test]
fn only_awss_side_of_the_review_is_of_the_review() {
    for (pointer, expected) in [
        ("/LifeCycle/ReviewStatus", true),
        ("/LifeCycle/ReviewComments", true),
        ("/LifeCycle/Stage", false),
        ("/LastModifiedDate", false),
        ("/Project/Title", false),
    ] {
        let change = Change {
            pointer: pointer.to_owned(),
            before: json!(1),
            after: json!(2),
        };
        assert_eq!(is_of_the_review(&change), expected, "{pointer}");
    }
}

#[test]
fn lenient_leaves_locks_and_growing_rules_to_aws() {
    let before = json!({"LifeCycle": {"ReviewStatus": "Submitted", "Stage": "Prospect"}});
    let review = reviewed(before, |after| {
        after["LifeCycle"]["Stage"] = json!("Won");
        after["LifeCycle"]["TargetCloseDate"] = json!("soon");
    });
    let codes = |findings: Vec<Finding>| -> Vec<&'static str> {
        findings
            .iter()
            .map(|finding| finding.code.as_str())
            .collect()
    };
    assert_eq!(
        codes(review.errors(false)),
        ["locked", "locked", "unlisted-value", "wrong-format"]
    );
    assert_eq!(codes(review.warnings(false)), [] as [&str; 0]);
    assert_eq!(codes(review.errors(true)), ["wrong-format"]);
    assert_eq!(
        codes(review.warnings(true)),
        ["unlisted-value", "locked", "locked"]
    );
    assert!(
        matches!(review.refuse_locked(false), Err(Refusal::Locked { review_status, .. }) if review_status == "Submitted")
    );
    assert_eq!(review.refuse_locked(true), Ok(()));
}

fn patched(before: &Opportunity, patch: &Value) -> Result<Review, PatchError> {
    let text = patch.to_string();
    let patch = match patch {
        Value::Array(_) => Patch::parse_operations(text.as_bytes()),
        _ => Patch::parse_merge(text.as_bytes()),
    };
    let after = patch.unwrap().apply(before)?;
    Ok(review(before, after, TODAY))
}

#[test]
fn no_patch_changes_a_field_that_belongs_to_aws() {
    let before = opportunity(json!({
        "Arn": "arn", "Catalog": "AWS", "CreatedDate": "c", "Project": {"Title": "t"},
        "RelatedEntityIdentifiers": {"Solutions": ["S-1"]}, "OpportunityTeam": [{"Email": "a@b.c"}],
    }));
    let all = [
        "/Arn",
        "/Catalog",
        "/CreatedDate",
        "/RelatedEntityIdentifiers/Solutions",
        "/OpportunityTeam",
        "/Id",
        "/LastModifiedDate",
    ];
    for (patch, owned) in [
        (
            json!([{"op": "test", "path": "/Id", "value": "O1"}, {"op": "copy", "from": "/Id", "path": "/Project/Title"}]),
            &[][..],
        ),
        (json!([{"op": "remove", "path": "/Arn"}]), &["/Arn"]),
        (
            json!([{"op": "add", "path": "/OpportunityTeam/-", "value": {}}]),
            &["/OpportunityTeam"],
        ),
        (
            json!([{"op": "replace", "path": "/OpportunityTeam/0/Email", "value": "d@e.f"}]),
            &["/OpportunityTeam/0/Email"],
        ),
        (
            json!([{"op": "move", "from": "/Id", "path": "/Project/Title"}]),
            &["/Id"],
        ),
        (
            json!([{"op": "copy", "from": "/Project", "path": "/Catalog"}]),
            &["/Catalog"],
        ),
        (json!([{"op": "replace", "path": "", "value": {}}]), &all),
        (
            json!({"LastModifiedDate": "n", "Project": {"Id": 1}, "Id": "O2"}),
            &["/Id", "/LastModifiedDate"],
        ),
        (
            json!({"LastModifiedDate": null, "Id": {}, "RelatedEntityIdentifiers": {"AwsProducts": ["p"]}}),
            &[
                "/RelatedEntityIdentifiers/AwsProducts",
                "/Id",
                "/LastModifiedDate",
            ],
        ),
        // With the values that were read.
        (
            json!({"LastModifiedDate": "m", "Project": {"Title": "u"}, "Id": "O1", "Identifier": "O1", "Catalog": "AWS"}),
            &[],
        ),
        (Value::Object(before.document().clone()), &[]),
    ] {
        let review = patched(&before, &patch).unwrap();
        let findings = match review.refuse_owned() {
            Err(Refusal::Owned(findings)) => findings,
            Ok(()) => Vec::new(),
            Err(other) => panic!("{other:?}"),
        };
        let told: Vec<_> = findings
            .iter()
            .map(|finding| finding.pointer.as_str())
            .collect();
        assert_eq!(told, owned, "{patch}");
    }
    for impossible in [
        json!([{"op": "remove", "path": ""}]),
        json!([{"op": "move", "from": "", "path": "/Project/Title"}]),
    ] {
        let error = patched(&before, &impossible).unwrap_err();
        assert!(
            matches!(error, PatchError::Inapplicable { index: 0, .. }),
            "{error}"
        );
    }
}

#[test]
fn an_empty_object_in_place_of_null_is_neither_a_change_nor_an_error() {
    let before = opportunity(json!({"SoftwareRevenue": null, "Project": {"Title": "t"}}));
    let nothing = patched(&before, &json!({"SoftwareRevenue": {"Value": {}}})).unwrap();
    assert_eq!((nothing.changes.len(), nothing.errors(false)), (0, vec![]));

    let beside = patched(
        &before,
        &json!({"SoftwareRevenue": {}, "Project": {"Title": "u"}}),
    )
    .unwrap();
    assert_eq!(beside.errors(false), []);
    assert_eq!(beside.changes.len(), 1);
    assert_eq!(beside.update.body["SoftwareRevenue"], json!(null));
}

#[test]
fn adding_or_leaving_out_a_type_tag_is_no_change() {
    let spend = |item: Value| json!({"Project": {"ExpectedCustomerSpend": [item, 1]}});
    for (before, patch) in [
        (
            json!({"Project": {"__type": "t"}}),
            json!({"Project": {"__type": null}}),
        ),
        (
            json!({"Project": {"a": 1}}),
            json!({"Project": {"__type": {"b": 1}}}),
        ),
        (
            spend(json!({"__type": "t", "Amount": "1"})),
            spend(json!({"Amount": "1"})),
        ),
        (
            spend(json!({"Amount": "1"})),
            spend(json!({"__type": "t", "Amount": "1"})),
        ),
    ] {
        let review = patched(&opportunity(before), &patch).unwrap();
        assert_eq!(review.changes, [], "{patch}");
        assert!(
            review
                .update
                .adjustments
                .iter()
                .all(|one| !one.before.is_null())
        );
    }
    let review = patched(
        &opportunity(spend(json!({"__type": "t"}))),
        &spend(json!({"Amount": "1"})),
    );
    assert_eq!(review.unwrap().changes.len(), 1);
}

#[test]
fn a_list_may_be_replaced_without_what_aws_added_to_its_items() {
    let item = json!({"__type": "t", "Email": "a@b.c", "AddedTomorrow": 1});
    let before =
        opportunity(json!({"Customer": {"Account": {"CompanyName": "c"}, "Contacts": [item]}}));
    let review = patched(
        &before,
        &json!({"Customer": {"Contacts": [{"Email": "d@e.f"}]}}),
    )
    .unwrap();
    assert_eq!(review.errors(false), []);
    assert_eq!(review.update.adjustments, []);
    assert_eq!(
        review.update.body["Customer"]["Contacts"],
        json!([{"Email": "d@e.f"}])
    );
    let changed: Vec<_> = review
        .changes
        .iter()
        .map(|change| change.pointer.as_str())
        .collect();
    assert_eq!(
        changed,
        [
            "/Customer/Contacts/0/Email",
            "/Customer/Contacts/0/AddedTomorrow"
        ]
    );
}

const NAMES: [&str; 14] = [
    "Project",
    "CustomerUseCase",
    "ExpectedCustomerSpend",
    "LifeCycle",
    "Stage",
    "ReviewStatus",
    "AddedTomorrow",
    "__type",
    "a/b",
    "Arn",
    "Id",
    "Catalog",
    "LastModifiedDate",
    "Identifier",
];

/// The fields that no body contains, or that the bridge sets in every body.
const IN_NO_BODY: [&str; 4] = ["/Arn", "/Id", "/Catalog", "/Identifier"];

fn operations() -> impl Strategy<Value = json_patch::Patch> {
    let token = prop_oneof![
        prop::sample::select(&NAMES[..]).prop_map(|name| name.replace('/', "~1")),
        "[0-2-]",
    ];
    let path =
        prop::collection::vec(token, 1..4).prop_map(|tokens| format!("/{}", tokens.join("/")));
    let op = prop::sample::select(vec!["add", "replace", "remove", "copy", "move"]);
    let operation = (op, path.clone(), path, arbitrary::value(&NAMES));
    let operation = operation.prop_map(
        |(op, path, from, value)| json!({"op": op, "path": path, "from": from, "value": value}),
    );
    prop::collection::vec(operation, 0..4).prop_map(|operations| {
        let text = Value::Array(operations).to_string();
        match Patch::parse_operations(text.as_bytes()).unwrap() {
            Patch::Operations(operations) => operations,
            Patch::Merge(_) => unreachable!("operations were parsed"),
        }
    })
}

/// The values of a change, as they are sent.
fn as_sent(change: &Change) -> [Value; 2] {
    [&change.before, &change.after].map(|value| {
        let mut value = without_tags(value);
        let use_case = match change.pointer.as_str() {
            "/Project" => value.get_mut("CustomerUseCase"),
            "/Project/CustomerUseCase" => Some(&mut value),
            _ => None,
        };
        if let Some(Value::String(text)) = use_case {
            *text = text.replace("&amp;", "&");
        }
        value
    })
}

fn without_tags(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_tags).collect(),
        Value::Object(members) => {
            let members = members.iter().filter(|(name, _)| *name != "__type");
            members
                .map(|(name, value)| (name.clone(), without_tags(value)))
                .collect()
        }
        other => other.clone(),
    }
}

fn check(before: &Opportunity, review: &Review) -> Result<(), TestCaseError> {
    let body = Update::of(before.document().clone(), before).body;
    let differences = Change::between(&body, &review.update.body);
    let is_in_body = |change: &&Change| {
        !IN_NO_BODY
            .iter()
            .any(|field| crate::pointer::is_within(&change.pointer, field))
    };
    let told: Vec<_> = review.changes.iter().filter(is_in_body).collect();
    let places = |changes: &[&Change]| {
        changes
            .iter()
            .map(|change| change.pointer.clone())
            .collect::<Vec<_>>()
    };
    let expected: Vec<_> = differences.iter().filter(is_in_body).collect();
    prop_assert_eq!(places(&told), places(&expected));
    for (told, expected) in told.into_iter().zip(expected) {
        prop_assert_eq!(
            as_sent(told),
            [expected.before.clone(), expected.after.clone()]
        );
    }
    if review.changes.is_empty() {
        prop_assert_eq!(review.errors(false), []);
        prop_assert_eq!(differences, []);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_reported_changes_are_the_differences_between_the_bodies(
        members in arbitrary::members(&NAMES), patch in arbitrary::members(&NAMES), operations in operations(),
    ) {
        let mut document = members;
        document.insert("Catalog".to_owned(), json!("AWS"));
        let before = opportunity(Value::Object(document));
        for patch in [Patch::Merge(patch), Patch::Operations(operations)] {
            if let Ok(after) = patch.apply(&before) {
                check(&before, &review(&before, after, TODAY))?;
            }
        }
    }

    #[test]
    fn a_document_patched_with_itself_has_no_changes_and_no_errors(members in arbitrary::members(&NAMES)) {
        let mut document = members;
        document.insert("Catalog".to_owned(), json!("AWS"));
        let before = opportunity(Value::Object(document));
        let after = Patch::Merge(before.document().clone()).apply(&before).unwrap();
        let review = review(&before, after, TODAY);
        prop_assert_eq!(&review.changes, &[]);
        prop_assert_eq!(review.errors(false), []);
    }
}

//! What is left of a change, and the law that the rest of it is as it was.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{arbitrary, change::Change, identifier::Catalog, patch::Patch, review::Refusal};

const TODAY: &str = "2026-03-01";

fn opportunity(document: Value) -> Opportunity {
    let Value::Object(mut document) = document else {
        panic!("an object")
    };
    document.insert("Id".to_owned(), json!("O1"));
    document.insert("Catalog".to_owned(), json!("AWS"));
    document.insert("LastModifiedDate".to_owned(), json!("m"));
    Opportunity::from_document(document, &Catalog::parse("AWS").unwrap()).unwrap()
}

fn patched(before: &Opportunity, patch: &Value) -> Review {
    let patch = Patch::parse_merge(patch.to_string().as_bytes()).unwrap();
    review_open_part(before, patch.apply(before).unwrap(), TODAY)
}

/// The review status, the rest of the opportunity, a patch.
fn reviewed(status: &str, mut before: Value, patch: &Value) -> Review {
    before["LifeCycle"]["ReviewStatus"] = json!(status);
    patched(&opportunity(before), patch)
}

fn changed(review: &Review) -> Vec<&str> {
    let changes = review.changes.iter();
    changes.map(|change| change.pointer.as_str()).collect()
}

fn skipped(review: &Review) -> Vec<(&str, &str)> {
    let skipped = review.skipped.iter().flatten();
    skipped
        .map(|skipped| {
            (
                skipped.finding.pointer.as_str(),
                skipped.finding.code.as_str(),
            )
        })
        .collect()
}

#[test]
fn what_is_closed_stays_as_it_was_read_and_is_named() {
    let before = json!({"Project": {"Title": "Berths", "AdditionalComments": "a"}});
    let patch = json!({"Project": {"Title": "Berth planner", "AdditionalComments": "b"}});
    let review = reviewed("Approved", before, &patch);
    assert_eq!(changed(&review), ["/Project/AdditionalComments"]);
    assert_eq!(
        serde_json::to_value(&review.skipped).unwrap(),
        json!([{
            "pointer": "/Project/Title", "code": "locked", "source": "patch",
            "detail": "`/Project/Title` cannot be changed while the review status is `Approved`",
            "before": "Berths", "wanted": "Berth planner",
        }])
    );
    assert_eq!(
        review.update.body["Project"],
        json!({"Title": "Berths", "AdditionalComments": "b"})
    );
    assert_eq!(review.refuse_locked(false), Ok(()));
    assert!(review.is_skipped("/Project/Title"));
    assert!(!review.is_skipped("/Project"));
    assert!(!review.is_skipped("/Project/AdditionalComments"));
}

#[test]
fn a_field_that_belongs_to_a_closed_one_of_the_patch_is_left_out_with_it() {
    let before = json!({"Customer": {"Account": {"Industry": "Transportation and Logistics", "OtherIndustry": null}}});
    let industry = json!({
        "Customer": {"Account": {"Industry": "Other", "OtherIndustry": "Marinas"}}, "OpportunityType": "Expansion",
    });
    let review = reviewed("Approved", before.clone(), &industry);
    assert_eq!(changed(&review), ["/OpportunityType"]);
    assert_eq!(
        skipped(&review),
        [
            ("/Customer/Account/Industry", "locked"),
            ("/Customer/Account/OtherIndustry", "companion-locked")
        ]
    );
    // By itself it is open, whatever its companion is.
    let alone = json!({"Customer": {"Account": {"OtherIndustry": "Marinas"}}});
    let review = reviewed("Approved", before, &alone);
    assert_eq!(changed(&review), ["/Customer/Account/OtherIndustry"]);
    assert_eq!(skipped(&review), []);
}

#[test]
fn where_nothing_is_left_the_whole_change_is_refused_even_if_locks_are_left_to_aws() {
    let before = json!({"Project": {"Title": "Berths"}, "Customer": {"Account": {"Industry": "Energy - Power and Utilities"}}});
    for (status, patch) in [
        ("Approved", json!({"Project": {"Title": "Planner"}})),
        (
            "Submitted",
            json!({"Project": {"Title": "Planner"}, "OpportunityType": "Expansion"}),
        ),
        (
            "Approved",
            json!({"Customer": {"Account": {"Industry": "Other", "OtherIndustry": "Marinas"}}}),
        ),
    ] {
        let review = reviewed(status, before.clone(), &patch);
        assert_eq!(review.skipped, Some(Vec::new()), "{patch}");
        for lenient in [false, true] {
            let refusal = review.refuse_locked(lenient);
            assert!(matches!(refusal, Err(Refusal::Locked { .. })), "{patch}");
        }
    }
}

#[test]
fn what_is_not_the_partners_is_refused_and_not_left_out() {
    let patch =
        json!({"Arn": "b", "Project": {"Title": "Planner"}, "OpportunityType": "Expansion"});
    let review = reviewed("Approved", json!({"Arn": "a"}), &patch);
    assert!(review.refuse_owned().is_err());
    assert_eq!(skipped(&review), []);
}

#[test]
fn what_is_left_is_judged_by_itself_and_its_refusal_names_what_was_left_out() {
    let spend = |currency: &str| json!([{"Amount": "1.00", "CurrencyCode": currency, "Frequency": "Monthly", "TargetCompany": "AWS"}]);
    let before =
        json!({"Project": {"AwsPartition": "aws-eusc", "ExpectedCustomerSpend": spend("EUR")}});
    // The partition stays, and so does its currency.
    let patch = json!({"Project": {"AwsPartition": null, "ExpectedCustomerSpend": spend("USD")}});
    let review = reviewed("Action Required", before, &patch);
    let Err(Refusal::Invalid { findings, skipped }) = review.refuse_invalid(false) else {
        panic!("{review:?}")
    };
    let pointers = |findings: &[Finding]| -> Vec<String> {
        let findings = findings.iter();
        findings.map(|finding| finding.pointer.clone()).collect()
    };
    assert!(
        pointers(&findings).contains(&"/Project/ExpectedCustomerSpend/0/CurrencyCode".to_owned())
    );
    assert_eq!(pointers(&skipped), ["/Project/AwsPartition"]);
}

#[test]
fn what_was_cleared_or_added_and_is_closed_is_put_back_without_a_trace() {
    // An object that the patch clears, one that it adds, an item of a list.
    let before = json!({
        "Customer": {"Account": {"Address": {"City": "Kiel", "CountryCode": "DE", "PostalCode": "24103"}}},
        "LifeCycle": {},
    });
    let review = reviewed(
        "Approved",
        before,
        &json!({"Customer": {"Account": {"Address": null}}}),
    );
    assert_eq!(changed(&review), ["/Customer/Account/Address/City"]);
    assert_eq!(
        review.update.body["Customer"]["Account"]["Address"],
        json!({"City": null, "CountryCode": "DE", "PostalCode": "24103"})
    );

    let patch = json!({"Customer": {"Account": {"Address": {"CountryCode": "DE"}}}, "OpportunityType": "Expansion"});
    let review = reviewed("Approved", json!({"Customer": {"Account": {}}}), &patch);
    assert_eq!(
        review.update.body["Customer"],
        json!({"Account": {}}),
        "{review:?}"
    );
}

#[test]
fn a_patch_that_moves_a_value_is_not_divided() {
    let parsed = |operations: Value| {
        let operations = operations.to_string();
        Patch::parse_operations(operations.as_bytes()).unwrap()
    };
    let moves = json!([{"op": "remove", "path": "/a"}, {"op": "move", "from": "/b", "path": "/c"}]);
    assert!(!parsed(moves).is_divisible());
    let copies = json!([{"op": "copy", "from": "/b", "path": "/c"}, {"op": "test", "path": "/c", "value": 1}]);
    assert!(parsed(copies).is_divisible());
    assert!(Patch::parse_merge(b"{}").unwrap().is_divisible());
}

proptest! {
    #[test]
    fn every_change_is_either_made_as_it_was_wanted_or_named(
        account in arbitrary::value(&["CountryCode", "City", "PostalCode"]),
        wanted in arbitrary::value(&["CountryCode", "City", "PostalCode"]),
        industry in arbitrary::value(&["a"]),
        status in prop::sample::select(vec!["Approved", "Action Required", "Submitted", "Pending Submission"]),
    ) {
        let before = opportunity(json!({
            "LifeCycle": {"ReviewStatus": status}, "Customer": {"Account": {"Address": account}},
            "Project": {"Title": "Berths", "ExpectedCustomerSpend": [{"Amount": "1.00"}]},
        }));
        let mut after = before.document().clone();
        after["Customer"]["Account"]["Address"] = wanted.clone();
        after["Customer"]["Account"]["OtherIndustry"] = industry.clone();
        after["Project"] = json!({"Title": industry, "ExpectedCustomerSpend": [{"Amount": wanted}]});
        settle(before.document(), &mut after);
        let whole = review(&before, after.clone(), TODAY);
        let part = review_open_part(&before, after, TODAY);
        let is_made = |change: &&Change| !part.is_skipped(&change.pointer);
        prop_assert_eq!(&part.changes, &whole.changes.iter().filter(is_made).cloned().collect::<Vec<_>>());
        if part.changes.len() < whole.changes.len() {
            prop_assert_eq!(part.refuse_locked(true), Ok(()));
        }
        let named = part.skipped.iter().flatten().map(|one| (&one.finding.pointer, &one.before, &one.wanted));
        let left_out = whole.changes.iter().filter(|change| part.is_skipped(&change.pointer));
        let left_out = left_out.map(|change| (&change.pointer, &change.before, &change.after));
        prop_assert!(named.eq(left_out));
    }
}

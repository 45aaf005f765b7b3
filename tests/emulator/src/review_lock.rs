//! Tells which members a review status locks.
//!
//! AWS reviews what a partner has submitted; while it reviews, and once it has approved, members are
//! locked (AWS's page "Working with opportunity updates"). An update carries the whole opportunity, so
//! a lock concerns what would change, not what is sent.

use serde_json::Value;

use crate::document::Document;
use crate::refusal::{Code, Violation};
use crate::review;

/// What a partner can correct while action is required.
const OPEN_IN_ACTION_REQUIRED: [&str; 10] = [
    "/Customer/Account/Address/City",
    "/Customer/Account/Address/CountryCode",
    "/Customer/Account/Address/PostalCode",
    "/Customer/Account/Address/StateOrRegion",
    "/Customer/Account/Address/StreetAddress",
    "/Customer/Account/WebsiteUrl",
    "/LifeCycle/TargetCloseDate",
    "/PartnerOpportunityIdentifier",
    "/Project/CustomerBusinessProblem",
    // AWS's page lists each of its members.
    "/Project/ExpectedCustomerSpend",
];
/// What stays as approved.
const LOCKED_IN_APPROVED: [&str; 7] = [
    "/Customer/Account/Address/CountryCode",
    "/Customer/Account/Address/PostalCode",
    "/Customer/Account/Industry",
    "/Customer/Account/WebsiteUrl",
    "/PartnerOpportunityIdentifier",
    "/Project/CustomerBusinessProblem",
    "/Project/Title",
];
/// AWS's own member: no update by a partner changes it, except in the sandbox, where changing it
/// simulates a review.
const REVIEW_STATUS: &str = "/LifeCycle/ReviewStatus";

/// Every change from `before` to `after` that the review status of `before` does not allow.
pub(crate) fn violations(before: &Document, after: &Document) -> Vec<Violation> {
    let status = review::status(before);
    let mut changed = Vec::new();
    changes(before, after, "", &mut changed);
    changed.retain(|pointer| pointer != REVIEW_STATUS && !is_open(status, pointer));
    let violation = |pointer: &String| {
        let message = format!("`{pointer}` is locked while the review status is `{status}`");
        Violation::new(pointer, Code::ActionNotPermitted, message)
    };
    changed.iter().map(violation).collect()
}

fn is_open(status: &str, pointer: &str) -> bool {
    match status {
        "Submitted" | "In review" | "Rejected" => false,
        "Action Required" => OPEN_IN_ACTION_REQUIRED.contains(&pointer),
        "Approved" => !LOCKED_IN_APPROVED.contains(&pointer),
        _ => true,
    }
}

/// The pointers at which two objects differ. A list is one value. Absent equals null, because an update
/// writes null for every absent member.
fn changes(before: &Document, after: &Document, pointer: &str, found: &mut Vec<String>) {
    let nothing = Document::new();
    let added = after.keys().filter(|name| !before.contains_key(*name));
    for name in before.keys().chain(added) {
        let pointer = format!("{pointer}/{name}");
        let before = before.get(name).unwrap_or(&Value::Null);
        let after = after.get(name).unwrap_or(&Value::Null);
        match (before, after) {
            (before, after) if is_same(before, after) => {}
            (Value::Object(before), Value::Object(after)) => {
                changes(before, after, &pointer, found);
            }
            (Value::Object(before), Value::Null) => changes(before, &nothing, &pointer, found),
            (Value::Null, Value::Object(after)) => changes(&nothing, after, &pointer, found),
            _ => found.push(pointer),
        }
    }
}

fn is_same(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => {
            let mut pairs = before.iter().zip(after);
            before.len() == after.len() && pairs.all(|(before, after)| is_same(before, after))
        }
        (Value::Object(before), Value::Object(after)) => {
            let mut found = Vec::new();
            changes(before, after, "", &mut found);
            found.is_empty()
        }
        (before, after) => before == after,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An opportunity with a value for every member in the tables below.
    fn opportunity(status: &str) -> Value {
        json!({
            "PartnerOpportunityIdentifier": "P-1",
            "Customer": {
                "Account": {
                    "Industry": "Retail",
                    "WebsiteUrl": "https://example.com",
                    "CompanyName": "Example",
                    "Address": {
                        "City": "Hamburg",
                        "CountryCode": "DE",
                        "PostalCode": "20095",
                        "StateOrRegion": "Hamburg",
                        "StreetAddress": "Am Kai 1",
                    },
                },
                "Contacts": [{ "FirstName": "Ada" }],
            },
            "Project": {
                "Title": "Migration",
                "CustomerBusinessProblem": "The data centre closes in May.",
                "ExpectedCustomerSpend": [{ "Amount": "1.00" }],
                "Unheard": { "Of": 1 },
            },
            "LifeCycle": { "ReviewStatus": status, "TargetCloseDate": "2027-01-01" },
            "Tomorrow": true,
        })
    }

    fn fields(before: &Value, after: &Value) -> Vec<String> {
        let (Value::Object(before), Value::Object(after)) = (before, after) else {
            panic!("two opportunities");
        };
        let violations = violations(before, after);
        assert!(
            violations
                .iter()
                .all(|it| it.code == Code::ActionNotPermitted)
        );
        violations.into_iter().map(|it| it.field_name).collect()
    }

    const EDITS: [(&str, &str); 17] = [
        (
            "/PartnerOpportunityIdentifier",
            "partnerOpportunityIdentifier",
        ),
        ("/Customer/Account/Industry", "customer.account.industry"),
        (
            "/Customer/Account/WebsiteUrl",
            "customer.account.websiteUrl",
        ),
        (
            "/Customer/Account/CompanyName",
            "customer.account.companyName",
        ),
        (
            "/Customer/Account/Address/City",
            "customer.account.address.city",
        ),
        (
            "/Customer/Account/Address/CountryCode",
            "customer.account.address.countryCode",
        ),
        (
            "/Customer/Account/Address/PostalCode",
            "customer.account.address.postalCode",
        ),
        (
            "/Customer/Account/Address/StateOrRegion",
            "customer.account.address.stateOrRegion",
        ),
        (
            "/Customer/Account/Address/StreetAddress",
            "customer.account.address.streetAddress",
        ),
        ("/Customer/Contacts/0/FirstName", "customer.contacts"),
        ("/Project/Title", "project.title"),
        (
            "/Project/CustomerBusinessProblem",
            "project.customerBusinessProblem",
        ),
        (
            "/Project/ExpectedCustomerSpend/0/Amount",
            "project.expectedCustomerSpend",
        ),
        ("/Project/Unheard/Of", "project.unheard.of"),
        ("/LifeCycle/TargetCloseDate", "lifeCycle.targetCloseDate"),
        ("/LifeCycle/ReviewStatus", "lifeCycle.reviewStatus"),
        ("/Tomorrow", "tomorrow"),
    ];

    /// Which of the edits above a status locks.
    fn locked(status: &str) -> Vec<&'static str> {
        let before = opportunity(status);
        let is_locked = |(pointer, field): &(&str, &'static str)| {
            let mut after = before.clone();
            *after.pointer_mut(pointer).unwrap() = json!("changed");
            let fields = fields(&before, &after);
            assert!(
                fields.is_empty() || fields == [*field],
                "{status} {pointer} {fields:?}"
            );
            (!fields.is_empty()).then_some(*field)
        };
        EDITS.iter().filter_map(is_locked).collect()
    }

    #[test]
    fn nothing_is_locked_before_submission() {
        assert_eq!(locked("Pending Submission"), Vec::<&str>::new());
    }

    #[test]
    fn everything_is_locked_under_review_and_after_rejection() {
        let mut everything: Vec<&str> = EDITS.iter().map(|(_, field)| *field).collect();
        everything.retain(|field| *field != "lifeCycle.reviewStatus");
        for status in ["Submitted", "In review", "Rejected"] {
            assert_eq!(locked(status), everything, "{status}");
        }
    }

    #[test]
    fn seven_members_are_locked_once_approved() {
        let expected = [
            "partnerOpportunityIdentifier",
            "customer.account.industry",
            "customer.account.websiteUrl",
            "customer.account.address.countryCode",
            "customer.account.address.postalCode",
            "project.title",
            "project.customerBusinessProblem",
        ];
        assert_eq!(locked("Approved"), expected);
    }

    #[test]
    fn when_action_is_required_only_the_members_to_correct_are_open() {
        let expected = [
            "customer.account.industry",
            "customer.account.companyName",
            "customer.contacts",
            "project.title",
            "project.unheard.of",
            "tomorrow",
        ];
        assert_eq!(locked("Action Required"), expected);
    }

    #[test]
    fn writing_null_for_an_absent_member_is_no_change() {
        let before = opportunity("Submitted");
        let mut after = before.clone();
        after["Marketing"] = json!({ "Source": null });
        after["Customer"]["Contacts"][0]["Phone"] = json!(null);
        assert_eq!(fields(&before, &after), Vec::<String>::new());
        assert_eq!(fields(&after, &before), Vec::<String>::new());
    }

    #[test]
    fn removing_or_adding_an_object_changes_each_of_its_members() {
        let before = opportunity("Approved");
        let mut after = before.clone();
        after["Project"] = json!(null);
        let expected = ["project.title", "project.customerBusinessProblem"];
        assert_eq!(fields(&before, &after), expected);
        assert_eq!(fields(&after, &before), expected);
    }
}

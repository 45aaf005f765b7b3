//! Tells which fields a partner may change at each review status.
//!
//! Source: "Working with opportunity updates" in AWS's developer guide. AWS decides; this repeats its
//! documentation, so that a caller learns of every closed field at once and by name.

use crate::{
    change::Change,
    opportunity::Opportunity,
    owner,
    pointer::{is_within, overlap},
};

/// The fields that stay open while `ReviewStatus` is `Action Required`.
const OPEN_IN_ACTION_REQUIRED: [&str; 6] = [
    "/Customer/Account/Address",
    "/Customer/Account/WebsiteUrl",
    "/LifeCycle/TargetCloseDate",
    "/PartnerOpportunityIdentifier",
    "/Project/CustomerBusinessProblem",
    "/Project/ExpectedCustomerSpend",
];

/// The fields that are closed while `ReviewStatus` is `Approved`.
const CLOSED_IN_APPROVED: [&str; 7] = [
    "/Customer/Account/Address/CountryCode",
    "/Customer/Account/Address/PostalCode",
    "/Customer/Account/Industry",
    "/Customer/Account/WebsiteUrl",
    "/PartnerOpportunityIdentifier",
    "/Project/CustomerBusinessProblem",
    "/Project/Title",
];

/// Whether a review ends with this status. What it closes stays closed, but in catalog `Sandbox`.
pub(crate) fn is_final(review_status: &str) -> bool {
    matches!(review_status, "Approved" | "Rejected")
}

impl Opportunity {
    /// `LifeCycle.ReviewStatus`, such as `Approved`.
    #[must_use]
    pub fn review_status(&self) -> Option<&str> {
        self.document()
            .get("LifeCycle")?
            .get("ReviewStatus")?
            .as_str()
    }

    /// Whether the review status closes the field of a change. A status that AWS adds later closes nothing:
    /// then AWS decides.
    #[must_use]
    pub fn locks(&self, change: &Change) -> bool {
        let pointer = change.pointer.as_str();
        let is_closed = match self.review_status() {
            Some("Submitted" | "In review" | "Rejected") => true,
            Some("Action Required") => !OPEN_IN_ACTION_REQUIRED
                .iter()
                .any(|open| is_within(pointer, open)),
            Some("Approved") => CLOSED_IN_APPROVED
                .iter()
                .any(|closed| overlap(pointer, closed)),
            _ => false,
        };
        is_closed && !self.simulates_review(change)
    }

    /// Whether AWS has the opportunity before it, so that the partner may change nothing.
    #[must_use]
    pub fn is_in_review(&self) -> bool {
        matches!(self.review_status(), Some("Submitted" | "In review"))
    }

    /// Whether a change sets the review status in catalog `Sandbox`, which simulates a review.
    pub(crate) fn simulates_review(&self, change: &Change) -> bool {
        self.catalog() == "Sandbox" && change.pointer == owner::REVIEW_STATUS
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Catalog;

    fn opportunity(catalog: &str, status: &str) -> Opportunity {
        let document = json!({
            "Id": "O1", "Catalog": catalog, "LastModifiedDate": "m", "LifeCycle": {"ReviewStatus": status},
        });
        let Value::Object(document) = document else {
            panic!("an object")
        };
        Opportunity::from_document(document, &Catalog::parse(catalog).unwrap()).unwrap()
    }

    fn change(pointer: &str) -> Change {
        Change {
            pointer: pointer.to_owned(),
            before: json!(1),
            after: json!(2),
        }
    }

    /// A pointer, and whether it is closed at: Pending Submission, Submitted, In review, Action Required,
    /// Approved, Rejected, and a status that AWS may add.
    const TABLE: [(&str, [bool; 7]); 19] = [
        (
            "/LifeCycle/Stage",
            [false, true, true, true, false, true, false],
        ),
        (
            "/LifeCycle/NextSteps",
            [false, true, true, true, false, true, false],
        ),
        (
            "/LifeCycle/TargetCloseDate",
            [false, true, true, false, false, true, false],
        ),
        (
            "/Customer/Account/CompanyName",
            [false, true, true, true, false, true, false],
        ),
        (
            "/Customer/Account/Industry",
            [false, true, true, true, true, true, false],
        ),
        (
            "/Customer/Account/WebsiteUrl",
            [false, true, true, false, true, true, false],
        ),
        (
            "/Customer/Account/Address/City",
            [false, true, true, false, false, true, false],
        ),
        (
            "/Customer/Account/Address/StateOrRegion",
            [false, true, true, false, false, true, false],
        ),
        (
            "/Customer/Account/Address/StreetAddress",
            [false, true, true, false, false, true, false],
        ),
        (
            "/Customer/Account/Address/CountryCode",
            [false, true, true, false, true, true, false],
        ),
        (
            "/Customer/Account/Address/PostalCode",
            [false, true, true, false, true, true, false],
        ),
        (
            "/Customer/Account/Address",
            [false, true, true, false, true, true, false],
        ),
        (
            "/Customer/Contacts",
            [false, true, true, true, false, true, false],
        ),
        (
            "/PartnerOpportunityIdentifier",
            [false, true, true, false, true, true, false],
        ),
        (
            "/Project/CustomerBusinessProblem",
            [false, true, true, false, true, true, false],
        ),
        (
            "/Project/ExpectedCustomerSpend/0/Amount",
            [false, true, true, false, false, true, false],
        ),
        (
            "/Project/ExpectedCustomerSpend",
            [false, true, true, false, false, true, false],
        ),
        (
            "/Project/Title",
            [false, true, true, true, true, true, false],
        ),
        (
            "/Project/TitleOfTomorrow",
            [false, true, true, true, false, true, false],
        ),
    ];

    #[test]
    fn the_review_status_closes_what_the_developer_guide_says() {
        let statuses = [
            "Pending Submission",
            "Submitted",
            "In review",
            "Action Required",
            "Approved",
            "Rejected",
            "Tomorrow",
        ];
        for (pointer, closed) in TABLE {
            for (status, closed) in statuses.into_iter().zip(closed) {
                assert_eq!(
                    opportunity("AWS", status).locks(&change(pointer)),
                    closed,
                    "{pointer} in {status}"
                );
            }
        }
    }

    #[test]
    fn a_review_is_under_way_from_its_submission_to_the_first_answer() {
        for (status, in_review, last) in [
            ("Pending Submission", false, false),
            ("Submitted", true, false),
            ("In review", true, false),
            ("Action Required", false, false),
            ("Approved", false, true),
            ("Rejected", false, true),
            ("Tomorrow", false, false),
        ] {
            let found = opportunity("AWS", status).is_in_review();
            assert_eq!((found, is_final(status)), (in_review, last), "{status}");
        }
    }

    #[test]
    fn in_the_sandbox_a_review_may_be_simulated_at_any_time() {
        assert!(opportunity("AWS", "Submitted").locks(&change("/LifeCycle/ReviewStatus")));
        assert!(!opportunity("Sandbox", "Submitted").locks(&change("/LifeCycle/ReviewStatus")));
    }
}

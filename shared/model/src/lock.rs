//! Which paths an opportunity's review leaves open to the partner.
//!
//! Source: "Working with opportunity updates" in AWS's developer guide. AWS is the judge; this is
//! what its documentation says, so that a caller learns of every closed path at once and by name.

use crate::{Change, Opportunity};

/// Members of `LifeCycle` that hold AWS's side of the review.
const OF_AWS: [&str; 4] = [
    "/LifeCycle/NextStepsHistory",
    "/LifeCycle/ReviewComments",
    REVIEW_STATUS,
    "/LifeCycle/ReviewStatusReason",
];

const REVIEW_STATUS: &str = "/LifeCycle/ReviewStatus";

/// What stays open while `ReviewStatus` is `Action Required`.
const OPEN_IN_ACTION_REQUIRED: [&str; 6] = [
    "/Customer/Account/Address",
    "/Customer/Account/WebsiteUrl",
    "/LifeCycle/TargetCloseDate",
    "/PartnerOpportunityIdentifier",
    "/Project/CustomerBusinessProblem",
    "/Project/ExpectedCustomerSpend",
];

/// What closes when `ReviewStatus` is `Approved`.
const CLOSED_IN_APPROVED: [&str; 7] = [
    "/Customer/Account/Address/CountryCode",
    "/Customer/Account/Address/PostalCode",
    "/Customer/Account/Industry",
    "/Customer/Account/WebsiteUrl",
    "/PartnerOpportunityIdentifier",
    "/Project/CustomerBusinessProblem",
    "/Project/Title",
];

impl Opportunity {
    /// `LifeCycle.ReviewStatus`, such as `Approved`.
    #[must_use]
    pub fn review_status(&self) -> Option<&str> {
        self.document()
            .get("LifeCycle")?
            .get("ReviewStatus")?
            .as_str()
    }

    /// Whether a change is to AWS's side of the review. In catalog `Sandbox` the review status is
    /// the partner's: setting it simulates a review.
    #[must_use]
    pub fn belongs_to_aws(&self, change: &Change) -> bool {
        OF_AWS.iter().any(|path| overlap(path, &change.path)) && !self.simulates_review(change)
    }

    /// Whether the opportunity's review status closes the path of a change. A status that AWS adds
    /// tomorrow closes nothing: AWS judges then.
    #[must_use]
    pub fn locks(&self, change: &Change) -> bool {
        let path = change.path.as_str();
        let is_closed = match self.review_status() {
            Some("Submitted" | "In review" | "Rejected") => true,
            Some("Action Required") => !OPEN_IN_ACTION_REQUIRED
                .iter()
                .any(|open| is_within(path, open)),
            Some("Approved") => CLOSED_IN_APPROVED
                .iter()
                .any(|closed| overlap(path, closed)),
            _ => false,
        };
        is_closed && !self.simulates_review(change)
    }

    fn simulates_review(&self, change: &Change) -> bool {
        self.catalog() == "Sandbox" && change.path == REVIEW_STATUS
    }
}

/// Whether one path is the other or lies within it.
fn overlap(one: &str, other: &str) -> bool {
    is_within(one, other) || is_within(other, one)
}

fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn opportunity(catalog: &str, status: &str) -> Opportunity {
        let document = json!({
            "Id": "O1", "Catalog": catalog, "LastModifiedDate": "m", "LifeCycle": {"ReviewStatus": status},
        });
        let Value::Object(document) = document else {
            panic!("an object")
        };
        Opportunity::from_document(document).unwrap()
    }

    fn change(path: &str) -> Change {
        Change {
            path: path.to_owned(),
            before: json!(1),
            after: json!(2),
        }
    }

    /// Path, and whether it is closed in: Pending Submission, Submitted, In review,
    /// Action Required, Approved, Rejected, and a status of tomorrow.
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
        for (path, closed) in TABLE {
            for (status, closed) in statuses.into_iter().zip(closed) {
                assert_eq!(
                    opportunity("AWS", status).locks(&change(path)),
                    closed,
                    "{path} in {status}"
                );
            }
        }
    }

    #[test]
    fn the_review_belongs_to_aws_and_in_the_sandbox_its_status_does_not() {
        for (path, of_aws, of_aws_in_sandbox) in [
            ("/LifeCycle/ReviewStatus", true, false),
            ("/LifeCycle/ReviewComments", true, true),
            ("/LifeCycle/ReviewStatusReason", true, true),
            ("/LifeCycle/NextStepsHistory", true, true),
            ("/LifeCycle/NextStepsHistory/0/Value", true, true),
            ("/LifeCycle/NextSteps", false, false),
        ] {
            assert_eq!(
                opportunity("AWS", "Approved").belongs_to_aws(&change(path)),
                of_aws,
                "{path}"
            );
            assert_eq!(
                opportunity("Sandbox", "Approved").belongs_to_aws(&change(path)),
                of_aws_in_sandbox,
                "{path}"
            );
        }
        assert!(opportunity("AWS", "Submitted").locks(&change("/LifeCycle/ReviewStatus")));
        assert!(!opportunity("Sandbox", "Submitted").locks(&change("/LifeCycle/ReviewStatus")));
    }
}

//! Opportunities to test with.

use serde_json::{Value, json};

/// The sample that the demo starts with: `O7654321` in catalog `Sandbox`.
pub(crate) fn sample() -> Value {
    include_str!("../../events/opportunity.json")
        .parse()
        .expect("the sample is JSON")
}

/// An opportunity full of members that no release knows, explicit nulls, empty values and numbers that
/// a float cannot hold: `O1` in catalog `Sandbox`.
pub(crate) fn of_tomorrow() -> Value {
    r#"{
        "Zeta": {"Deep": [{"Deeper": {"Number": 18446744073709551617, "Null": null}}, [], {}]},
        "Id": "O1",
        "Arn": "arn:aws:partnercentral:us-east-1:111122223333:catalog/Sandbox/opportunity/O1",
        "Catalog": "Sandbox",
        "CreatedDate": "2026-01-01T00:00:00Z",
        "LastModifiedDate": "2026-01-02T03:04:05.120Z",
        "AddedTomorrow": 1.10,
        "Tiny": 0.1000000000000000055511151231257827,
        "Negative": -0.0,
        "Customer": {
            "Account": {"CompanyName": "Crane & Söhne", "FutureField": {"a": [1.0, 2.50]}, "Industry": null},
            "Contacts": []
        },
        "LifeCycle": {"Stage": "Prospect", "ReviewStatus": "Approved", "FutureFlag": false, "NextSteps": null},
        "Project": {
            "Title": "Cranes",
            "ExpectedContractDuration": {"Term": "Months", "Value": "24", "Renewal": {"Auto": true}},
            "ExpectedCustomerSpend": [
                {"Amount": "100.10", "CurrencyCode": "USD", "Frequency": "None", "TargetCompany": "AWS", "Tier": 3}
            ]
        },
        "PrimaryNeedsFromAws": ["Do Not Need Support from AWS Sales Rep"],
        "SoftwareRevenue": null,
        "RelatedEntityIdentifiers": {"Solutions": ["S-1"], "Tomorrow": ["T-1"]},
        "OpportunityTeam": [{"Email": "a@partner.example"}],
        "~/odd name": "kept"
    }"#
    .parse()
    .expect("the document is JSON")
}

/// The warnings that every patch of [`of_tomorrow`] gets: its values are missing from AWS's own model.
pub(crate) fn warnings_of_tomorrow() -> Value {
    json!([
        {
            "pointer": "/Project/ExpectedCustomerSpend/0/Frequency", "code": "unlisted-value",
            "detail": "`None` is not in AWS's list, expected `Monthly`", "source": "opportunity",
        },
        {
            "pointer": "/PrimaryNeedsFromAws/0", "code": "unlisted-value", "detail": "`Do Not Need Support from AWS Sales Rep` is not in AWS's list, expected one of \
                `Co-Sell - Architectural Validation`, `Co-Sell - Business Presentation`, \
                `Co-Sell - Competitive Information`, `Co-Sell - Pricing Assistance`, \
                `Co-Sell - Technical Consultation`, `Co-Sell - Total Cost of Ownership Evaluation`, \
                `Co-Sell - Deal Support`, `Co-Sell - Support for Public Tender / RFx`", "source": "opportunity",
        },
    ])
}

/// A minimal opportunity: `O1` in catalog `Sandbox`, plus these members.
pub(crate) fn with(members: &Value) -> Value {
    let mut document =
        json!({"Id": "O1", "Catalog": "Sandbox", "LastModifiedDate": "2026-01-02T03:04:05.120Z"});
    for (name, value) in members.as_object().expect("members") {
        document[name] = value.clone();
    }
    document
}

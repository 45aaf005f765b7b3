//! `GetAwsOpportunitySummary`: what AWS itself says of an opportunity.

use serde_json::{Value, json};

use crate::constraints::validate;
use crate::document::{Document, text};
use crate::refusal::Refusal;
use crate::state::State;

pub(crate) fn get_aws_opportunity_summary(
    state: &mut State,
    request: &Document,
) -> Result<Value, Refusal> {
    validate("GetAwsOpportunitySummary", request, None)?;
    let document = state.store.find(request, "RelatedOpportunityIdentifier")?;
    let (catalog, id) = (text(document, "Catalog"), text(document, "Id"));
    match state.summaries.get(id) {
        Some(None) => Err(Refusal::NotFound(id.to_owned())),
        Some(Some(summary)) => Ok(summary.clone()),
        // What AWS shows of an opportunity that it has only just received, in the recorded shape.
        None => Ok(json!({
            "Catalog": catalog,
            "Customer": { "Contacts": [] },
            "Insights": {
                "AwsProductsSpendInsightsBySource": null,
                "EngagementScore": null,
                "NextBestActions": null,
            },
            "InvolvementType": "Co-Sell",
            "InvolvementTypeChangeReason": null,
            "LifeCycle": {
                "ClosedLostReason": null,
                "NextSteps": null,
                "NextStepsHistory": [],
                "Stage": "Not Started",
                "TargetCloseDate": null,
            },
            "OpportunityTeam": [],
            "Origin": "Partner Referral",
            "Project": { "AwsPartition": null, "ExpectedCustomerSpend": [] },
            "RelatedEntityIds": { "AwsProducts": [], "Solutions": [] },
            "RelatedOpportunityId": id,
            "Visibility": "Full",
        })),
    }
}

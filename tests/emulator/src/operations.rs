//! The operations, one function each: from a request's document to an answer's document.

use serde_json::{Value, json};

use crate::call::{Api, PARTNER_CENTRAL, SECRETS_MANAGER};
use crate::constraints;
use crate::lambda::INVOKE;
use crate::list::list_opportunities;
use crate::lock;
use crate::put::{complete, put};
use crate::quota::Quota;
use crate::refusal::{Reason, Refusal, refuse};
use crate::shape::SHAPES;
use crate::state::State;
use crate::store::{Document, instant, object_mut, text};

/// An operation of the API.
pub(crate) struct Operation {
    pub(crate) api: &'static Api,
    pub(crate) name: &'static str,
    pub(crate) quota: Quota,
    pub(crate) carry_out: CarryOut,
}

/// The operation whose answer is never recorded.
pub(crate) const SECRET: &str = "GetSecretValue";

type CarryOut = fn(&mut State, &Document) -> Result<Value, Refusal>;

/// Every operation served.
pub(crate) static OPERATIONS: [Operation; 8] = [
    write("AssociateOpportunity", associate_opportunity),
    write("CreateOpportunity", create_opportunity),
    write("DisassociateOpportunity", disassociate_opportunity),
    read("GetAwsOpportunitySummary", get_aws_opportunity_summary),
    read("GetOpportunity", get_opportunity),
    read("ListOpportunities", list_opportunities),
    write("UpdateOpportunity", update_opportunity),
    Operation {
        api: &SECRETS_MANAGER,
        name: SECRET,
        quota: Quota::None,
        carry_out: get_secret_value,
    },
];

const fn read(name: &'static str, carry_out: CarryOut) -> Operation {
    Operation {
        api: &PARTNER_CENTRAL,
        name,
        quota: Quota::Read,
        carry_out,
    }
}

const fn write(name: &'static str, carry_out: CarryOut) -> Operation {
    Operation {
        quota: Quota::Write,
        ..read(name, carry_out)
    }
}

/// Whether an operation exists, and so can be made to fail.
pub(crate) fn is_known(name: &str) -> bool {
    name == INVOKE || OPERATIONS.iter().any(|it| it.name == name)
}

/// Whether an operation changes an opportunity.
pub(crate) fn is_write(name: &str) -> bool {
    let mut operations = OPERATIONS.iter().filter(|it| it.quota == Quota::Write);
    operations.any(|it| it.name == name)
}

/// An account that belongs to nobody: AWS uses it in its own examples.
pub(crate) const ACCOUNT: &str = "111122223333";

/// Refuses a request that the model does not allow.
pub(crate) fn validate(
    operation: &str,
    request: &Document,
    carried: Option<&Document>,
) -> Result<(), Refusal> {
    let violations = constraints::violations(operation, request, carried);
    refuse(Reason::RequestValidationFailed, violations)
}

fn get_opportunity(state: &mut State, request: &Document) -> Result<Value, Refusal> {
    validate("GetOpportunity", request, None)?;
    let document = state.store.find(request, "Identifier")?;
    Ok(Value::Object(document.clone()))
}

fn update_opportunity(state: &mut State, request: &Document) -> Result<Value, Refusal> {
    let stored = state.store.find(request, "Identifier");
    let date = |document| instant(text(document, "LastModifiedDate"));
    let is_stale = stored.as_ref().is_ok_and(|it| date(it) != date(request));
    // A stale request must end in a conflict, even if it carries values from an earlier read that the
    // model lacks. So it is not compared with the current opportunity.
    let carried = stored.as_ref().ok().copied().filter(|_| !is_stale);
    validate(
        "UpdateOpportunity",
        request,
        Some(carried.unwrap_or(request)),
    )?;
    let stored = stored?;
    let id = text(stored, "Id").to_owned();
    if is_stale {
        let what = "has been changed since `LastModifiedDate`, expected the date of a fresh read";
        return Err(Refusal::Conflict(format!("opportunity `{id}` {what}")));
    }
    let document = put(stored, request);
    let locked = lock::violations(stored, &document);
    refuse(Reason::BusinessValidationFailed, locked)?;
    let date = state.store.write(document);
    Ok(json!({ "Id": id, "LastModifiedDate": date }))
}

fn create_opportunity(state: &mut State, request: &Document) -> Result<Value, Refusal> {
    validate("CreateOpportunity", request, None)?;
    let token = text(request, "ClientToken").to_owned();
    if let Some((known, answer)) = state.created.get(&token) {
        if known == request {
            return Ok(answer.clone());
        }
        // AWS's words, from its page on `CreateOpportunity`.
        let what = "Conflicting client token submitted for a new request body.";
        return Err(Refusal::Conflict(what.to_owned()));
    }
    let id = state.store.unused_id();
    let date = state.store.create(created(request, &id));
    let answer = json!({
        "Id": id,
        "LastModifiedDate": date,
        "PartnerOpportunityIdentifier": request.get("PartnerOpportunityIdentifier"),
    });
    let creation = (request.clone(), answer.clone());
    state.created.insert(token, creation);
    Ok(answer)
}

/// The opportunity that a creation asks for, without its dates.
fn created(request: &Document, id: &str) -> Document {
    let mut document = request.clone();
    for name in ["ClientToken", "Origin", "Tags"] {
        document.shift_remove(name);
    }
    let catalog = text(request, "Catalog");
    let arn = format!("arn:aws:partnercentral:us-east-1:{ACCOUNT}:catalog/{catalog}/opportunity");
    document.insert("Arn".to_owned(), json!(format!("{arn}/{id}")));
    document.insert("Id".to_owned(), json!(id));
    document.entry("OpportunityTeam").or_insert(json!([]));
    let related = SHAPES.values.get("RelatedEntityType").into_iter().flatten();
    let related = related.map(|name| (name.clone(), json!([]))).collect();
    document.insert("RelatedEntityIdentifiers".to_owned(), related);
    if let Some(life_cycle) = object_mut(&mut document, "LifeCycle") {
        life_cycle.insert("ReviewStatus".to_owned(), json!("Pending Submission"));
    }
    complete(&mut document);
    document
}

fn associate_opportunity(state: &mut State, request: &Document) -> Result<Value, Refusal> {
    change_related("AssociateOpportunity", state, request, |list, id| {
        if !list.contains(id) {
            list.push(id.clone());
        }
    })
}

fn disassociate_opportunity(state: &mut State, request: &Document) -> Result<Value, Refusal> {
    change_related("DisassociateOpportunity", state, request, |list, id| {
        list.retain(|known| known != id);
    })
}

fn change_related(
    operation: &str,
    state: &mut State,
    request: &Document,
    change: impl FnOnce(&mut Vec<Value>, &Value),
) -> Result<Value, Refusal> {
    validate(operation, request, None)?;
    let mut document = state.store.find(request, "OpportunityIdentifier")?.clone();
    let kind = text(request, "RelatedEntityType");
    if let Some(related) = object_mut(&mut document, "RelatedEntityIdentifiers")
        && let Some(id) = request.get("RelatedEntityIdentifier")
    {
        let known = related.get(kind).and_then(Value::as_array);
        let mut list = known.cloned().unwrap_or_default();
        change(&mut list, id);
        related.insert(kind.to_owned(), Value::Array(list));
    }
    state.store.write(document);
    Ok(json!({}))
}

fn get_aws_opportunity_summary(state: &mut State, request: &Document) -> Result<Value, Refusal> {
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

fn get_secret_value(state: &mut State, request: &Document) -> Result<Value, Refusal> {
    validate("GetSecretValue", request, None)?;
    let id = text(request, "SecretId");
    let arn =
        |name: &str| format!("arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{name}-AbCdEf");
    let mut secrets = state.secrets.iter();
    let found = secrets.find(|(name, _)| *name == id || arn(name) == id);
    let (name, value) = found.ok_or(Refusal::SecretNotFound)?;
    Ok(json!({
        "ARN": arn(name),
        "CreatedDate": 1_765_794_030,
        "Name": name,
        "SecretString": value,
        "VersionId": "00000000-0000-4000-8000-000000000001",
        "VersionStages": ["AWSCURRENT"],
    }))
}

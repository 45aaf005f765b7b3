//! `ListOpportunities`: lists opportunities in the order asked for, a page at a time.
//!
//! AWS does not promise that a list is a snapshot, so this one is not: each page is a part of the
//! current order. In a list ordered by last change, an opportunity that changes between two pages moves
//! to the other end and is listed again, and all behind it move up: one of them slips into a page that
//! was already read. A client has to cope with that.

use serde_json::{Value, json};

use crate::constraints::validate;
use crate::document::{Document, instant};
use crate::refusal::{Code, Reason, Refusal, Violation};
use crate::state::State;

/// The summaries on a page if the request does not say (AWS's page on the operation).
const DEFAULT_PAGE: usize = 20;
/// The beginning of a `NextToken`; a position in the order follows. Clients treat it as opaque.
const TOKEN: &str = "opportunities-from-";

/// Filters by value, with the document's pointer to that value.
const VALUE_FILTERS: [(&str, &str); 4] = [
    ("CustomerCompanyName", "/Customer/Account/CompanyName"),
    ("Identifier", "/Id"),
    ("LifeCycleReviewStatus", "/LifeCycle/ReviewStatus"),
    ("LifeCycleStage", "/LifeCycle/Stage"),
];
/// Filters by a span of time, with the document's pointer to the date.
const DATE_FILTERS: [(&str, &str); 3] = [
    ("CreatedDate", "/CreatedDate"),
    ("LastModifiedDate", "/LastModifiedDate"),
    ("TargetCloseDate", "/LifeCycle/TargetCloseDate"),
];

pub(crate) fn list_opportunities(state: &mut State, request: &Document) -> Result<Value, Refusal> {
    validate("ListOpportunities", request, None)?;
    let request = Value::Object(request.clone());
    let start = match request.pointer("/NextToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => position(token)?,
    };
    let size = request.pointer("/MaxResults").and_then(Value::as_u64);
    let size = size
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(DEFAULT_PAGE);

    let documents = state.store.all().cloned().map(Value::Object);
    let mut found: Vec<Value> = documents.filter(|it| is_wanted(it, &request)).collect();
    sort(&mut found, &request);
    let next = (start + size < found.len()).then(|| format!("{TOKEN}{}", start + size));
    let page = found.iter().skip(start).take(size);
    let summaries: Vec<Value> = page.map(|document| filled(&summary(), document)).collect();
    Ok(json!({ "NextToken": next, "OpportunitySummaries": summaries }))
}

fn position(token: &str) -> Result<usize, Refusal> {
    let position = token
        .strip_prefix(TOKEN)
        .and_then(|position| position.parse().ok());
    position.ok_or_else(|| {
        let message = format!("`/NextToken` is `{token}`, expected the token of an earlier page");
        let violation = Violation::new("/NextToken", Code::InvalidValue, message);
        Refusal::Validation(Reason::RequestValidationFailed, vec![violation])
    })
}

fn is_wanted(document: &Value, request: &Value) -> bool {
    let is_in_catalog = document.get("Catalog") == request.get("Catalog");
    let has_value = |(filter, pointer): &(&str, &str)| {
        let wanted = request.get(filter).and_then(Value::as_array);
        let value = document.pointer(pointer).unwrap_or(&Value::Null);
        wanted.is_none_or(|wanted| wanted.is_empty() || wanted.contains(value))
    };
    let is_within = |(filter, pointer): &(&str, &str)| {
        let Some(span) = request.get(filter).and_then(Value::as_object) else {
            return true;
        };
        let date = moment(document, pointer);
        let bound = |side: &str| span.get(&format!("{side}{filter}")).map(comparable);
        // AWS's page on the operation says "on or after" the first date, another page says "after". A
        // client whose windows overlap is right either way.
        bound("After").is_none_or(|after| date >= after)
            && bound("Before").is_none_or(|before| date < before)
    };
    is_in_catalog && VALUE_FILTERS.iter().all(has_value) && DATE_FILTERS.iter().all(is_within)
}

/// Sorts as asked; by default, by last change, newest first.
fn sort(documents: &mut [Value], request: &Value) {
    let asked = |member| request.get("Sort")?.get(member)?.as_str();
    let pointer = match asked("SortBy") {
        Some("CreatedDate") => "/CreatedDate",
        Some("CustomerCompanyName") => "/Customer/Account/CompanyName",
        Some("Identifier") => "/Id",
        Some("TargetCloseDate") => "/LifeCycle/TargetCloseDate",
        _ => "/LastModifiedDate",
    };
    documents.sort_by_cached_key(|document| moment(document, pointer));
    if asked("SortOrder") != Some("ASCENDING") {
        documents.reverse();
    }
}

fn moment(document: &Value, pointer: &str) -> (Option<i64>, String) {
    comparable(document.pointer(pointer).unwrap_or(&Value::Null))
}

/// A date as an instant, so that `03Z` and `03.149Z` sort correctly; anything else as text.
fn comparable(value: &Value) -> (Option<i64>, String) {
    let text = value.as_str().unwrap_or_default();
    match instant(text) {
        Some(instant) => (Some(instant), String::new()),
        None => (None, text.to_owned()),
    }
}

/// The members that a summary shows, as recorded, plus the model's newer `ExpectedContractDuration`.
fn summary() -> Value {
    json!({
        "Arn": null,
        "Catalog": null,
        "CreatedDate": null,
        "Customer": {
            "Account": {
                "Address": {
                    "City": null,
                    "CountryCode": null,
                    "PostalCode": null,
                    "StateOrRegion": null,
                },
                "CompanyName": null,
                "Industry": null,
                "OtherIndustry": null,
                "WebsiteUrl": null,
            },
        },
        "Id": null,
        "LastModifiedDate": null,
        "LifeCycle": {
            "ClosedLostReason": null,
            "NextSteps": null,
            "ReviewComments": null,
            "ReviewStatus": null,
            "ReviewStatusReason": null,
            "Stage": null,
            "TargetCloseDate": null,
        },
        "OpportunityType": null,
        "PartnerOpportunityIdentifier": null,
        "Project": {
            "DeliveryModels": null,
            "ExpectedContractDuration": null,
            "ExpectedCustomerSpend": null,
        },
    })
}

/// The template with a document's values in place of its nulls.
fn filled(template: &Value, document: &Value) -> Value {
    let (Value::Object(template), Value::Object(document)) = (template, document) else {
        return document.clone();
    };
    let member = |(name, template): (&String, &Value)| {
        let value = document.get(name).unwrap_or(&Value::Null);
        (name.clone(), filled(template, value))
    };
    Value::Object(template.iter().map(member).collect())
}

//! Lists the opportunities modified in a span of time, a page at a time (`ListOpportunities`).
//!
//! Only the identifier and the date of an entry are kept: the list shows a part of each opportunity, and
//! the bridge passes on only whole ones.

use aws_sdk_partnercentralselling::{
    operation::list_opportunities::ListOpportunities,
    types::{LastModifiedDate, OpportunitySort, OpportunitySortName, SortOrder},
};
use aws_smithy_types::DateTime;
use model::{Catalog, Identifier, Instant};
use serde_json::Value;

use crate::{
    client::PartnerCentral,
    error::{self, Error},
    wire::Exchange,
};

/// The most entries that AWS puts on a page.
const PAGE: i32 = 100;

/// The span in which an opportunity must have been modified to be listed.
///
/// AWS's pages disagree whether `after` itself belongs to it ("on or after" in the reference of the
/// operation, "after" in the developer guide): ask for a little more than you need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modified {
    /// The start; it may belong to the span.
    pub after: Instant,
    /// The end; it may belong to the span.
    pub before: Instant,
}

/// A page of the list, oldest change first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Each opportunity with its last change.
    pub entries: Vec<Entry>,
    /// AWS's token for the next page; `None` on the last one.
    pub next: Option<String>,
}

/// An opportunity in the list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The identifier.
    pub identifier: Identifier,
    /// Its `LastModifiedDate`.
    pub modified: Instant,
}

impl PartnerCentral {
    /// Lists opportunities by their last change, oldest first, 100 a page (`ListOpportunities`). `next`
    /// comes from the previous page.
    ///
    /// AWS does not say what happens to `next` when opportunities change meanwhile. One that changes
    /// moves to the end of this order, so another may move to a page that was already read.
    ///
    /// # Errors
    /// See [`Error`]; a response that is not such a list counts as [`Error::Unavailable`].
    pub async fn list(
        &self,
        catalog: &Catalog,
        modified: Modified,
        next: Option<&str>,
    ) -> Result<Page, Error> {
        let exchange = Exchange::of(&ListOpportunities::new());
        let dates = LastModifiedDate::builder()
            .after_last_modified_date(date(modified.after))
            .before_last_modified_date(date(modified.before))
            .build();
        let sort = OpportunitySort::builder()
            .sort_by(OpportunitySortName::LastModifieddate)
            .sort_order(SortOrder::Ascending)
            .build();
        let sort = sort.map_err(|_| malformed("the order cannot be asked for"))?;
        let sent = self
            .client
            .list_opportunities()
            .catalog(catalog.as_str())
            .last_modified_date(dates)
            .sort(sort)
            .max_results(PAGE)
            .set_next_token(next.map(str::to_owned))
            .customize()
            .interceptor(exchange.clone())
            .send()
            .await;
        let body = exchange.finish(sent.as_ref().err(), None)?;
        parse(&body, next)
    }
}

fn date(instant: Instant) -> DateTime {
    DateTime::from(std::time::SystemTime::from(instant))
}

fn parse(body: &[u8], asked: Option<&str>) -> Result<Page, Error> {
    let answer = model::json::parse(body).map_err(|error| error::not_json(&error))?;
    let Some(Value::Array(summaries)) = answer.get("OpportunitySummaries") else {
        return Err(malformed("the list has no `OpportunitySummaries`"));
    };
    let entries: Option<Vec<_>> = summaries.iter().map(entry).collect();
    let entries = entries.ok_or_else(|| {
        malformed("an entry of the list is without a well-formed `Id` or `LastModifiedDate`")
    })?;
    if !entries.is_sorted_by_key(|entry| entry.modified) {
        return Err(malformed("the list is not in the order that was asked for"));
    }
    let next = match answer.get("NextToken") {
        None | Some(Value::Null) => None,
        Some(Value::String(next)) if asked != Some(next) => Some(next.clone()),
        Some(_) => return Err(malformed("`NextToken` names no other page")),
    };
    Ok(Page { entries, next })
}

fn entry(summary: &Value) -> Option<Entry> {
    Some(Entry {
        identifier: Identifier::parse(summary.get("Id")?.as_str()?).ok()?,
        modified: Instant::parse(summary.get("LastModifiedDate")?.as_str()?).ok()?,
    })
}

/// Says what is wrong with a list in words of our own, so that its content stays out of the log.
fn malformed(what: &str) -> Error {
    Error::Unavailable {
        cause: what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(answer: &Value) -> Result<Page, String> {
        parse(answer.to_string().as_bytes(), Some("page-2")).map_err(|error| error.to_string())
    }

    fn summary(id: &str, date: &str) -> Value {
        json!({"Id": id, "LastModifiedDate": date, "AddedTomorrow": 1})
    }

    #[test]
    fn a_list_is_read_for_identifiers_and_dates_whatever_else_it_holds() {
        let answer = json!({
            "OpportunitySummaries": [
                summary("O1", "2026-03-04T05:06:08Z"),
                summary("O2", "2026-03-04T05:06:08.120Z"),
            ],
            "NextToken": "page-3",
        });
        let page = parsed(&answer).unwrap();
        let identifiers: Vec<_> = page
            .entries
            .iter()
            .map(|it| it.identifier.as_str())
            .collect();
        assert_eq!(identifiers, ["O1", "O2"]);
        assert_eq!(page.next.as_deref(), Some("page-3"));
        for last in [
            json!({"OpportunitySummaries": []}),
            json!({"OpportunitySummaries": [], "NextToken": null}),
        ] {
            assert_eq!(
                parsed(&last).unwrap(),
                Page {
                    entries: Vec::new(),
                    next: None
                }
            );
        }
    }

    #[test]
    fn a_response_that_is_not_a_list_is_an_error() {
        let late = summary("O1", "2026-03-04T05:06:08.120Z");
        let entry = "an entry of the list is without a well-formed `Id` or `LastModifiedDate`";
        for (answer, cause) in [
            (json!({}), "the list has no `OpportunitySummaries`"),
            (json!({"OpportunitySummaries": [{"Id": "O1"}]}), entry),
            (
                json!({"OpportunitySummaries": [summary("7", "2026-03-04T05:06:08Z")]}),
                entry,
            ),
            (
                json!({"OpportunitySummaries": [summary("O7", "today")]}),
                entry,
            ),
            (
                json!({"OpportunitySummaries": [late, summary("O2", "2026-03-04T05:06:08Z")]}),
                "the list is not in the order that was asked for",
            ),
            (
                json!({"OpportunitySummaries": [], "NextToken": "page-2"}),
                "`NextToken` names no other page",
            ),
            (
                json!({"OpportunitySummaries": [], "NextToken": 2}),
                "`NextToken` names no other page",
            ),
        ] {
            let expected = format!("AWS Partner Central is unavailable: {cause}");
            assert_eq!(parsed(&answer), Err(expected));
        }
    }
}

//! What a caller is told when nothing is wrong.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use model::{Adjustment, Change, Object, Opportunity};
use serde::Serialize;

use crate::{
    precondition::etag,
    prefer::{PREFERENCE_APPLIED, Preference, Return},
    problem::{ErrorDetail, Source},
};

/// The answer to a patch.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    /// The opportunity's identifier.
    pub(crate) identifier: String,
    /// What came of the patch.
    pub(crate) outcome: Outcome,
    /// `LastModifiedDate` now.
    pub(crate) last_modified_date: String,
    /// What was changed, or would be.
    pub(crate) changes: Vec<ChangeBy>,
    /// What had to be repaired to write the document back.
    pub(crate) adjustments: Vec<Adjustment>,
    /// What is not wrong enough to be refused.
    pub(crate) warnings: Vec<ErrorDetail>,
    /// A dry run's: what a real call would be refused for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) errors: Option<Vec<ErrorDetail>>,
    /// A dry run's: the body that a real call would send to `UpdateOpportunity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<Object>,
    /// The opportunity now, where a representation was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) opportunity: Option<Object>,
    /// The preference that was followed.
    #[serde(skip)]
    pub(crate) applied: Preference,
}

/// A change, and whose it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ChangeBy {
    #[serde(flatten)]
    pub(crate) change: Change,
    pub(crate) source: Source,
}

/// What came of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// The opportunity was written.
    Updated,
    /// The opportunity was already as the patch wants it: nothing was written.
    Unchanged,
    /// Nothing was to be written: the answer tells what would have been.
    DryRun,
    /// The opportunity was read.
    Read,
}

impl Outcome {
    /// What the log calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::DryRun => "dry-run",
            Self::Read => "read",
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (outcome, applied, tag) = (self.outcome, self.applied, etag(&self.last_modified_date));
        let mut response = match applied.answer {
            Return::Minimal => StatusCode::NO_CONTENT.into_response(),
            Return::Changes | Return::Representation => Json(self).into_response(),
        };
        response
            .headers_mut()
            .extend(tag.map(|tag| (header::ETAG, tag)));
        response.headers_mut().extend(
            applied
                .applied()
                .map(|applied| (PREFERENCE_APPLIED, applied)),
        );
        response.extensions_mut().insert(outcome);
        response
    }
}

/// The answer to a read: the document as Partner Central has it.
pub(crate) fn document(opportunity: Opportunity) -> Response {
    let tag: Option<HeaderValue> = etag(opportunity.last_modified_date());
    let mut response = Json(opportunity.into_document()).into_response();
    response
        .headers_mut()
        .extend(tag.map(|tag| (header::ETAG, tag)));
    response.extensions_mut().insert(Outcome::Read);
    response
}

//! What a caller is told when nothing is wrong.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use model::{Adjustment, Change};
use serde::Serialize;

/// The answer to a patch.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    /// The opportunity's identifier.
    pub(crate) identifier: String,
    /// What came of the patch.
    pub(crate) outcome: Outcome,
    /// `LastModifiedDate` now.
    pub(crate) last_modified_date: String,
    /// What the patch changed.
    pub(crate) changes: Vec<Change>,
    /// What had to be repaired to write the document back.
    pub(crate) adjustments: Vec<Adjustment>,
}

/// What came of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// The opportunity was written.
    Updated,
    /// The opportunity was already as the patch wants it: nothing was written.
    Unchanged,
}

impl Outcome {
    /// What the log calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let outcome = self.outcome;
        let mut response = Json(self).into_response();
        response.extensions_mut().insert(outcome);
        response
    }
}

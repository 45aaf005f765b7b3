//! AWS's review of an opportunity: its steps and the states between them.

use serde::Deserialize;
use serde_json::Value;

use crate::document::{Document, text};

/// A step of the review.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// The partner submits (AWS's operation `StartEngagementFromOpportunityTask`), or submits again
    /// after action was required.
    Submit,
    /// AWS begins its review.
    Start,
    Approve,
    /// AWS returns it for a correction.
    RequireAction,
    Reject,
}

impl Step {
    /// The review statuses in which the step is possible.
    pub(crate) fn from(self) -> &'static [&'static str] {
        match self {
            Self::Submit => &["Pending Submission", "Action Required"],
            Self::Start => &["Submitted"],
            Self::Approve | Self::RequireAction | Self::Reject => &["Submitted", "In review"],
        }
    }

    /// The review status after the step.
    pub(crate) fn to(self) -> &'static str {
        match self {
            Self::Submit => "Submitted",
            Self::Start => "In review",
            Self::Approve => "Approved",
            Self::RequireAction => "Action Required",
            Self::Reject => "Rejected",
        }
    }
}

/// The review status of an opportunity; empty if it has none.
pub(crate) fn status(document: &Document) -> &str {
    let life_cycle = document.get("LifeCycle").and_then(Value::as_object);
    life_cycle.map_or("", |life_cycle| text(life_cycle, "ReviewStatus"))
}

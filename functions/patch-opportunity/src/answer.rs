//! What a caller is told when nothing is wrong.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use memory::{ParkedId, Writing};
use model::{Adjustment, Change, Code, Finding, Identifier, Object, Opportunity, Skipped, Source};
use serde::Serialize;

use crate::{
    edit::Told,
    etag::{self, etag},
    prefer::{PREFERENCE_APPLIED, Preference, Return},
    problem::{MAX_TOLD, at_most},
    representation::Representation,
    settled::{Done, Settled},
};

/// The answer to a patch.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    identifier: String,
    outcome: Outcome,
    /// `LastModifiedDate` now; null where somebody may have written since.
    last_modified_date: Option<String>,
    /// The same as an entity tag, for clients that see no headers.
    etag: Option<String>,
    changes: Vec<ChangeBy>,
    /// What was wanted and is locked, where the rest was asked to be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<Vec<Skipped>>,
    /// What had to be repaired to write the document back.
    adjustments: Vec<Adjustment>,
    warnings: Vec<Finding>,
    /// How many fields of a CRM's record the mapping does not name.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<usize>,
    /// A dry run's: what a real call would be refused for.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<Finding>>,
    /// A dry run's: the body that a real call would send to `UpdateOpportunity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Object>,
    /// The opportunity now, where a representation was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    opportunity: Option<Object>,
    #[serde(skip)]
    applied: Preference,
    /// `LastModifiedDate` that the write carried.
    #[serde(skip)]
    before: Option<String>,
    /// Where a parked patch is.
    #[serde(skip)]
    location: Option<String>,
}

/// A change, and whose it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct ChangeBy {
    #[serde(flatten)]
    change: Change,
    /// The CRM's name for the place, where a record was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    source: Source,
}

impl ChangeBy {
    fn new(change: Change, source: Source) -> Self {
        Self {
            change,
            field: None,
            source,
        }
    }
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The opportunity was written.
    Updated,
    /// The opportunity was written without what its review locks.
    UpdatedInPart,
    /// The opportunity was already as the patch wants it: nothing was written.
    Unchanged,
    /// A review closes what was to change: the patch waits until it is over.
    Parked,
    /// Nothing was to be written: the answer tells what would have been.
    DryRun,
    /// The opportunity, AWS's summary of it, or what waits for its review was read.
    Read,
    /// A patch that waited was withdrawn.
    Withdrawn,
    /// The request was carried out before: the answer is the one that it had then.
    Replayed,
}

impl Outcome {
    /// Every outcome that an answer to a patch can have.
    pub const OF_PATCHES: [Self; 5] = [
        Self::Updated,
        Self::UpdatedInPart,
        Self::Unchanged,
        Self::Parked,
        Self::DryRun,
    ];

    /// Whether the opportunity was written.
    pub(crate) fn has_written(self) -> bool {
        matches!(self, Self::Updated | Self::UpdatedInPart)
    }

    /// The name, as it stands in answers and in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Updated => "updated",
            Self::UpdatedInPart => "updated-in-part",
            Self::Unchanged => "unchanged",
            Self::Parked => "parked",
            Self::DryRun => "dry-run",
            Self::Read => "read",
            Self::Withdrawn => "withdrawn",
            Self::Replayed => "replayed",
        }
    }
}

impl Answer {
    /// The answer to what was settled. `representation` is what a second read found, where one was
    /// made.
    pub(crate) fn new(
        settled: Settled,
        representation: Option<Representation>,
        preference: Preference,
    ) -> Self {
        let Settled { read, review, done } = settled;
        let mut warnings = review.warnings(preference.lenient);
        let errors = review.errors(preference.lenient);
        let is_in_part = review.skipped.iter().any(|skipped| !skipped.is_empty());
        let by_patch = review.changes.into_iter();
        let mut changes: Vec<_> = by_patch
            .map(|change| ChangeBy::new(change, Source::Patch))
            .collect();
        let (outcome, date) = match &done {
            Done::Told => (Outcome::DryRun, Some(read.last_modified_date().to_owned())),
            Done::Unchanged => (
                Outcome::Unchanged,
                Some(read.last_modified_date().to_owned()),
            ),
            Done::Updated(date) if is_in_part => (Outcome::UpdatedInPart, date.clone()),
            Done::Updated(date) => (Outcome::Updated, date.clone()),
        };
        if date.is_none() {
            warnings.push(no_etag());
        }
        let is_dry_run = outcome == Outcome::DryRun;
        let identifier = read.id().to_owned();
        let before = Some(read.last_modified_date().to_owned());
        let mut applied = Preference {
            responds_async: false,
            ..preference
        };
        // What is skipped is reported to everybody.
        if is_dry_run || is_in_part && applied.answer == Return::Minimal {
            applied.answer = Return::Changes;
        }
        let opportunity = match (applied.answer, done) {
            (Return::Representation, Done::Updated(_)) => {
                let found = representation.unwrap_or_default();
                let source = found.source;
                let besides = found.differences.into_iter();
                changes.extend(besides.map(|change| ChangeBy::new(change, source)));
                warnings.extend(found.warning);
                if found.opportunity.is_none() {
                    applied.answer = Return::Changes;
                }
                found.opportunity
            }
            (Return::Representation, _) => Some(read.into_document()),
            _ => None,
        };
        Self {
            identifier,
            outcome,
            etag: date.as_deref().map(etag),
            last_modified_date: date,
            changes,
            skipped: review.skipped,
            adjustments: review.update.adjustments,
            warnings: at_most(MAX_TOLD, warnings),
            ignored: None,
            errors: is_dry_run.then(|| at_most(MAX_TOLD, errors)),
            request: is_dry_run.then_some(review.update.body),
            opportunity,
            applied,
            before,
            location: None,
        }
    }

    /// The same in the CRM's own names, where it was a record that was sent.
    pub(crate) fn with_record(mut self, told: Option<&Told<'_>>) -> Self {
        let Some(told) = told else {
            return self;
        };
        for change in &mut self.changes {
            change.field = told.field(&change.change.pointer).map(str::to_owned);
        }
        let skipped = self.skipped.iter_mut().flatten();
        for finding in self
            .warnings
            .iter_mut()
            .chain(self.errors.iter_mut().flatten())
            .chain(skipped.map(|skipped| &mut skipped.finding))
        {
            finding.field = told.field(&finding.pointer).map(str::to_owned);
        }
        self.warnings.extend(told.notices());
        self.ignored = Some(told.ignored());
        self
    }
}

impl Answer {
    /// The answer to a write whose function died before it could answer. Others may have written since.
    pub(crate) fn of_a_dead_owner(
        identifier: &Identifier,
        dead: &Writing,
        preference: Preference,
    ) -> Self {
        let by_patch = |change: &Change| ChangeBy::new(change.clone(), Source::Patch);
        let is_in_part = dead.skipped.iter().any(|skipped| !skipped.is_empty());
        let answer = match preference.answer {
            Return::Minimal if !is_in_part => Return::Minimal,
            _ => Return::Changes,
        };
        let outcome = if is_in_part {
            Outcome::UpdatedInPart
        } else {
            Outcome::Updated
        };
        Self {
            identifier: identifier.to_string(),
            outcome,
            last_modified_date: None,
            etag: None,
            changes: dead.changes.iter().map(by_patch).collect(),
            skipped: dead.skipped.clone(),
            adjustments: Vec::new(),
            warnings: vec![no_etag()],
            ignored: None,
            errors: None,
            request: None,
            opportunity: None,
            applied: Preference {
                answer,
                responds_async: false,
                ..preference
            },
            before: None,
            location: None,
        }
    }

    /// The answer to a patch that waits. `date` is `LastModifiedDate` as it was read; `None` where nothing was,
    /// because the patch was parked before.
    pub(crate) fn parked(
        identifier: &Identifier,
        id: &ParkedId,
        changes: Vec<Change>,
        date: Option<&str>,
        preference: Preference,
    ) -> Self {
        let by_patch = changes.into_iter();
        Self {
            identifier: identifier.to_string(),
            outcome: Outcome::Parked,
            last_modified_date: date.map(str::to_owned),
            etag: date.map(etag),
            changes: by_patch
                .map(|change| ChangeBy::new(change, Source::Patch))
                .collect(),
            skipped: None,
            adjustments: Vec::new(),
            warnings: Vec::new(),
            ignored: None,
            errors: None,
            request: None,
            opportunity: None,
            applied: Preference {
                answer: Return::Changes,
                ..preference
            },
            before: None,
            location: Some(format!("/opportunities/{identifier}/parked/{id}")),
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// `LastModifiedDate` before and after the write, where there was one and both are known.
    pub(crate) fn dates(&self) -> Option<(&str, &str)> {
        let dates = self
            .before
            .as_deref()
            .zip(self.last_modified_date.as_deref());
        dates.filter(|_| self.outcome.has_written())
    }

    pub(crate) fn warn(&mut self, warning: Finding) {
        self.warnings.push(warning);
    }
}

fn no_etag() -> Finding {
    let detail = "the change is written, and somebody may have written since: read the opportunity for \
                  its `ETag`";
    Finding::new("", Code::NoEtag, detail, Source::Unknown)
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (outcome, applied) = (self.outcome, self.applied);
        let tag = self.etag.as_deref().and_then(etag::header);
        let location = self.location.as_deref().map(HeaderValue::try_from);
        let location = location.and_then(Result::ok);
        let mut response = match applied.answer {
            Return::Minimal => StatusCode::NO_CONTENT.into_response(),
            Return::Changes | Return::Representation => Json(self).into_response(),
        };
        if outcome == Outcome::Parked {
            *response.status_mut() = StatusCode::ACCEPTED;
        }
        let headers = response.headers_mut();
        headers.extend(location.map(|location| (header::LOCATION, location)));
        headers.extend(tag.map(|tag| (header::ETAG, tag)));
        headers.extend(
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
    let tag = etag::header(&etag(opportunity.last_modified_date()));
    let mut response = summary(opportunity.into_document());
    response
        .headers_mut()
        .extend(tag.map(|tag| (header::ETAG, tag)));
    response
}

/// The answer to a read of AWS's summary: the document as Partner Central has it. It has no date, and
/// so no entity tag.
pub(crate) fn summary(summary: Object) -> Response {
    let mut response = Json(summary).into_response();
    response.extensions_mut().insert(Outcome::Read);
    response
}

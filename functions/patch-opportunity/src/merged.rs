//! A patch merged into an opportunity as it was read, and all that is to be said of it.

use model::{Change, Code, Finding, Opportunity, PatchError, Update};

use crate::{
    answer::{Answer, ChangeBy, Outcome},
    prefer::{Preference, Return},
    problem::{ErrorDetail, Kind, MAX_TOLD, Problem, Source, at_most},
    request::PatchRequest,
};

/// How many places a problem's detail names; its errors name them all.
const MAX_NAMED: usize = 10;

/// The outcome of a merge: what would be written, and the judgement on it.
#[derive(Debug)]
pub(crate) struct Merged {
    /// What the patch changes.
    pub(crate) changes: Vec<Change>,
    /// The body to send.
    pub(crate) update: Update,
    status: String,
    of_aws: Vec<ErrorDetail>,
    locked: Vec<ErrorDetail>,
    invalid: Vec<ErrorDetail>,
    warnings: Vec<ErrorDetail>,
}

impl Merged {
    /// Applies the patch to `read`, whose own update is `before`, and judges what it changes.
    pub(crate) fn new(
        request: &PatchRequest,
        read: &Opportunity,
        before: &Update,
    ) -> Result<Self, Problem> {
        let update = request
            .patch
            .apply(read)
            .map_err(|error| inapplicable(&error))?
            .into_update();
        let changes = Change::between(&before.body, &update.body);
        let of_aws = changes
            .iter()
            .filter(|change| read.belongs_to_aws(change))
            .map(of_aws)
            .collect();
        let status = read.review_status().unwrap_or_default().to_owned();
        let locked = changes
            .iter()
            .filter(|change| read.locks(change) && !read.belongs_to_aws(change));
        let locked: Vec<_> = locked.map(|change| locked_by(&status, change)).collect();
        let mut judgement = model::judge(&before.body, &update.body);
        if changes.is_empty() {
            // An empty object in a null's place is none: nothing is written that could be wrong.
            judgement.errors.clear();
        }

        let mut merged = Self {
            changes,
            status,
            of_aws,
            locked,
            invalid: Vec::new(),
            warnings: Vec::new(),
            update,
        };
        for finding in judgement.errors {
            let grows_with_aws = matches!(finding.code, Code::UnknownMember | Code::UnlistedValue);
            let is_left_to_aws = request.preference.lenient && grows_with_aws;
            let told = if is_left_to_aws {
                &mut merged.warnings
            } else {
                &mut merged.invalid
            };
            told.push(error_detail(finding, Source::Patch));
        }
        for finding in model::advise(&before.body, &merged.update.body) {
            merged.warnings.push(error_detail(finding, Source::Patch));
        }
        for finding in judgement.warnings {
            let source = match finding.code {
                Code::UndocumentedValue => Source::Patch,
                _ => Source::Opportunity,
            };
            merged.warnings.push(error_detail(finding, source));
        }
        if request.preference.lenient {
            merged.warnings.append(&mut merged.locked);
        }
        Ok(merged)
    }

    /// The problem that a write is refused with, if it is.
    pub(crate) fn refusal(&self) -> Option<Problem> {
        let pointers = |errors: &[ErrorDetail]| {
            let named = errors
                .iter()
                .take(MAX_NAMED)
                .map(|error| error.pointer.as_str());
            let named = named.collect::<Vec<_>>().join(", ");
            match errors.len().saturating_sub(MAX_NAMED) {
                0 => named,
                more => format!("{named} and {more} more"),
            }
        };
        let refused = |kind, detail, errors: &Vec<_>| {
            Some(Problem::new(kind, detail).with_errors(errors.clone()))
        };
        if !self.of_aws.is_empty() {
            let detail = format!(
                "the patch changes what belongs to AWS: {}",
                pointers(&self.of_aws)
            );
            return refused(Kind::InvalidPatch, detail, &self.of_aws);
        }
        if !self.locked.is_empty() {
            let detail = format!(
                "the review status `{}` closes {}",
                self.status,
                pointers(&self.locked)
            );
            return refused(Kind::OpportunityLocked, detail, &self.locked);
        }
        if !self.invalid.is_empty() {
            let detail = format!(
                "the opportunity would not be valid: {}",
                pointers(&self.invalid)
            );
            return refused(Kind::InvalidPatch, detail, &self.invalid);
        }
        None
    }

    /// The answer, with the opportunity as in `read`.
    pub(crate) fn answer(
        self,
        outcome: Outcome,
        read: &Opportunity,
        applied: Preference,
    ) -> Answer {
        let changes = self
            .changes
            .into_iter()
            .map(|change| ChangeBy {
                change,
                source: Source::Patch,
            })
            .collect();
        Answer {
            identifier: read.id().to_owned(),
            outcome,
            last_modified_date: read.last_modified_date().to_owned(),
            changes,
            adjustments: self.update.adjustments,
            warnings: at_most(MAX_TOLD, self.warnings),
            errors: None,
            request: None,
            opportunity: (applied.answer == Return::Representation)
                .then(|| read.document().clone()),
            applied,
        }
    }

    /// The answer to a dry run.
    pub(crate) fn dry_run(self, read: &Opportunity, preference: Preference) -> Answer {
        let request = self.update.body.clone();
        let errors = [&self.of_aws[..], &self.locked, &self.invalid].concat();
        let applied = Preference {
            answer: Return::Changes,
            ..preference
        };
        Answer {
            errors: Some(at_most(MAX_TOLD, errors)),
            request: Some(request),
            ..self.answer(Outcome::DryRun, read, applied)
        }
    }
}

fn of_aws(change: &Change) -> ErrorDetail {
    let detail = format!(
        "`{}` belongs to AWS, a patch may not change it",
        change.path
    );
    ErrorDetail::new(&change.path, "read-only", &detail, Source::Patch)
}

fn locked_by(status: &str, change: &Change) -> ErrorDetail {
    let detail = format!(
        "`{}` cannot be changed while the review status is `{status}`",
        change.path
    );
    ErrorDetail::new(&change.path, "locked", &detail, Source::Patch)
}

fn error_detail(finding: Finding, source: Source) -> ErrorDetail {
    let Finding {
        pointer,
        code,
        detail,
        suggestion,
    } = finding;
    ErrorDetail {
        pointer,
        code: code.as_str().to_owned(),
        detail,
        source,
        suggestion,
    }
}

fn inapplicable(error: &PatchError) -> Problem {
    let detail = error.to_string();
    let (kind, errors) = match error {
        PatchError::ReadOnly { pointers } => {
            let read_only = |pointer: &String| {
                let detail = format!("`{pointer}` belongs to AWS, a patch may not name it");
                ErrorDetail::new(pointer, "read-only", &detail, Source::Patch)
            };
            (Kind::InvalidPatch, pointers.iter().map(read_only).collect())
        }
        PatchError::TestFailed { pointer, .. } => (
            Kind::TestFailed,
            vec![ErrorDetail::new(
                pointer,
                "test-failed",
                &detail,
                Source::Patch,
            )],
        ),
        PatchError::TooLarge { index } => {
            let error = ErrorDetail::new(&format!("/{index}"), "too-large", &detail, Source::Patch);
            (Kind::InvalidPatch, vec![error])
        }
        PatchError::Inapplicable { pointer, .. } => (
            Kind::InvalidPatch,
            vec![ErrorDetail::new(
                pointer,
                "inapplicable",
                &detail,
                Source::Patch,
            )],
        ),
    };
    Problem::new(kind, detail).with_errors(errors)
}

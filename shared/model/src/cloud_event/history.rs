//! What an event of a bridge with a memory adds: its place among the events before it, and what changed since.
//!
//! Its id is made of its content and its `sequence`. The memory keeps both, so a duplicate gets those of the
//! first event; content that changes and changes back has another sequence, and so an id of its own.

use serde::{Deserialize, Serialize};

use super::{CloudEvent, Origin, Problem, ProblemCode, SUMMARY, sha256, type_of, write_content};
use crate::{change::Change, event::EventKind, value::Object};

/// What is remembered of an event besides its documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    kind: EventKind,
    problems: Vec<Problem>,
}

impl CloudEvent {
    /// The digest of what the event tells: the same for the same content, created or updated.
    #[must_use]
    pub fn digest(&self) -> String {
        let Some((opportunity, summary)) = self.documents() else {
            return self.id.clone();
        };
        let mut problems = self.data.problems.iter();
        let of_summary = problems.find(|problem| problem.pointer == SUMMARY);
        let mut content = String::new();
        write_content(
            opportunity,
            summary,
            of_summary,
            &self.sequence,
            &mut content,
        );
        sha256(&content)
    }

    /// The opportunity and AWS's summary of it, unless a part of them is left out as too large.
    #[must_use]
    pub fn documents(&self) -> Option<(&Object, Option<&Object>)> {
        let mut codes = self.data.problems.iter().map(|problem| problem.code);
        let is_whole = codes.all(|code| code != ProblemCode::TooLarge);
        let opportunity = self.data.opportunity.as_ref().filter(|_| is_whole)?;
        Some((opportunity, self.data.aws_summary.as_ref()))
    }

    /// What is to be remembered of the event besides its documents.
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        let is_created = self.kind == type_of(EventKind::Created);
        Envelope {
            kind: if is_created {
                EventKind::Created
            } else {
                EventKind::Updated
            },
            problems: self.data.problems.clone(),
        }
    }

    /// The same, with what an event told that was handed on before.
    #[must_use]
    pub fn telling(
        mut self,
        envelope: Envelope,
        opportunity: Object,
        summary: Option<Object>,
    ) -> Self {
        self.kind = type_of(envelope.kind);
        self.data.problems = envelope.problems;
        self.data.opportunity = Some(opportunity);
        self.data.aws_summary = summary;
        self
    }

    /// The same, under the sequence that what it tells was handed on with first.
    #[must_use]
    pub fn in_sequence(mut self, sequence: String, digest: &str) -> Self {
        self.id = sha256(&format!("{digest}\n{sequence}"));
        self.sequence = sequence;
        self
    }

    /// The same, after the event with this `sequence`.
    #[must_use]
    pub fn since(mut self, sequence: Option<String>) -> Self {
        self.data.since = sequence;
        self
    }

    /// The same, with what changed since the event before it, or why that is not known (`None` where it
    /// is the first), and whose the changes are.
    #[must_use]
    pub fn with_changes(
        mut self,
        changes: Result<Option<Vec<Change>>, Problem>,
        origin: Option<Origin>,
    ) -> Self {
        match changes {
            Ok(changes) => self.data.changes = changes,
            Err(problem) => self.data.problems.push(problem),
        }
        self.data.origin = origin;
        self.shrink();
        self
    }

    /// The same, with the patches that wait for the opportunity's review and may be carried out now. Who
    /// carries them out learns of them by this.
    #[must_use]
    pub fn with_parked(mut self, parked: Vec<String>) -> Self {
        self.data.parked = parked;
        self
    }

    /// Why it is not known what changed, though there is a memory.
    #[must_use]
    pub fn without_changes(&self) -> Option<ProblemCode> {
        let mut problems = self.data.problems.iter();
        problems
            .find(|problem| problem.pointer == super::CHANGES)
            .map(|problem| problem.code)
    }

    /// What differs between two states, as pointers into an event's data. `LastModifiedDate` is not listed:
    /// it differs whenever anything does.
    #[must_use]
    pub fn changes_between(
        before: (Object, Option<Object>),
        after: (Object, Option<Object>),
    ) -> Vec<Change> {
        let data = |(opportunity, summary): (Object, Option<Object>)| {
            let mut data = Object::new();
            data.insert("opportunity".to_owned(), opportunity.into());
            data.extend(summary.map(|summary| ("awsSummary".to_owned(), summary.into())));
            data
        };
        let mut changes = Change::between(&data(before), &data(after));
        changes.retain(|change| change.pointer != "/opportunity/LastModifiedDate");
        changes
    }
}

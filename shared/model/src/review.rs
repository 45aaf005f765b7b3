//! Reviews a change: what it changes, what speaks against it, and what is worth knowing.
//!
//! Only this module asks for ownership, review locks, AWS's model and AWS's rules. It is pure: the document
//! goes in, findings come out, and the caller decides.

mod part;

use crate::{
    advice,
    change::Change,
    code::Code,
    companions,
    finding::Finding,
    lock,
    opportunity::Opportunity,
    owner::{self, Owner},
    schema,
    update::{self, Update},
    value::Object,
};

pub use self::part::{Skipped, review_open_part};

/// The result of reviewing a change.
#[derive(Debug, Clone)]
pub struct Review {
    /// The body that would be sent.
    pub update: Update,
    /// What would change, in document order.
    pub changes: Vec<Change>,
    /// The opportunity's review status, such as `Approved`.
    pub review_status: String,
    /// What was wanted and is not made, where the open part of a change was asked for: see
    /// [`review_open_part`].
    pub skipped: Option<Vec<Skipped>>,
    /// Changes to fields that are not the partner's.
    owned: Vec<Finding>,
    /// Changes that the review status closes.
    locked: Vec<Finding>,
    /// Errors: AWS would refuse them.
    invalid: Vec<Finding>,
    /// Findings that stop nothing.
    warnings: Vec<Finding>,
}

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It changes fields that are not the partner's.
    Owned(Vec<Finding>),
    /// It changes fields that the review status closes.
    Locked {
        /// The review status, such as `Submitted`.
        review_status: String,
        /// Whether the review has ended, so that what is closed stays closed.
        is_final: bool,
        /// Each closed change.
        findings: Vec<Finding>,
    },
    /// AWS would not accept the opportunity.
    Invalid {
        /// Everything that is wrong.
        findings: Vec<Finding>,
        /// What was left out of the change before.
        skipped: Vec<Finding>,
    },
}

/// Reviews the change from `before`, the opportunity as read, to the document `after`. `today` is the date
/// in UTC, as `YYYY-MM-DD`.
///
/// `changes` lists what differs between the body that would be sent and a body made from `before`, plus
/// changes to fields that no body contains.
#[must_use]
pub fn review(before: &Opportunity, after: Object, today: &str) -> Review {
    let mut changes = Change::between(before.document(), &after);
    changes.retain(|change| !is_none(change, before));
    let companions = companions::judge(before.document(), &after, &changes, today);
    let update = Update::of(after, before);
    let review_status = before.review_status().unwrap_or_default().to_owned();

    let (mut owned, mut locked) = (Vec::new(), Vec::new());
    for change in &changes {
        if let Some(owner) = owner_of(change, before) {
            owned.push(not_the_partners(change, owner));
        } else if before.locks(change) {
            locked.push(closed(change, &review_status));
        }
    }
    let judgement = schema::judge(before.document(), &update.body);
    let advice = advice::advise(before.document(), &update.body);
    Review {
        invalid: [judgement.errors, companions.errors].concat(),
        warnings: [advice, judgement.warnings, companions.warnings].concat(),
        update,
        changes,
        review_status,
        skipped: None,
        owned,
        locked,
    }
}

impl Review {
    /// Refuses changes to fields that are not the partner's.
    ///
    /// # Errors
    /// With a finding for each of them.
    pub fn refuse_owned(&self) -> Result<(), Refusal> {
        refuse(&self.owned, Refusal::Owned)
    }

    /// Refuses changes that the review status closes; with `lenient`, AWS decides.
    ///
    /// # Errors
    /// With a finding for each of them.
    pub fn refuse_locked(&self, lenient: bool) -> Result<(), Refusal> {
        let (_, findings) = self.judged_locks(lenient);
        refuse(findings, |findings| Refusal::Locked {
            review_status: self.review_status.clone(),
            is_final: lock::is_final(&self.review_status),
            findings,
        })
    }

    /// Refuses what AWS would refuse. With `lenient`, AWS decides on rules that may have changed since this
    /// release.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn refuse_invalid(&self, lenient: bool) -> Result<(), Refusal> {
        let (_, invalid) = self.judged(lenient);
        refuse(&invalid, |findings| Refusal::Invalid {
            findings,
            skipped: self.skipped_findings(),
        })
    }

    /// Every finding that stops the change.
    #[must_use]
    pub fn errors(&self, lenient: bool) -> Vec<Finding> {
        let (_, locked) = self.judged_locks(lenient);
        let (_, invalid) = self.judged(lenient);
        [&self.owned[..], locked, &invalid].concat()
    }

    /// Every finding that stops nothing.
    #[must_use]
    pub fn warnings(&self, lenient: bool) -> Vec<Finding> {
        let (locked, _) = self.judged_locks(lenient);
        let (left_to_aws, _) = self.judged(lenient);
        [&left_to_aws[..], &self.warnings, locked].concat()
    }

    /// The locks left to AWS, and those refused here. A caller who asked for the open part gets all locks
    /// kept.
    fn judged_locks(&self, lenient: bool) -> (&[Finding], &[Finding]) {
        if lenient && self.skipped.is_none() {
            (&self.locked, &[])
        } else {
            (&[], &self.locked)
        }
    }

    fn skipped_findings(&self) -> Vec<Finding> {
        let skipped = self.skipped.iter().flatten();
        skipped.map(|skipped| skipped.finding.clone()).collect()
    }

    /// The invalid findings, split into those left to AWS and those refused here.
    fn judged(&self, lenient: bool) -> (Vec<Finding>, Vec<Finding>) {
        let is_left_to_aws = |finding: &Finding| lenient && grows_with_aws(finding.code);
        self.invalid.iter().cloned().partition(is_left_to_aws)
    }
}

/// Whether a change is on AWS's side of the review, which AWS maintains itself.
#[must_use]
pub fn is_of_the_review(change: &Change) -> bool {
    owner::of(&change.pointer) == Some(Owner::Review)
}

/// Whether AWS may have changed the rule behind a code since this release.
fn grows_with_aws(code: Code) -> bool {
    matches!(
        code,
        Code::UnknownMember
            | Code::UnlistedValue
            | Code::MissingCompanion
            | Code::ConflictingCompanion
            | Code::PastDate
            | Code::TerminalStage
    )
}

fn refuse(
    findings: &[Finding],
    refusal: impl FnOnce(Vec<Finding>) -> Refusal,
) -> Result<(), Refusal> {
    if findings.is_empty() {
        return Ok(());
    }
    Err(refusal(findings.to_vec()))
}

/// Whether two documents differ here although AWS gets the same body.
fn is_none(change: &Change, before: &Opportunity) -> bool {
    match change.pointer.as_str() {
        "/Catalog" => change.after == before.catalog(),
        "/Identifier" => change.after == before.id(),
        pointer => update::are_sent_alike(pointer, &change.before, &change.after),
    }
}

fn owner_of(change: &Change, opportunity: &Opportunity) -> Option<Owner> {
    owner::of(&change.pointer).filter(|_| !opportunity.simulates_review(change))
}

fn not_the_partners(change: &Change, owner: Owner) -> Finding {
    let pointer = &change.pointer;
    match owner {
        Owner::Bridge if pointer != "/LastModifiedDate" => {
            let detail = format!("`{pointer}` is not the one that was read");
            Finding::of_patch(pointer, Code::Mismatch, detail)
        }
        _ => {
            let detail = format!("`{pointer}` belongs to AWS, a patch may not change it");
            Finding::of_patch(pointer, Code::ReadOnly, detail)
        }
    }
}

fn closed(change: &Change, review_status: &str) -> Finding {
    let pointer = &change.pointer;
    let detail =
        format!("`{pointer}` cannot be changed while the review status is `{review_status}`");
    Finding::of_patch(pointer, Code::Locked, detail)
}

#[cfg(test)]
mod tests;

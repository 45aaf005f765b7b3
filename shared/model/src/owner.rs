//! Assigns each field to its owner, in the only table of owners.
//!
//! Sources: the service model (`GetOpportunityResponse` against `UpdateOpportunityRequest`), and
//! "Working with opportunity updates" in AWS's developer guide. `RelatedEntityIdentifiers` change by
//! `AssociateOpportunity`, `OpportunityTeam` by `AssignOpportunity`.

use crate::pointer;

/// The owner of a field. A field that is not in the table belongs to the partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// AWS sets it, and `UpdateOpportunity` does not take it.
    Aws,
    /// AWS's side of the review: `UpdateOpportunity` takes it only as it was read.
    Review,
    /// The bridge sets it in every update.
    Bridge,
}

/// The pointer to the review status.
pub(crate) const REVIEW_STATUS: &str = "/LifeCycle/ReviewStatus";

const TABLE: [(&str, Owner); 12] = [
    ("/Id", Owner::Aws),
    ("/Arn", Owner::Aws),
    ("/CreatedDate", Owner::Aws),
    ("/OpportunityTeam", Owner::Aws),
    ("/RelatedEntityIdentifiers", Owner::Aws),
    ("/Catalog", Owner::Bridge),
    ("/Identifier", Owner::Bridge),
    ("/LastModifiedDate", Owner::Bridge),
    ("/LifeCycle/NextStepsHistory", Owner::Review),
    ("/LifeCycle/ReviewComments", Owner::Review),
    (REVIEW_STATUS, Owner::Review),
    ("/LifeCycle/ReviewStatusReason", Owner::Review),
];

/// The owner of the field that a pointer names; `None` for the partner.
pub(crate) fn of(pointer: &str) -> Option<Owner> {
    let is_it = |&&(owned, _): &&(&str, Owner)| pointer::overlap(owned, pointer);
    TABLE.iter().find(is_it).map(|(_, owner)| *owner)
}

/// The owner of a top-level member, by its name.
pub(crate) fn of_member(name: &str) -> Option<Owner> {
    let is_it = |(owned, _): &&(&str, Owner)| owned.strip_prefix('/') == Some(name);
    TABLE.iter().find(is_it).map(|(_, owner)| *owner)
}

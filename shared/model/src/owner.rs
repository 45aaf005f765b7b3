//! Which field belongs to whom: the one table of it.
//!
//! Sources: the service model (`GetOpportunityResponse` against `UpdateOpportunityRequest`), and
//! "Working with opportunity updates" in AWS's developer guide. `RelatedEntityIdentifiers` change by
//! `AssociateOpportunity`, `OpportunityTeam` by `AssignOpportunity`.

use crate::pointer;

/// Whom a field belongs to. What is not in the table belongs to the partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// AWS sets it, and `UpdateOpportunity` does not take it.
    Aws,
    /// AWS's side of the review: `UpdateOpportunity` takes it, as it was read.
    Review,
    /// The bridge sets it in every update.
    Bridge,
}

/// Where the review status is.
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

/// Whom the place belongs to that a pointer names, if not to the partner.
pub(crate) fn of(pointer: &str) -> Option<Owner> {
    let is_it = |&&(owned, _): &&(&str, Owner)| pointer::overlap(owned, pointer);
    TABLE.iter().find(is_it).map(|(_, owner)| *owner)
}

/// Whom a member of the document itself belongs to, by its name.
pub(crate) fn of_member(name: &str) -> Option<Owner> {
    let is_it = |(owned, _): &&(&str, Owner)| owned.strip_prefix('/') == Some(name);
    TABLE.iter().find(is_it).map(|(_, owner)| *owner)
}

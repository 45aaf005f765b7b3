//! The pure half of the bridge: opportunities, patches, and the changes that a patch makes.
//!
//! No I/O, no clock, no AWS SDK. An opportunity is one JSON document from the wire of
//! `GetOpportunity` to the wire of `UpdateOpportunity`, because the typed shapes of any SDK release
//! drop the members that AWS added after it.
//!
//! ```
//! use model::{Catalog, Opportunity, Patch, review};
//!
//! let read = Opportunity::parse(
//!     br#"{"Id":"O1","Catalog":"AWS","LastModifiedDate":"2026-01-02T03:04:05.678Z",
//!          "LifeCycle":{"Stage":"Prospect"},"AddedByAwsTomorrow":1.10}"#,
//!     &Catalog::parse("AWS")?,
//! )?;
//! let patch = Patch::parse_merge(br#"{"LifeCycle":{"Stage":"Qualified"}}"#)?;
//! let review = review(&read, patch.apply(&read)?, "2026-01-02");
//!
//! assert_eq!(review.changes[0].pointer, "/LifeCycle/Stage");
//! assert_eq!(review.update.body["AddedByAwsTomorrow"].to_string(), "1.10");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod advice;
#[cfg(test)]
mod arbitrary;
mod change;
mod cloud_event;
mod code;
mod companions;
mod drift;
mod equal;
mod event;
mod finding;
mod fit;
mod identifier;
mod instant;
pub mod json;
mod lock;
mod opportunity;
mod owner;
mod patch;
mod patch_event;
pub mod pointer;
mod review;
mod schema;
mod update;
mod value;

pub use change::Change;
pub use cloud_event::{CloudEvent, Envelope, Origin, Problem, ProblemCode};
pub use code::Code;
pub use drift::{AwsDocument, unknown};
pub use event::{
    Detail, EventError, EventKind, OpportunityEvent, PARTNER_CENTRAL, Reference, SWEEP,
};
pub use finding::{Finding, Source};
pub use fit::misfits;
pub use identifier::{Catalog, Identifier, ParseCatalogError, ParseIdentifierError};
pub use instant::{Instant, ParseInstantError};
pub use opportunity::{Opportunity, ParseOpportunityError};
pub use patch::{ParsePatchError, Patch, PatchError, part_of_the_partner};
pub use patch_event::{EndedPatch, Ending, PatchEvent};
pub use review::{Refusal, Review, Skipped, is_of_the_review, review, review_open_part};
pub use schema::{load_rules, meant};
pub use update::{Adjustment, Rule, Update};
pub use value::{Object, kind};

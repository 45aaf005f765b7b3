//! The pure half of the bridge: what an opportunity is, what a patch does to it, what changed.
//!
//! No I/O, no clock, no AWS SDK. An opportunity is one JSON document from the wire of
//! `GetOpportunity` to the wire of `UpdateOpportunity`, because the typed shapes of any SDK release
//! drop the members that AWS added after it.
//!
//! ```
//! use model::{Change, Opportunity, Patch};
//!
//! let read = Opportunity::parse(
//!     br#"{"Id":"O1","Catalog":"AWS","LastModifiedDate":"2026-01-02T03:04:05.678Z",
//!          "LifeCycle":{"Stage":"Prospect"},"AddedByAwsTomorrow":1.10}"#,
//! )?;
//! let patch = Patch::parse_merge(br#"{"LifeCycle":{"Stage":"Qualified"}}"#)?;
//! let (before, after) = (read.to_update(), patch.apply(&read)?.to_update());
//!
//! let changes = Change::between(&before.body, &after.body);
//! assert_eq!(changes[0].path, "/LifeCycle/Stage");
//! assert_eq!(after.body["AddedByAwsTomorrow"].to_string(), "1.10");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod advice;
mod change;
mod cloud_event;
mod duplicate;
mod event;
mod fit;
mod identifier;
mod lock;
mod opportunity;
mod patch;
pub mod pointer;
mod schema;
mod update;

pub use advice::advise;
pub use change::Change;
pub use cloud_event::{CloudEvent, Problem};
pub use duplicate::find as find_duplicate;
pub use event::{EventError, EventKind, OpportunityEvent};
pub use fit::misfits;
pub use identifier::{Catalog, Identifier, ParseCatalogError, ParseIdentifierError};
pub use opportunity::{Opportunity, ParseOpportunityError};
pub use patch::{ParsePatchError, Patch, PatchError};
pub use schema::{Code, Finding, Judgement, judge, load_rules, meant};
pub use update::{Adjustment, READ_ONLY, Rule, Update};

/// A JSON object: keys in the order they were read, numbers with the digits they were read with.
pub type Object = serde_json::Map<String, serde_json::Value>;

/// What kind of JSON value this is, for error messages: `null`, `a boolean`, `a number`,
/// `a string`, `an array` or `an object`.
#[must_use]
pub fn kind(value: &serde_json::Value) -> &'static str {
    use serde_json::Value;
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

//! Whose the changes are that an event tells.

use serde::Serialize;

use super::CloudEvent;
use crate::{
    change::Change,
    owner::{self, Owner},
};

/// Whose the changes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "actor",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Origin {
    /// The bridge's own: nobody else has written since the event before.
    Bridge {
        /// The id of the request that was carried out last.
        request_id: String,
    },
    /// AWS's alone.
    Aws,
    /// Somebody else's, or nobody can say.
    Other,
}

impl CloudEvent {
    /// Whether a change in an event's data is AWS's.
    #[must_use]
    pub fn is_of_aws(change: &Change) -> bool {
        match change.pointer.strip_prefix("/opportunity") {
            Some(pointer) => matches!(owner::of(pointer), Some(Owner::Aws | Owner::Review)),
            None => true,
        }
    }
}

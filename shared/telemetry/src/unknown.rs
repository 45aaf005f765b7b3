//! Logs the fields and values that AWS has added.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// Warns the operator of places in AWS's responses that this release does not know, by pointer and
/// without content. `of` names the kind of response. A process reports each place once, because every
/// opportunity has it.
pub fn report_unknown_fields(of: &'static str, pointers: &[String]) {
    static TOLD: Mutex<BTreeSet<(&str, String)>> = Mutex::new(BTreeSet::new());
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    for pointer in pointers {
        if told.insert((of, pointer.clone())) {
            tracing::warn!(
                pointer,
                of,
                "AWS has added a field or a value: update the bridge"
            );
        }
    }
}

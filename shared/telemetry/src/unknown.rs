//! The log line about fields and values that AWS has added.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// Tells the operator where AWS's answers have what this release does not know, by pointers and never by
/// content. `of` says in which answer. Each place is told once by a process: it is in every opportunity.
pub fn tell_unknown(of: &'static str, pointers: &[String]) {
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

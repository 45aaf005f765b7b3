//! The emulator's whole state.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::crm::Crm;
use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::fault::{Fault, Faults};
use crate::journal::Journal;
use crate::quota::Rate;
use crate::store::Store;

/// The emulator's whole state.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) store: Store,
    /// By opportunity id; `None` if AWS has no summary, absent if none was set.
    pub(crate) summaries: BTreeMap<String, Option<Value>>,
    pub(crate) secrets: BTreeMap<String, String>,
    /// Creations by client token: the request and its answer.
    pub(crate) created: BTreeMap<String, (Document, Value)>,
    /// The playground's CRM.
    pub(crate) crm: Crm,
    /// The URL of `patch-opportunity`, if there is one.
    pub(crate) bridge: Option<Endpoint>,
    /// Whether patches can wait for a review.
    pub(crate) is_parking: bool,
    pub(crate) faults: Faults<Fault>,
    pub(crate) reads: Rate,
    pub(crate) writes: Rate,
    /// The number of requests so far: each answer gets a number.
    pub(crate) received: usize,
    pub(crate) journal: Journal,
}

/// The state, as everything that serves requests has it; clones share it.
#[derive(Clone, Default)]
pub(crate) struct SharedState(Arc<Mutex<State>>);

impl SharedState {
    pub(crate) fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A test that panicked inside `edit` has already failed; carry on.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

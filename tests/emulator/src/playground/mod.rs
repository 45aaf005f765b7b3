//! Serves the playground, a page that shows the bridge at work.
//!
//! A browser lets a page talk only to its own origin. So the page is served here, together with a
//! forwarder to the bridge and a CRM: whatever the page sends and the CRM receives is on record with
//! the rest.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};

use crate::endpoint::Endpoint;
use crate::server::Server;
use passage::Way;

mod files;
mod passage;
mod receiver;

pub(crate) use passage::Passage;
pub(crate) use receiver::{Deal, Receipt};

/// The path on which the playground's CRM takes CloudEvents.
pub(crate) const CRM: &str = "/_crm";
const PREFIXES: [&str; 3] = ["/_bridge", CRM, "/_playground"];

/// The parts of the playground.
#[derive(Default)]
pub(crate) struct Playground {
    /// Folders with the page's files; the first folder that has a file provides it.
    folders: Vec<PathBuf>,
    /// The forwarder to `patch-opportunity`.
    way: Option<Way>,
    /// Whether patches can wait for a review.
    pub(crate) is_parking: bool,
}

impl Playground {
    pub(crate) fn new(folders: Vec<PathBuf>, bridge: Option<Endpoint>, is_parking: bool) -> Self {
        Self {
            folders,
            way: bridge.map(Way::new),
            is_parking,
        }
    }

    /// The function's URL, if there is a function.
    pub(crate) fn bridge(&self) -> Option<&Endpoint> {
        self.way.as_ref().map(Way::endpoint)
    }
}

/// Whether a path belongs to the playground.
pub(crate) fn is_for(path: &str) -> bool {
    let rest = PREFIXES.iter().find_map(|prefix| path.strip_prefix(prefix));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(crate) fn router() -> Router<Arc<Server>> {
    Router::new()
        .route("/_playground/", get(files::index))
        .route("/_playground/{*file}", get(files::read))
        .route("/_bridge/{*path}", any(passage::pass))
        .route(CRM, post(receiver::receive))
}

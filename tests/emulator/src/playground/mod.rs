//! The playground: a page that shows the bridge at work, and what it needs beside the control API.
//!
//! A browser lets a page talk to its own origin alone. So the page is served here, and so are a way
//! to the bridge and a CRM: what the page sends and what the CRM hears is on record with the rest.

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

/// Where the playground's CRM takes CloudEvents.
pub(crate) const CRM: &str = "/_crm";
const PREFIXES: [&str; 3] = ["/_bridge", CRM, "/_playground"];

/// What the playground is made of.
#[derive(Default)]
pub(crate) struct Playground {
    /// Folders with files of pages; a file is taken from the first that has it.
    folders: Vec<PathBuf>,
    /// Where `patch-opportunity` takes requests.
    way: Option<Way>,
}

impl Playground {
    pub(crate) fn new(folders: Vec<PathBuf>, bridge: Option<Endpoint>) -> Self {
        Self {
            folders,
            way: bridge.map(Way::new),
        }
    }

    /// The function's URL, if there is a function.
    pub(crate) fn bridge(&self) -> Option<&Endpoint> {
        self.way.as_ref().map(Way::endpoint)
    }
}

/// Whether a path is one of the playground.
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

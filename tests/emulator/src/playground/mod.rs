//! Serves the playground, a page that shows the bridge at work.
//!
//! A browser lets a page talk only to its own origin. So the page is served here, together with a
//! forwarder to the bridge and a CRM: whatever the page sends and the CRM receives is on record with
//! the rest.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};

use crate::state::SharedState;
use proxy::Proxy;

mod files;
mod proxy;
mod webhook;

/// The path on which the playground's CRM takes CloudEvents.
pub(crate) const CRM: &str = "/_crm";
/// The paths of the playground, and below.
pub(crate) const PREFIXES: [&str; 3] = [proxy::PREFIX, CRM, "/_playground"];

/// The routes, with the page's files from these folders.
pub(crate) fn router(folders: Vec<PathBuf>, shared: SharedState) -> Router {
    let proxy = {
        let state = shared.lock();
        Proxy::new(state.bridge.clone(), state.journal.clone())
    };
    let page = Router::new()
        .route("/_playground/", get(files::index))
        .route("/_playground/{*file}", get(files::read))
        .with_state(Arc::from(folders));
    let bridge = Router::new()
        .route("/_bridge/{*path}", any(proxy::forward))
        .with_state(Arc::new(proxy));
    let crm = Router::new()
        .route(CRM, post(webhook::receive))
        .with_state(shared);
    page.merge(bridge).merge(crm)
}

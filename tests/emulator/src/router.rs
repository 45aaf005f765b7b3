//! What the emulator serves beside AWS's APIs: the control API and the playground.
//!
//! Both share AWS's port, under paths that no AWS client uses.

use std::path::PathBuf;

use axum::{Router, middleware};
use http::{Method, Uri};

use crate::control;
use crate::origin;
use crate::playground;
use crate::problem::Problem;
use crate::state::SharedState;

/// Whether a path belongs here.
pub(crate) fn is_for(path: &str) -> bool {
    let mut prefixes = playground::PREFIXES.iter().chain([&control::PREFIX]);
    prefixes.any(|prefix| {
        let rest = path.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The routes; the playground's page comes from these folders.
pub(crate) fn router(folders: Vec<PathBuf>, shared: SharedState) -> Router {
    control::router(shared.clone())
        .merge(playground::router(folders, shared))
        .fallback(nothing)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn(origin::check))
}

async fn nothing(uri: Uri) -> Problem {
    Problem::not_found(format!("there is no `{}` here", uri.path()))
}

async fn not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::method_not_allowed(format!("`{}` takes no `{method}`", uri.path()))
}

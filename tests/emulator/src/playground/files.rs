//! Serves the page's files, read anew for each request, so that an edit shows at the next reload.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::extract::{self, State};
use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

use crate::problem::Problem;

/// The folders with the page's files; the first one that has a file provides it.
type Folders = State<Arc<[PathBuf]>>;

/// The page may contact only this server, whatever the opportunities that it shows contain.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) async fn index(folders: Folders) -> Result<impl IntoResponse, Problem> {
    read(folders, extract::Path("index.html".to_owned())).await
}

pub(crate) async fn read(
    State(folders): Folders,
    extract::Path(file): extract::Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let path = Path::new(&file);
    let is_below = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    for folder in folders.iter().filter(|_| is_below) {
        if let Ok(content) = tokio::fs::read(folder.join(path)).await {
            let headers = [
                (CONTENT_TYPE, media_type(path)),
                (CACHE_CONTROL, "no-cache"),
                (CONTENT_SECURITY_POLICY, POLICY),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            return Ok((headers, content));
        }
    }
    let what = format!("there is no file `{file}`: see the option `--playground`");
    Err(Problem::not_found(what))
}

fn media_type(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|it| it.to_str());
    match extension.unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

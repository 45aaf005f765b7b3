//! The files of the page, read anew for each request: who changes one sees it at the next reload.

use std::path::{Component, Path};
use std::sync::Arc;

use axum::extract::{self, State};
use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

use crate::control::Problem;
use crate::server::Server;

type Shared = State<Arc<Server>>;

/// The page asks nobody but this server, whatever is in the opportunities that it shows.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) async fn index(server: Shared) -> Result<impl IntoResponse, Problem> {
    read(server, extract::Path("index.html".to_owned())).await
}

pub(crate) async fn read(
    State(server): Shared,
    extract::Path(file): extract::Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let path = Path::new(&file);
    let is_below = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let folders = server.playground.folders.iter().filter(|_| is_below);
    for folder in folders {
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

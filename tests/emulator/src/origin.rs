//! Refuses pages of other origins: any page in the browser could otherwise post to 127.0.0.1.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{HOST, ORIGIN};

use crate::headers::header;
use crate::problem::Problem;

/// Refuses requests from pages that this server did not serve. Programs send no `Origin`.
pub(crate) async fn check(request: Request, next: Next) -> Result<Response, Problem> {
    let origin = header(request.headers(), ORIGIN.as_str());
    let own = format!("http://{}", header(request.headers(), HOST.as_str()));
    if !origin.is_empty() && origin != own {
        let what = format!("the origin is `{origin}`, expected `{own}`");
        return Err(Problem::forbidden(what));
    }
    Ok(next.run(request).await)
}

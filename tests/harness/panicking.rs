//! A function built like `patch-opportunity`, with a route that panics.

use axum::{Router, routing};
use model::Catalog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let routes = Router::new()
        .route("/fine", routing::get(async || "fine"))
        .route("/panic", routing::get(panics));
    let catalog = Catalog::parse("Sandbox")?;
    patch_opportunity::serve(patch_opportunity::observed(routes, &catalog), None).await
}

#[expect(clippy::panic, reason = "panicking is its purpose")]
async fn panics() {
    panic!("on purpose");
}

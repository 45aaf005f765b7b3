//! Passes Lambda's requests to the routes, escaped so that `lambda_http` cannot panic.

use std::fmt::Write;

use axum::Router;
use lambda_http::{
    LambdaEvent, Service,
    lambda_runtime::{self, service_fn},
    request::LambdaRequest,
};

/// Answers Lambda's requests until the function ends.
///
/// # Errors
/// If Lambda's Runtime API cannot be reached.
pub async fn serve(routes: Router) -> Result<(), lambda_http::Error> {
    let mut adapter = lambda_http::Adapter::from(routes);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<LambdaRequest>| {
        adapter.call(LambdaEvent::new(escaped(event.payload), event.context))
    }))
    .await
}

/// Escapes the path and the query as a URI requires: `lambda_http` panics on a bare quote or angle
/// bracket from a sender.
fn escaped(request: LambdaRequest) -> LambdaRequest {
    match request {
        LambdaRequest::ApiGatewayV2(mut request) => {
            request.raw_path = request.raw_path.as_deref().map(escape);
            request.raw_query_string = request.raw_query_string.as_deref().map(escape);
            LambdaRequest::ApiGatewayV2(request)
        }
        other => other,
    }
}

fn escape(text: &str) -> String {
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut escaped, byte| {
            if byte.is_ascii_graphic() && !br#""<>\^`{|}#"#.contains(&byte) {
                escaped.push(char::from(byte));
            } else {
                let _ = write!(escaped, "%{byte:02X}");
            }
            escaped
        })
}

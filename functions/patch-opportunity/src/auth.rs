//! Who may call: decided before the body is parsed and before anything is asked of AWS.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_config::SdkConfig;
use axum::{
    body::{self, Body},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use lambda_http::request::RequestContext;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    Bridge,
    config::AuthConfig,
    problem::{Kind, Problem},
    secrets::{Secret, Secrets, SecretsError},
    signature::{SigningSecret, is_signed},
};

/// The way to authenticate that is configured, with what it takes.
#[derive(Debug)]
pub enum Auth {
    /// A Standard Webhooks signature.
    #[expect(private_interfaces, reason = "made by `load` alone")]
    StandardWebhooks(Secrets<SigningSecret>),
    /// `Authorization: Bearer`.
    #[expect(private_interfaces, reason = "made by `load` alone")]
    Bearer(Secrets<BearerToken>),
    /// AWS has checked a signature (SigV4) before the function was called.
    Iam,
    /// Everybody, on this machine.
    None,
}

/// The digest of a token: compared in constant time, whatever the lengths.
pub(crate) struct BearerToken([u8; 32]);

impl Secret for BearerToken {
    const EXPECTED: &'static str = "a token of visible ASCII characters";

    fn parse(text: &str) -> Option<Self> {
        let is_token = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then(|| Self::of(text))
    }
}

impl BearerToken {
    fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[REDACTED]")
    }
}

impl Auth {
    /// Makes the configured way ready: loads the secrets, where it takes some.
    ///
    /// # Errors
    /// Where the secrets cannot be had.
    pub async fn load(config: AuthConfig, sdk: &SdkConfig) -> Result<Self, SecretsError> {
        Ok(match config {
            AuthConfig::StandardWebhooks(source) => {
                Self::StandardWebhooks(Secrets::load(source, sdk).await?)
            }
            AuthConfig::Bearer(source) => Self::Bearer(Secrets::load(source, sdk).await?),
            AuthConfig::Iam => Self::Iam,
            AuthConfig::None => Self::None,
        })
    }

    async fn lets_in(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        context: Option<&RequestContext>,
    ) -> bool {
        match self {
            Self::StandardWebhooks(secrets) => {
                secrets
                    .check(|secrets| is_signed(headers, body, secrets, seconds_since_1970()))
                    .await
            }
            Self::Bearer(tokens) => match bearer_token(headers) {
                Some(token) => {
                    let token = BearerToken::of(token);
                    tokens
                        .check(|tokens| tokens.iter().any(|right| right.0.ct_eq(&token.0).into()))
                        .await
                }
                None => false,
            },
            Self::Iam => matches!(
                context,
                Some(RequestContext::ApiGatewayV2(context))
                    if context.authorizer.as_ref().is_some_and(|authorizer| authorizer.iam.is_some())
            ),
            Self::None => true,
        }
    }

    /// What `WWW-Authenticate` asks for (RFC 9110, 11.6.1).
    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::StandardWebhooks(_) => "StandardWebhooks",
            Self::Bearer(_) => "Bearer",
            Self::Iam => "AWS4-HMAC-SHA256",
            Self::None => "None",
        })
    }
}

/// The token of `Authorization: Bearer`, whose scheme is compared without regard to case.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

fn seconds_since_1970() -> i64 {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}

/// Lets a request pass, or answers 401 without saying which part was wrong.
pub(crate) async fn authenticate(
    State(bridge): State<Bridge>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    // Lambda has the whole body in memory already, 6 MiB at most.
    let Ok(body) = body::to_bytes(body, usize::MAX).await else {
        return Problem::new(Kind::MalformedRequest, "the body ended early").into_response();
    };
    if bridge
        .auth
        .lets_in(&parts.headers, &body, parts.extensions.get())
        .await
    {
        return next.run(Request::from_parts(parts, Body::from(body))).await;
    }
    Problem::new(Kind::Unauthorized, "the request is not authenticated")
        .with_header(header::WWW_AUTHENTICATE, bridge.auth.challenge())
        .into_response()
}

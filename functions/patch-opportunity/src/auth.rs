//! Who may call: decided before the body is parsed and before anything is asked of AWS.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_config::SdkConfig;
use axum::body::{self, Body, Bytes};
use http::{HeaderMap, HeaderValue, header, request::Parts};
use lambda_http::request::RequestContext;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    config::AuthConfig,
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

/// The largest body taken, in bytes, whoever sends it.
pub(crate) const MAX_BODY: usize = 256 * 1024;

/// Why a request is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    TooLarge,
    Unauthenticated { challenge: HeaderValue },
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

    pub(crate) async fn admit(&self, request: &Parts, body: Body) -> Result<Bytes, Refusal> {
        let body = body::to_bytes(body, MAX_BODY)
            .await
            .map_err(|_| Refusal::TooLarge)?;
        if self
            .lets_in(&request.headers, &body, request.extensions.get())
            .await
        {
            return Ok(body);
        }
        let challenge = self.challenge();
        Err(Refusal::Unauthenticated { challenge })
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

//! Authenticates each request before its body is parsed and before any call to Partner Central.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use axum::body::{self, Body, Bytes};
use http::{HeaderValue, Method, request::Parts};
use lambda_http::request::RequestContext;

use crate::{
    config::AuthConfig,
    request::MAX_BODY,
    secrets::{NoSecret, Secrets, SecretsError},
    signature::{Signed, SigningSecret},
    token::{Token, bearer, password},
};

/// The configured way to authenticate, with its secrets.
#[derive(Debug)]
pub enum Auth {
    /// A Standard Webhooks signature.
    #[expect(private_interfaces, reason = "made by `load` alone")]
    StandardWebhooks(Secrets<SigningSecret>),
    /// `Authorization: Bearer`.
    #[expect(private_interfaces, reason = "made by `load` alone")]
    Bearer(Secrets<Token>),
    /// `Authorization: Basic`, with any user name, for senders that support nothing else.
    #[expect(private_interfaces, reason = "made by `load` alone")]
    Basic(Secrets<Token>),
    /// AWS checks the SigV4 signature before it calls the function.
    Iam,
    /// Lets everybody in; for local runs.
    None,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The body is larger than [`MAX_BODY`].
    TooLarge,
    /// The credentials are missing or wrong. The response does not say which.
    Unauthenticated {
        /// The value of `WWW-Authenticate` (RFC 9110, 11.6.1).
        challenge: HeaderValue,
    },
    /// There is no usable secret to check a request against.
    NoSecret {
        /// The reason, for the log.
        cause: String,
    },
    /// A signed `GET` or `HEAD` has a body.
    BodyOfRead,
}

impl Auth {
    /// Loads the secrets, if the configured way needs any.
    ///
    /// # Errors
    /// If the secrets cannot be read.
    pub async fn load(config: AuthConfig, sdk: &SdkConfig) -> Result<Self, SecretsError> {
        Ok(match config {
            AuthConfig::StandardWebhooks(source) => {
                Self::StandardWebhooks(Secrets::load(source, sdk).await?)
            }
            AuthConfig::Bearer(source) => Self::Bearer(Secrets::load(source, sdk).await?),
            AuthConfig::Basic(source) => Self::Basic(Secrets::load(source, sdk).await?),
            AuthConfig::Iam => Self::Iam,
            AuthConfig::None => Self::None,
        })
    }

    /// Whether requests are signed, over their `webhook-id`, their time and their body.
    pub(crate) fn is_signed(&self) -> bool {
        matches!(self, Self::StandardWebhooks(_))
    }

    /// Authenticates a request and returns its body.
    ///
    /// Checks the size first; otherwise anybody could make the function hash for seconds.
    pub(crate) async fn admit(&self, request: &Parts, body: Body) -> Result<Bytes, Refusal> {
        // The whole body is already in memory, so only its size can fail.
        let body = body::to_bytes(body, MAX_BODY)
            .await
            .map_err(|_| Refusal::TooLarge)?;
        let is_authentic = self
            .is_authentic(request, &body)
            .await
            .map_err(|NoSecret { cause }| Refusal::NoSecret { cause })?;
        if !is_authentic {
            let challenge = self.challenge();
            return Err(Refusal::Unauthenticated { challenge });
        }
        let is_read = matches!(request.method, Method::GET | Method::HEAD);
        if self.is_signed() && is_read && !body.is_empty() {
            return Err(Refusal::BodyOfRead);
        }
        Ok(body)
    }

    async fn is_authentic(&self, request: &Parts, body: &[u8]) -> Result<bool, NoSecret> {
        let headers = &request.headers;
        match self {
            Self::StandardWebhooks(secrets) => {
                let signed = Signed::parse(headers, seconds_since_1970());
                let is_by = |secrets: &[_]| {
                    let signed = signed.as_ref();
                    signed.is_some_and(|signed| signed.is_by_one_of(secrets, body))
                };
                secrets.check(is_by).await
            }
            Self::Bearer(tokens) => is_one_of(tokens, bearer(headers)).await,
            Self::Basic(passwords) => is_one_of(passwords, password(headers)).await,
            Self::Iam => Ok(is_authenticated_by_aws(request.extensions.get())),
            Self::None => Ok(true),
        }
    }

    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::StandardWebhooks(_) => "StandardWebhooks",
            Self::Bearer(_) => "Bearer",
            Self::Basic(_) => r#"Basic realm="opportunity-bridge", charset="UTF-8""#,
            Self::Iam => "AWS4-HMAC-SHA256",
            Self::None => "None",
        })
    }
}

/// Whether a token is valid. Looks up the secrets even without a token: if none is usable, the answer
/// must be 503, not 401.
async fn is_one_of(valid: &Secrets<Token>, token: Option<Token>) -> Result<bool, NoSecret> {
    valid
        .check(|valid| token.as_ref().is_some_and(|token| token.is_one_of(valid)))
        .await
}

/// Whether AWS names the caller. A Function URL with `AWS_IAM` always does; without a name, nobody was
/// authenticated.
fn is_authenticated_by_aws(context: Option<&RequestContext>) -> bool {
    let Some(RequestContext::ApiGatewayV2(context)) = context else {
        return false;
    };
    let iam = context
        .authorizer
        .as_ref()
        .and_then(|authorizer| authorizer.iam.as_ref());
    let caller = iam.and_then(|iam| iam.user_arn.as_deref());
    caller.is_some_and(|arn| arn.starts_with("arn:"))
}

fn seconds_since_1970() -> i64 {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}

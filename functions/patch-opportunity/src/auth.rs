//! Who may call: decided before the body is parsed and before anything is asked of AWS.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use axum::body::{self, Body, Bytes};
use http::{HeaderValue, Method, request::Parts};
use lambda_http::request::RequestContext;

use crate::{
    config::AuthConfig,
    secrets::{NoSecret, Secrets, SecretsError},
    signature::{Signed, SigningSecret},
    token::{Token, bearer, password},
};

/// The largest body taken, in bytes, whoever sends it. A whole opportunity is about 10 KiB; a
/// Function URL itself takes 6 MiB, and to hash that takes longer than a request should.
pub(crate) const MAX_BODY: usize = 256 * 1024;

/// The way to authenticate that is configured, with what it takes.
#[derive(Debug)]
pub enum Auth {
    /// A Standard Webhooks signature.
    #[expect(private_interfaces, reason = "made by `load` alone")]
    StandardWebhooks(Secrets<SigningSecret>),
    /// `Authorization: Bearer`.
    #[expect(private_interfaces, reason = "made by `load` alone")]
    Bearer(Secrets<Token>),
    /// `Authorization: Basic`, with any user name: for senders that know nothing else.
    #[expect(private_interfaces, reason = "made by `load` alone")]
    Basic(Secrets<Token>),
    /// AWS has checked a signature (SigV4) before the function was called.
    Iam,
    /// Everybody, on this machine.
    None,
}

/// Why a request is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The body is larger than [`MAX_BODY`].
    TooLarge,
    /// The request does not carry what is asked for; which part is wrong is not said.
    Unauthenticated {
        /// What `WWW-Authenticate` asks for (RFC 9110, 11.6.1).
        challenge: HeaderValue,
    },
    /// There is nothing to check a request against.
    NoSecret {
        /// Why not, for the log.
        cause: String,
    },
    /// A signed `GET` or `HEAD` has a body.
    BodyOfRead,
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
            AuthConfig::Basic(source) => Self::Basic(Secrets::load(source, sdk).await?),
            AuthConfig::Iam => Self::Iam,
            AuthConfig::None => Self::None,
        })
    }

    /// Whether requests are signed, over their `webhook-id`, their time and their body.
    pub(crate) fn is_signed(&self) -> bool {
        matches!(self, Self::StandardWebhooks(_))
    }

    /// Lets a request in, and gives its body.
    ///
    /// The size comes first: without that, anybody could make the function hash for seconds.
    pub(crate) async fn admit(&self, request: &Parts, body: Body) -> Result<Bytes, Refusal> {
        // Lambda has the whole body in memory already: only its size can be wrong.
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

/// Whether a token is one of the valid ones; these are looked at even where there is no token, so
/// that nobody is told 401 while nobody could be let in.
async fn is_one_of(valid: &Secrets<Token>, token: Option<Token>) -> Result<bool, NoSecret> {
    valid
        .check(|valid| token.as_ref().is_some_and(|token| token.is_one_of(valid)))
        .await
}

/// Whether AWS names the caller. A Function URL with `AWS_IAM` always does; an authorizer that
/// names nobody has authenticated nobody.
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

//! The secrets that requests are checked against: loaded at the start, and again when they age.
//!
//! A secret is rotated by adding the new one beside the old one and removing the old one later;
//! neither needs a deploy, because a failed check asks for the secrets again.

use std::{fmt, time::Duration};

use aws_config::{SdkConfig, timeout::TimeoutConfig};
use aws_sdk_secretsmanager::{Client, config, error::DisplayErrorContext};
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};

/// How long secrets are taken as they were loaded: how long a removed one may still be valid.
const LIFETIME: Duration = Duration::from_mins(5);
/// How often at most a failed check loads the secrets again, so that refused requests cannot use up
/// the quota of Secrets Manager.
const PAUSE_BETWEEN_CHECKS: Duration = Duration::from_secs(30);

/// Time for reading them, with the SDK's retries: a request waits for it.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// Where secrets are, as configured.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// `WEBHOOK_SECRET_ID`: the name or ARN of a secret in Secrets Manager that holds one secret,
    /// or `{"secrets": [...]}`.
    Manager(String),
    /// `WEBHOOK_SECRETS`: the secrets themselves, separated by spaces.
    Inline(String),
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manager(id) => formatter.debug_tuple("Manager").field(id).finish(),
            Self::Inline(_) => formatter.write_str("Inline([REDACTED])"),
        }
    }
}

/// Secrets that cannot be had. None of the texts shows any of a secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// Secrets Manager did not give the secret.
    #[error("the secret `{id}` (`WEBHOOK_SECRET_ID`) could not be read: {cause}")]
    Unreadable {
        /// Its name or ARN.
        id: String,
        /// Why not.
        cause: String,
    },
    /// There is a text, but not of the form that is expected.
    #[error("{origin} is malformed, expected one secret or `{{\"secrets\": [\"…\", …]}}`")]
    Malformed {
        /// Where the text is from.
        origin: String,
    },
    /// There are no secrets.
    #[error("{origin} holds no secret")]
    Empty {
        /// Where the text is from.
        origin: String,
    },
    /// A secret is none.
    #[error("secret {number} of {origin} is malformed, expected {expected}")]
    Secret {
        /// Its place, from 1.
        number: usize,
        /// Where the text is from.
        origin: String,
        /// What it should be.
        expected: &'static str,
    },
}

/// A kind of secret.
pub(crate) trait Secret: Sized {
    /// What its text is, for error messages.
    const EXPECTED: &'static str;

    /// Makes one from its text; `None` where the text is malformed.
    fn parse(text: &str) -> Option<Self>;
}

/// Secrets of one kind.
#[derive(Debug)]
pub(crate) struct Secrets<S> {
    /// Where they are loaded from again; `None` where they are given once and for all.
    manager: Option<Manager>,
    loaded: Mutex<Loaded<S>>,
}

#[derive(Debug)]
struct Loaded<S> {
    secrets: Vec<S>,
    at: Instant,
    /// When a failed check last loaded them.
    after_failure: Option<Instant>,
}

impl<S: Secret> Secrets<S> {
    /// Loads the secrets.
    pub(crate) async fn load(
        source: SecretSource,
        config: &SdkConfig,
    ) -> Result<Self, SecretsError> {
        let (manager, secrets) = match source {
            SecretSource::Manager(id) => {
                let manager = Manager {
                    client: client(config),
                    id,
                };
                let secrets = manager.read().await?;
                (Some(manager), secrets)
            }
            SecretSource::Inline(text) => (
                None,
                parse(
                    "`WEBHOOK_SECRETS`",
                    &text.split_whitespace().collect::<Vec<_>>(),
                )?,
            ),
        };
        let loaded = Mutex::new(Loaded {
            secrets,
            at: Instant::now(),
            after_failure: None,
        });
        Ok(Self { manager, loaded })
    }

    /// Whether `check` passes with the secrets as they are now.
    pub(crate) async fn check(&self, check: impl Fn(&[S]) -> bool) -> bool {
        let mut loaded = self.loaded.lock().await;
        let Some(manager) = &self.manager else {
            return check(&loaded.secrets);
        };
        let is_old = loaded.at.elapsed() > LIFETIME;
        if is_old {
            loaded.refresh(manager).await;
        }
        if check(&loaded.secrets) {
            return true;
        }
        let is_too_soon = |last: Instant| last.elapsed() < PAUSE_BETWEEN_CHECKS;
        if is_old || loaded.after_failure.is_some_and(is_too_soon) {
            return false;
        }
        loaded.after_failure = Some(Instant::now());
        loaded.refresh(manager).await;
        check(&loaded.secrets)
    }
}

impl<S: Secret> Loaded<S> {
    /// Loads the secrets again. Where that fails, the last ones stay: whoever could be let in before
    /// still can, and nobody else.
    async fn refresh(&mut self, manager: &Manager) {
        match manager.read().await {
            Ok(secrets) => self.secrets = secrets,
            Err(error) => tracing::warn!(%error, "secrets not refreshed"),
        }
        self.at = Instant::now();
    }
}

/// A client that does not make a request wait for long.
fn client(config: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(READ_TIMEOUT)
        .build();
    Client::from_conf(
        config::Builder::from(config)
            .timeout_config(timeouts)
            .build(),
    )
}

#[derive(Debug)]
struct Manager {
    client: Client,
    id: String,
}

impl Manager {
    async fn read<S: Secret>(&self) -> Result<Vec<S>, SecretsError> {
        let unreadable = |cause| SecretsError::Unreadable {
            id: self.id.clone(),
            cause,
        };
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.id)
            .send()
            .await;
        let answer = answer.map_err(|error| unreadable(DisplayErrorContext(error).to_string()))?;
        let held = answer
            .secret_string()
            .ok_or_else(|| unreadable("it is binary".to_owned()))?;
        let origin = format!("the secret `{}` (`WEBHOOK_SECRET_ID`)", self.id);
        let texts = texts(held).ok_or_else(|| SecretsError::Malformed {
            origin: origin.clone(),
        })?;
        parse(&origin, &texts)
    }
}

fn parse<S: Secret>(origin: &str, texts: &[impl AsRef<str>]) -> Result<Vec<S>, SecretsError> {
    if texts.is_empty() {
        return Err(SecretsError::Empty {
            origin: origin.to_owned(),
        });
    }
    let malformed = |index| SecretsError::Secret {
        number: index + 1,
        origin: origin.to_owned(),
        expected: S::EXPECTED,
    };
    let secret =
        |(index, text): (usize, &_)| S::parse(AsRef::as_ref(text)).ok_or_else(|| malformed(index));
    texts.iter().enumerate().map(secret).collect()
}

/// The secrets in what Secrets Manager holds: `{"secrets": [...]}` or the bare string.
fn texts(held: &str) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Held {
        secrets: Vec<String>,
    }
    if held.trim_start().starts_with('{') {
        return serde_json::from_str(held)
            .ok()
            .map(|held: Held| held.secrets);
    }
    Some(vec![held.trim().to_owned()])
}

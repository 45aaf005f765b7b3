//! The secrets that requests are checked against: read at the start, and again when they age.
//!
//! A secret is rotated by adding the new one beside the old one and removing the old one later;
//! neither needs a deploy, because a failed check reads the secrets again. What Secrets Manager
//! answers is the truth: where it holds nothing usable, nobody is let in. Only where it does not
//! answer do the secrets of before stay, for a time.

use std::{fmt, time::Duration};

use aws_config::{SdkConfig, timeout::TimeoutConfig};
use aws_sdk_secretsmanager::{
    Client, config, error::SdkError, operation::get_secret_value::GetSecretValueError,
};
use partner_central::outline;
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};

/// How long secrets are taken as they were read: how long a removed one may still be valid.
const LIFETIME: Duration = Duration::from_mins(5);
/// How often at most secrets are read because a check failed, or because none is usable: refused
/// requests must not use up the quota of Secrets Manager.
const PAUSE: Duration = Duration::from_secs(30);
/// How long secrets stay valid while Secrets Manager does not answer. It bounds how long a secret
/// that was revoked during an outage still opens the door.
const OUTAGE: Duration = Duration::from_hours(1);

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
    /// Secrets Manager did not answer, or not about the secret: it is throttled, or the function's
    /// credentials are not taken.
    #[error("the secret `{id}` (`WEBHOOK_SECRET_ID`) could not be asked for: {cause}")]
    Unanswered {
        /// Its name or ARN.
        id: String,
        /// What happened.
        cause: String,
    },
    /// Secrets Manager answered, and gave no secret.
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
    /// One secret in the list is malformed.
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

/// Nobody can be let in: Secrets Manager holds no usable secret, or has not answered for too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoSecret {
    /// What came of the last read, for the log.
    pub(crate) cause: String,
}

/// Secrets of one kind.
#[derive(Debug)]
pub(crate) struct Secrets<S> {
    /// Where they are read from again; `None` where they are given once and for all.
    manager: Option<Manager>,
    known: Mutex<Known<S>>,
}

/// What is known of the secrets, and since when.
#[derive(Debug)]
struct Known<S> {
    /// Empty where none is usable.
    secrets: Vec<S>,
    /// Where none is usable: why not.
    why_none: String,
    /// When Secrets Manager was last asked.
    asked: Instant,
    /// When it last answered.
    answered: Instant,
    /// When it was last asked because a check failed.
    asked_after_failure: Option<Instant>,
}

impl<S: Secret> Secrets<S> {
    /// Reads the secrets for the first time.
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
        let known = Mutex::new(Known::new(secrets, Instant::now()));
        Ok(Self { manager, known })
    }

    /// Whether `check` passes with the secrets as they are now.
    pub(crate) async fn check(&self, check: impl Fn(&[S]) -> bool) -> Result<bool, NoSecret> {
        let mut known = self.known.lock().await;
        let Some(manager) = &self.manager else {
            return Ok(check(&known.secrets));
        };
        let is_due = known.is_due(Instant::now());
        if is_due {
            known.learn(manager.read().await, Instant::now());
        }
        let mut passes = check(&known.secrets);
        if !passes && !is_due && known.is_due_after_failure(Instant::now()) {
            known.learn(manager.read().await, Instant::now());
            passes = check(&known.secrets);
        }
        if known.secrets.is_empty() {
            let cause = known.why_none.clone();
            return Err(NoSecret { cause });
        }
        Ok(passes)
    }
}

impl<S> Known<S> {
    fn new(secrets: Vec<S>, now: Instant) -> Self {
        Self {
            secrets,
            why_none: String::new(),
            asked: now,
            answered: now,
            asked_after_failure: None,
        }
    }

    /// Whether the secrets are to be read before a check: they are old, or there is none.
    fn is_due(&self, now: Instant) -> bool {
        let age = now - self.asked;
        age > LIFETIME || self.secrets.is_empty() && age >= PAUSE
    }

    /// Whether the secrets are to be read because a check failed: not if that was done a moment ago.
    fn is_due_after_failure(&mut self, now: Instant) -> bool {
        let is_past = |last: Instant| now - last >= PAUSE;
        let is_due = !self.secrets.is_empty() && self.asked_after_failure.is_none_or(is_past);
        if is_due {
            self.asked_after_failure = Some(now);
        }
        is_due
    }

    /// Takes what came of reading the secrets.
    fn learn(&mut self, read: Result<Vec<S>, SecretsError>, now: Instant) {
        self.asked = now;
        match read {
            Ok(secrets) => {
                if self.secrets.is_empty() {
                    tracing::info!("there is a usable secret again");
                }
                self.secrets = secrets;
                self.answered = now;
            }
            Err(error @ SecretsError::Unanswered { .. })
                if !self.secrets.is_empty() && now - self.answered <= OUTAGE =>
            {
                tracing::warn!(%error, "secrets not refreshed");
            }
            Err(error) => {
                tracing::error!(%error, "no usable secret, nobody is let in");
                self.secrets.clear();
                self.why_none = error.to_string();
            }
        }
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
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.id)
            .send()
            .await;
        let answer = answer.map_err(|error| {
            let (id, cause) = (self.id.clone(), outline(&error));
            if is_answer(&error) {
                SecretsError::Unreadable { id, cause }
            } else {
                SecretsError::Unanswered { id, cause }
            }
        })?;
        let held = answer
            .secret_string()
            .ok_or_else(|| SecretsError::Unreadable {
                id: self.id.clone(),
                cause: "it has no `SecretString`".to_owned(),
            })?;
        let origin = format!("the secret `{}` (`WEBHOOK_SECRET_ID`)", self.id);
        let texts = texts(held).ok_or_else(|| SecretsError::Malformed {
            origin: origin.clone(),
        })?;
        parse(&origin, &texts)
    }
}

/// Whether an error tells of the secret: it is gone, or withdrawn from this function, or what came
/// with a success is no secret. What does not, such as an outage or throttling, may pass.
fn is_answer(error: &SdkError<GetSecretValueError>) -> bool {
    use GetSecretValueError as Of;

    let is_success = error
        .raw_response()
        .is_some_and(|response| response.status().is_success());
    is_success
        || error.as_service_error().is_some_and(|error| {
            let of_secret = matches!(
                error,
                Of::DecryptionFailure(_)
                    | Of::InvalidParameterException(_)
                    | Of::InvalidRequestException(_)
                    | Of::ResourceNotFoundException(_)
            );
            of_secret || error.meta().code() == Some("AccessDeniedException")
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn unanswered() -> SecretsError {
        SecretsError::Unanswered {
            id: "bridge/webhook".to_owned(),
            cause: "AWS did not answer in time".to_owned(),
        }
    }

    fn useless() -> [SecretsError; 4] {
        let origin = || "the secret".to_owned();
        [
            SecretsError::Unreadable {
                id: origin(),
                cause: "AWS answered with 400 `ResourceNotFoundException`".to_owned(),
            },
            SecretsError::Malformed { origin: origin() },
            SecretsError::Empty { origin: origin() },
            SecretsError::Secret {
                number: 1,
                origin: origin(),
                expected: "Base64",
            },
        ]
    }

    #[test]
    fn a_useless_answer_of_secrets_manager_ends_the_secrets_at_once_and_a_useful_one_brings_them_back()
     {
        for error in useless() {
            let start = Instant::now();
            let mut known = Known::new(vec!["old"], start);
            let text = error.to_string();
            known.learn(Err(error), start);
            assert!(known.secrets.is_empty(), "{text}");

            // It is asked again at the next request, but not at each.
            let soon = start + PAUSE / 2;
            assert!(!known.is_due(soon) && !known.is_due_after_failure(soon));
            assert!(known.is_due(start + PAUSE));
            known.learn(Err(unanswered()), start + PAUSE);
            assert!(known.secrets.is_empty(), "{text}");
            known.learn(Ok(vec!["new"]), start + PAUSE * 2);
            assert_eq!(known.secrets, ["new"]);
            assert!(!known.is_due(start + PAUSE * 3));
        }
    }

    #[test]
    fn where_secrets_manager_does_not_answer_the_old_secrets_stay_for_an_hour() {
        let start = Instant::now();
        let mut known = Known::new(vec!["old"], start);
        for minutes in [6, 30, 60] {
            known.learn(Err(unanswered()), start + Duration::from_mins(minutes));
            assert_eq!(known.secrets, ["old"], "after {minutes} minutes");
        }
        known.learn(Ok(vec!["old"]), start + Duration::from_hours(1));
        known.learn(Err(unanswered()), start + Duration::from_hours(2));
        assert_eq!(known.secrets, ["old"], "an answer begins the hour anew");
        known.learn(Err(unanswered()), start + Duration::from_mins(121));
        assert!(known.secrets.is_empty());
    }

    #[test]
    fn secrets_are_read_again_when_they_are_old_and_at_most_twice_a_minute_when_a_check_failed() {
        let start = Instant::now();
        let mut known = Known::new(vec!["old"], start);
        assert!(!known.is_due(start + LIFETIME));
        assert!(known.is_due(start + LIFETIME + Duration::from_secs(1)));
        assert!(known.is_due_after_failure(start));
        assert!(!known.is_due_after_failure(start + PAUSE - Duration::from_secs(1)));
        assert!(known.is_due_after_failure(start + PAUSE));
        assert!(!known.is_due_after_failure(start + PAUSE));
    }
}

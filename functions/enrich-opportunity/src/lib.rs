//! An EventBridge opportunity event in, one self-contained CloudEvent out.
//!
//! Partner Central's event says only which opportunity changed. This function reads the whole
//! opportunity and answers with it; AWS delivers the answer (the function's on-success
//! destination). A failed read is a function error, so that AWS tries again: never a silent skip.

mod config;

use lambda_runtime::{Diagnostic, LambdaEvent};
use model::{Catalog, CloudEvent, EventError, OpportunityEvent};
use partner_central::PartnerCentral;
use serde_json::Value;

pub use config::{Config, ConfigError};

/// What every event is answered with: the client and the configuration.
#[derive(Debug, Clone)]
pub struct Bridge {
    partner_central: PartnerCentral,
    catalog: Catalog,
}

/// An event that could not be enriched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The event is none that this function takes.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The event is from another catalog than the configured one.
    #[error(
        "the event is from catalog `{found}`, expected `{expected}` (`PARTNER_CENTRAL_CATALOG`)"
    )]
    Catalog {
        /// The event's catalog.
        found: String,
        /// The configured catalog.
        expected: String,
    },
    /// The opportunity could not be read.
    #[error("opportunity `{identifier}` could not be read: {cause}")]
    Read {
        /// Which opportunity.
        identifier: String,
        /// Why not.
        cause: partner_central::Error,
    },
}

impl Error {
    /// The error's stable name, as Lambda's `errorType`.
    fn kind(&self) -> &'static str {
        use partner_central::Error as Cause;
        match self {
            Self::Event(_) => "EventRefused",
            Self::Catalog { .. } => "CatalogRefused",
            Self::Read { cause, .. } => match cause {
                Cause::NotFound => "OpportunityNotFound",
                Cause::Denied { .. } => "AccessDenied",
                Cause::Throttled => "Throttled",
                Cause::Conflict | Cause::Invalid { .. } => "ReadRefused",
                Cause::Unavailable { .. } => "Unavailable",
            },
        }
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self {
            error_type: error.kind().to_owned(),
            error_message: error.to_string(),
        }
    }
}

impl Bridge {
    /// A bridge from the configured catalog.
    #[must_use]
    pub fn new(partner_central: PartnerCentral, config: Config) -> Self {
        Self {
            partner_central,
            catalog: config.catalog,
        }
    }

    /// Answers one event.
    ///
    /// # Errors
    /// See [`Error`]: each is a function error, which AWS retries and then puts into the
    /// dead-letter queue.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<CloudEvent, Error> {
        let answered = self.enrich(&event.payload).await;
        match &answered {
            Ok(event) => tracing::info!(
                opportunity.id = event.subject(),
                outcome = "enriched",
                "answered"
            ),
            Err(error) => tracing::error!(outcome = error.kind(), %error, "not enriched"),
        }
        answered
    }

    async fn enrich(&self, event: &Value) -> Result<CloudEvent, Error> {
        let event = OpportunityEvent::parse(event)?;
        if event.catalog != self.catalog {
            return Err(Error::Catalog {
                found: event.catalog.to_string(),
                expected: self.catalog.to_string(),
            });
        }
        let opportunity = self
            .partner_central
            .get(&self.catalog, &event.identifier)
            .await
            .map_err(|cause| Error::Read {
                identifier: event.identifier.to_string(),
                cause,
            })?;
        Ok(CloudEvent::new(&event, opportunity))
    }
}

//! An EventBridge opportunity event in, one self-contained CloudEvent out.
//!
//! Partner Central's event says only which opportunity changed. This function reads the whole
//! opportunity, and AWS's summary of it, and answers with both; AWS delivers the answer (the
//! function's on-success destination). A failed read is a function error, so that AWS tries again:
//! never a silent skip. A summary that cannot be read is named in the event, and never costs the event.

mod clock;
mod config;
mod crm;
mod error;
mod observe;
mod origin;
mod read;
mod remember;
mod trace;

use std::sync::Arc;

use lambda_runtime::LambdaEvent;
use mapping::Mapping;
use memory::Memory;
use model::{CloudEvent, OpportunityEvent};
use partner_central::PartnerCentral;
use serde_json::Value;

pub use clock::Clock;
pub use config::{Config, ConfigError};
pub use error::Error;
use observe::Observation;
use read::Reads;

/// What every event is answered with: the client, the configuration, the clock and perhaps a mapping.
#[derive(Debug, Clone)]
pub struct Enricher {
    partner_central: PartnerCentral,
    config: Config,
    clock: Clock,
    mapping: Option<Arc<Mapping>>,
    memory: Option<Memory>,
}

impl Enricher {
    /// An enricher for the configured catalog.
    #[must_use]
    pub fn new(partner_central: PartnerCentral, config: Config, clock: Clock) -> Self {
        Self {
            partner_central,
            config,
            clock,
            mapping: None,
            memory: None,
        }
    }

    /// The same, whose events carry a body for the API of the CRM that the mapping is for.
    #[must_use]
    pub fn with_mapping(self, mapping: Option<Mapping>) -> Self {
        let mapping = mapping.map(Arc::new);
        Self { mapping, ..self }
    }

    /// The same, with a memory: events tell what changed, and who changed it.
    #[must_use]
    pub fn with_memory(self, memory: Option<Memory>) -> Self {
        Self { memory, ..self }
    }

    /// Answers one event, and tells the operator about it.
    ///
    /// # Errors
    /// See [`Error`]: each is a function error, which AWS retries and then puts into the
    /// dead-letter queue.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<CloudEvent, Error> {
        let mut observation = Observation::begin();
        let answered = self.enrich(&event, &mut observation).await;
        observation.end(&answered, &self.config.catalog, &self.clock);
        answered
    }

    async fn enrich(
        &self,
        LambdaEvent { payload, context }: &LambdaEvent<Value>,
        observation: &mut Observation,
    ) -> Result<CloudEvent, Error> {
        let event = OpportunityEvent::parse(payload)?;
        observation.of(&event);
        self.refuse_other_catalog(&event)?;

        let started = self.clock.next();
        let (opportunity, summary) = Reads {
            partner_central: &self.partner_central,
            config: &self.config,
            event: &event,
            observation,
        }
        .both(read::deadline(context, self.clock.now()))
        .await?;
        let read = summary.as_ref().and_then(|summary| summary.as_ref().ok());
        observation.look_at(&opportunity, read);

        let xray = context.xray_trace_id.as_deref();
        let traceparent = xray.and_then(trace::traceparent);
        let mapping = self.mapping.as_deref();
        let read = mapping.map(|_| opportunity.document().clone());
        let is_in_review = opportunity.is_in_review();
        let event = CloudEvent::new(&event, opportunity, summary, started, traceparent);
        let (event, told) = match &self.memory {
            Some(memory) => {
                let now = self.clock.now().into();
                remember::to_hand_on(memory, &self.config.catalog, event, is_in_review, now).await
            }
            None => (event, None),
        };
        Ok(match mapping.zip(told.or(read)) {
            Some((mapping, document)) => crm::with_body(event, &document, mapping),
            None => event,
        })
    }

    fn refuse_other_catalog(&self, event: &OpportunityEvent) -> Result<(), Error> {
        if event.catalog == self.config.catalog {
            return Ok(());
        }
        Err(Error::Catalog {
            found: event.catalog.to_string(),
            expected: self.config.catalog.to_string(),
        })
    }
}

//! Calls to Partner Central for one request: their time is noted, and what the operator must know of a
//! failure goes to the log.

use model::{Answer, Catalog, Identifier, Object, Opportunity, Update, unknown};
use partner_central::{Error, NotConfirmed, PartnerCentral, Updated};
use telemetry::tell_unknown;

use crate::invocation::Invocation;

/// Partner Central, as one request sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Upstream<'a> {
    pub(crate) partner_central: &'a PartnerCentral,
    pub(crate) catalog: &'a Catalog,
    pub(crate) invocation: &'a Invocation,
}

impl Upstream<'_> {
    /// Reads an opportunity.
    pub(crate) async fn get(&self, identifier: &Identifier) -> Result<Opportunity, Error> {
        let read = self.partner_central.get(self.catalog, identifier);
        let read = self.noted(read).await.inspect_err(report)?;
        self.look_at("opportunity", Answer::Opportunity, read.document());
        Ok(read)
    }

    /// Reads AWS's summary of an opportunity.
    pub(crate) async fn summary(&self, identifier: &Identifier) -> Result<Object, Error> {
        let read = self.partner_central.summary(self.catalog, identifier);
        let read = self.noted(read).await.inspect_err(report)?;
        self.look_at("summary", Answer::Summary, &read);
        Ok(read)
    }

    /// Writes an opportunity, with at most this many requests.
    pub(crate) async fn update(&self, update: &Update, most: u32) -> Result<Updated, NotConfirmed> {
        let write = self.partner_central.update(update, most);
        self.noted(write)
            .await
            .inspect_err(|error| report(&error.cause))
    }

    /// Looks for what this release does not know.
    fn look_at(&self, of: &'static str, answer: Answer, document: &Object) {
        let pointers = unknown(answer, document);
        tell_unknown(of, &pointers);
        self.invocation.notes.unknown(pointers.len());
    }

    async fn noted<T>(&self, call: impl Future<Output = T>) -> T {
        self.invocation.notes.upstream(call).await
    }
}

/// Tells the operator of a call that failed, also where the request succeeds in the end. What AWS says of
/// content stays out of the log: it may quote it.
fn report(error: &Error) {
    match error {
        Error::Denied { .. } | Error::Throttled | Error::Unavailable { .. } => {
            tracing::warn!(%error, "no usable answer");
        }
        Error::NotFound | Error::Conflict | Error::Invalid { .. } => {}
    }
}

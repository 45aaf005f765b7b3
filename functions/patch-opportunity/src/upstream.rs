//! Calls Partner Central for one request: notes the time, and logs the failures that concern an
//! operator.

use model::{AwsDocument, Catalog, Identifier, Object, Opportunity, Update, unknown};
use partner_central::{Error, NotConfirmed, PartnerCentral, Updated};
use telemetry::report_unknown_fields;

use crate::invocation::Invocation;

/// Partner Central, for one request.
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
        self.look_at("opportunity", AwsDocument::Opportunity, read.document());
        Ok(read)
    }

    /// Reads AWS's summary of an opportunity.
    pub(crate) async fn summary(&self, identifier: &Identifier) -> Result<Object, Error> {
        let read = self.partner_central.summary(self.catalog, identifier);
        let read = self.noted(read).await.inspect_err(report)?;
        self.look_at("summary", AwsDocument::Summary, &read);
        Ok(read)
    }

    /// Writes an opportunity, with at most this many requests.
    pub(crate) async fn update(&self, update: &Update, most: u32) -> Result<Updated, NotConfirmed> {
        let write = self.partner_central.update(update, most);
        self.noted(write)
            .await
            .inspect_err(|error| report(&error.cause))
    }

    /// Reports what this release does not know.
    fn look_at(&self, of: &'static str, kind: AwsDocument, document: &Object) {
        let pointers = unknown(kind, document);
        report_unknown_fields(of, &pointers);
        self.invocation.notes.unknown(pointers.len());
    }

    async fn noted<T>(&self, call: impl Future<Output = T>) -> T {
        self.invocation.notes.upstream(call).await
    }
}

/// Logs a failed call, even if the request succeeds in the end. What AWS says about content stays out of
/// the log: it may quote it.
fn report(error: &Error) {
    match error {
        Error::Denied { .. } | Error::Throttled | Error::Unavailable { .. } => {
            tracing::warn!(%error, "no usable answer");
        }
        Error::NotFound | Error::Conflict | Error::Invalid { .. } => {}
    }
}

//! A response as it came, before anything is made of it.

/// A raw response: any HTTP status, and the body as received.
#[derive(Debug)]
pub(crate) struct RawResponse {
    pub(crate) status: u16,
    /// `x-amzn-ErrorType` as received.
    pub(crate) error_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl RawResponse {
    /// AWS's name for an error that the SDK could not name: `x-amzn-ErrorType` up to a colon, or `__type`
    /// of the body after a hash.
    pub(crate) fn code(&self, in_body: Option<String>) -> Option<String> {
        let told = self.error_type.clone().or(in_body)?;
        let name = told.split(':').next().unwrap_or_default();
        Some(name.rsplit('#').next().unwrap_or_default().to_owned())
    }
}

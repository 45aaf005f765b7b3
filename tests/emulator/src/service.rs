//! The services of the awsJson protocol that the emulator answers for.

/// A service, as its protocol names it.
pub(crate) struct Service {
    /// The beginning of `X-Amz-Target`, before the dot.
    pub(crate) target: &'static str,
    /// The service in the credential scope of a signature.
    pub(crate) scope: &'static str,
    pub(crate) content_type: &'static str,
}

pub(crate) static PARTNER_CENTRAL: Service = Service {
    target: "AWSPartnerCentralSelling",
    scope: "partnercentral-selling",
    content_type: "application/x-amz-json-1.0",
};
pub(crate) static SECRETS_MANAGER: Service = Service {
    target: "secretsmanager",
    scope: "secretsmanager",
    content_type: "application/x-amz-json-1.1",
};

//! The ARNs of what the emulator holds.

/// An account that belongs to nobody: AWS uses it in its own examples.
pub(crate) const ACCOUNT: &str = "111122223333";

pub(crate) fn of_opportunity(catalog: &str, id: &str) -> String {
    format!("arn:aws:partnercentral:us-east-1:{ACCOUNT}:catalog/{catalog}/opportunity/{id}")
}

pub(crate) fn of_secret(name: &str) -> String {
    format!("arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{name}-AbCdEf")
}

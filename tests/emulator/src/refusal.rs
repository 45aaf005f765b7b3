//! AWS's errors, in AWS's wire form.
//!
//! A client tells them apart only by name: nearly all have HTTP status 400 (AWS's page on
//! `UpdateOpportunity`, "Errors").

use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

/// The namespace of Partner Central's own errors, as recorded.
const PARTNER_CENTRAL: &str = "com.amazon.partnerintegrationapi.common";
/// The namespace of the errors of AWS's web framework, the same for every service of this protocol.
const FRAMEWORK: &str = "com.amazon.coral.service";
/// The namespace of Secrets Manager's errors.
const SECRETS_MANAGER: &str = "com.amazonaws.secretsmanager";

/// A refused request.
#[derive(Debug, PartialEq)]
pub(crate) enum Refusal {
    AccessDenied,
    /// What the request contradicts.
    Conflict(String),
    InternalServer,
    /// The signature is for another service than the one called.
    InvalidSignature(String),
    /// The request has no signature, so its sender is unknown.
    MissingAuthenticationToken,
    /// The opportunity that does not exist.
    NotFound(String),
    SecretNotFound,
    Serialization(String),
    Throttling,
    UnknownOperation(String),
    Validation(Reason, Vec<Violation>),
}

/// Which kind of check refused the request.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Reason {
    /// The model: the request is wrong whatever the opportunity looks like.
    RequestValidationFailed,
    /// The opportunity: its state does not allow it.
    BusinessValidationFailed,
}

/// One entry of a `ValidationException`'s `ErrorList`.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Violation {
    /// Dotted, each part in lower camel case, without list positions, as in AWS's examples:
    /// `project.expectedCustomerSpend.estimationUrl`.
    pub(crate) field_name: String,
    pub(crate) message: String,
    pub(crate) code: Code,
}

/// AWS's code for a violation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Code {
    ActionNotPermitted,
    InvalidEnumValue,
    InvalidStringFormat,
    InvalidValue,
    NotEnoughValues,
    RequiredFieldMissing,
    TooManyValues,
    ValueOutOfRange,
}

/// Refuses a request that has violations.
pub(crate) fn refuse(reason: Reason, violations: Vec<Violation>) -> Result<(), Refusal> {
    if violations.is_empty() {
        return Ok(());
    }
    Err(Refusal::Validation(reason, violations))
}

impl Violation {
    /// A violation at a JSON Pointer, such as `/Customer/Contacts/0/Email`.
    pub(crate) fn new(pointer: &str, code: Code, message: String) -> Self {
        Self {
            field_name: field_name(pointer),
            message,
            code,
        }
    }
}

fn field_name(pointer: &str) -> String {
    let is_position = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let lower_camel = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().map(|first| first.to_ascii_lowercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let parts = pointer.split('/').filter(|part| !is_position(part));
    parts.map(lower_camel).collect::<Vec<_>>().join(".")
}

impl Refusal {
    /// AWS's name for the error.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::AccessDenied => "AccessDeniedException",
            Self::Conflict(_) => "ConflictException",
            Self::InternalServer => "InternalServerException",
            Self::InvalidSignature(_) => "InvalidSignatureException",
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::NotFound(_) | Self::SecretNotFound => "ResourceNotFoundException",
            Self::Serialization(_) => "SerializationException",
            Self::Throttling => "ThrottlingException",
            Self::UnknownOperation(_) => "UnknownOperationException",
            Self::Validation(..) => "ValidationException",
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::InternalServer => StatusCode::INTERNAL_SERVER_ERROR,
            Self::InvalidSignature(_) | Self::MissingAuthenticationToken => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn namespace(&self) -> &'static str {
        match self {
            Self::InvalidSignature(_)
            | Self::MissingAuthenticationToken
            | Self::Serialization(_)
            | Self::UnknownOperation(_) => FRAMEWORK,
            Self::SecretNotFound => SECRETS_MANAGER,
            _ => PARTNER_CENTRAL,
        }
    }

    /// The value of the header `x-amzn-ErrorType`, as recorded.
    pub(crate) fn error_type(&self) -> String {
        let (name, namespace) = (self.name(), self.namespace());
        format!("{name}:http://internal.amazon.com/coral/{namespace}/")
    }

    /// The body of the answer.
    pub(crate) fn body(&self) -> Value {
        let name = format!("{}#{}", self.namespace(), self.name());
        let mut body = json!({ "__type": name, "Message": self.message() });
        if let (Self::Validation(reason, violations), Value::Object(body)) = (self, &mut body) {
            body.insert("Reason".to_owned(), json!(reason));
            body.insert("ErrorList".to_owned(), json!(violations));
        }
        body
    }

    pub(crate) fn message(&self) -> String {
        match self {
            Self::AccessDenied => "the caller may not do this in Partner Central".to_owned(),
            Self::InternalServer => "internal failure, the request may be sent again".to_owned(),
            Self::Conflict(what)
            | Self::InvalidSignature(what)
            | Self::Serialization(what)
            | Self::UnknownOperation(what) => what.clone(),
            Self::MissingAuthenticationToken => {
                "the request has no signature, expected an `Authorization` header with a SigV4 \
                 credential scope"
                    .to_owned()
            }
            Self::NotFound(id) => format!("opportunity `{id}` is not in this catalog"),
            Self::SecretNotFound => "Secrets Manager can't find the specified secret.".to_owned(),
            Self::Throttling => "Rate exceeded".to_owned(),
            Self::Validation(_, violations) => {
                let messages = violations
                    .iter()
                    .map(|violation| violation.message.as_str());
                messages.collect::<Vec<_>>().join("; ")
            }
        }
    }
}

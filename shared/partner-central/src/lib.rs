//! Calls AWS Partner Central through the AWS SDK, with opportunities as raw JSON.
//!
//! Only this crate names `aws_sdk_partnercentralselling`. The SDK provides credentials, signing, the
//! endpoint, retries and the names of errors. Its typed shapes are bypassed, because they drop every
//! member that their release does not know, cannot send an explicit null, and invent values for absent
//! members (`wire.rs` says how). Tests redirect it by the SDK's own endpoint variables:
//! `AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING` or `AWS_ENDPOINT_URL`.

mod client;
mod error;
mod list;
mod raw_response;
mod wire;

pub use client::{MissingRegion, NotConfirmed, PartnerCentral, Updated, sdk_config};
pub use error::{Error, FieldError, outline};
pub use list::{Entry, Modified, Page};

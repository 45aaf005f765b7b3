//! A local AWS Partner Central Selling API that real clients can use unmodified.
//!
//! The bridge is tested against it: the AWS CLI, boto3 and the AWS SDKs get its URL and notice no
//! difference. It keeps opportunities as raw JSON, replaces them as AWS does (whatever an update omits
//! becomes null), refuses what AWS refuses, and fails on demand. It can also play EventBridge: see
//! [`Settings::on_change`]. Lambda's `Invoke` delivers events too, and `/_control` offers all of this
//! to tests in other languages: `README.md` beside `src`.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use partner_central_emulator::{Emulator, Fault};
//! use serde_json::json;
//!
//! let emulator = Emulator::start().await;
//! emulator.seed(json!({
//!     "Id": "O1234567",
//!     "Catalog": "Sandbox",
//!     "LastModifiedDate": "2025-12-15T10:20:30.149Z",
//! }));
//! emulator.inject("UpdateOpportunity", 1, Fault::Throttling);
//! // ... point a client at `emulator.url()`, and then:
//! assert!(emulator.writes().is_empty());
//! # }
//! ```
//!
//! Not emulated: signatures are required but not verified; business rules other than the review
//! locks (which stage may follow which, which members depend on each other); the rewriting of
//! amounts and estimation URLs; events about AWS's summary alone or about engagements; daily
//! quotas. Everything is held in memory: an event on its way when the emulator stops is gone.

mod arn;
mod aws_json;
mod clock;
mod constraints;
mod control;
mod crm;
mod destination;
mod document;
mod emulator;
mod endpoint;
mod event;
mod eventbridge;
mod exchange;
mod fault;
mod headers;
mod http_client;
mod journal;
mod lambda;
mod milliseconds;
mod operations;
mod origin;
mod outbox;
mod payload;
mod playground;
mod prepared_response;
mod problem;
mod put;
mod quota;
mod refusal;
mod review;
mod review_lock;
mod router;
mod samples;
mod server;
mod service;
mod settings;
mod shape;
mod state;
mod store;

pub use destination::{Credential, CredentialError, Delivered, Destination};
pub use emulator::Emulator;
pub use endpoint::{Endpoint, EndpointError};
pub use fault::{EventFault, Fault};
pub use journal::{Delivery, Invocation, Outcome, Request, Undelivered};
pub use settings::Settings;
pub use store::SeedError;

//! Runs the bridge's functions as processes, under our own Lambda Runtime API.
//!
//! Tests cover what is deployed: the binaries, configured by their environment, with events in Lambda's
//! form. The emulator plays AWS, at the endpoint that the environment names.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test must stop when its setup fails"
)]

mod function;
mod http;
mod memory;
mod runtime_api;
mod table;

pub use function::{Function, binary, command};
pub use http::{Request, Response};
pub use memory::{has_keys, has_memory, table_of};
pub use runtime_api::{FunctionError, Invoked, RuntimeApi, Waiting};
pub use table::{Cut, Table, Units};

//! The bridge's functions as processes, under a Lambda Runtime API of our own.
//!
//! What is tested is what is deployed: the binaries, configured by their environment, given events
//! as Lambda gives them. AWS is the emulator, at the endpoint that the environment names.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test whose ground gives way must not go on"
)]

mod function;
mod http;
mod runtime_api;
mod table;

pub use function::{Function, binary, command};
pub use http::{Answer, Request};
pub use runtime_api::{FunctionError, Invoked, RuntimeApi, Waiting};
pub use table::{Cut, Table};

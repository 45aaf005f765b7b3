//! The same tests with a memory: on if `TEST_MEMORY` is set, as `make test` does once.
//!
//! Functions then get a table of their emulator's, unless their test gives them one or wants none. With the
//! value `keys` each request has a key of its own, too, and so is carried out by way of a claim.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Weak},
};

use partner_central_emulator::Emulator;
use tokio::sync::Mutex;

use crate::{Request, Table};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Without,
    With,
    WithKeys,
}

/// Whether functions have a memory that their test says nothing of.
#[must_use]
pub fn has_memory() -> bool {
    mode() != Mode::Without
}

/// Whether each request to such a function has a key.
#[must_use]
pub fn has_keys() -> bool {
    mode() == Mode::WithKeys
}

#[expect(
    clippy::disallowed_methods,
    reason = "a choice of whoever runs the tests, and of nothing that is tested"
)]
fn mode() -> Mode {
    static MODE: LazyLock<Mode> = LazyLock::new(|| match std::env::var("TEST_MEMORY").as_deref() {
        Err(_) => Mode::Without,
        Ok("on") => Mode::With,
        Ok("keys") => Mode::WithKeys,
        Ok(other) => panic!("`TEST_MEMORY` is `{other}`, expected `on` or `keys`"),
    });
    *MODE
}

/// The table that the functions of an emulator share, if they have a memory. It is gone with the last of them.
pub async fn table_of(emulator: &Emulator) -> Option<Arc<Table>> {
    static TABLES: LazyLock<Mutex<HashMap<String, Weak<Table>>>> = LazyLock::new(Mutex::default);
    if !has_memory() {
        return None;
    }
    let mut tables = TABLES.lock().await;
    let table = tables.entry(emulator.url()).or_default();
    if let Some(table) = table.upgrade() {
        return Some(table);
    }
    let started = Arc::new(Table::start().await);
    *table = Arc::downgrade(&started);
    Some(started)
}

/// The request with a key that no other one has, if requests are to have keys and it has none.
pub(crate) fn keyed(request: &Request) -> Request {
    let request = request.clone();
    if !has_keys() || request.has_header("idempotency-key") {
        return request;
    }
    request.header("idempotency-key", &format!("{:032x}", fastrand::u128(..)))
}

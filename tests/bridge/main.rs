//! Proves the bridge's promises from outside the functions.

#![cfg(test)]

mod auth;
mod checker;
mod cloud_events;
mod concurrency;
mod crm;
mod documents;
mod doubt;
mod enrich;
mod gates;
mod ground;
mod idempotency;
mod judgement;
mod log;
mod memory_events;
mod memory_interleavings;
mod memory_table;
mod metrics;
mod openapi;
mod parked;
mod patch;
mod refusals;
mod semantics;
mod skip;
mod start;
mod sweep;

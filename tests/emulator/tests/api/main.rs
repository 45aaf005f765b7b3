//! The emulator as a client sees it: bytes over a socket.

// The lints take helpers for part of the tests only where this says so.
#![cfg(test)]

mod client;
mod events;
mod faults;
mod list;
mod operations;
mod stand_in;
mod wire;

//! The emulator as a client sees it: bytes over a socket.

// The lints take helpers for part of the tests only where this says so.
#![cfg(test)]

mod client;
mod clock;
mod control;
mod control_stream;
mod delivery;
mod event_faults;
mod events;
mod faults;
mod lambda;
mod list;
mod locks;
mod operations;
mod playground;
mod stand_in;
mod wire;

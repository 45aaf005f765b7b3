//! How to run an emulator.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::destination::Destination;
use crate::endpoint::Endpoint;

/// How to run an emulator.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 is any free port.
    pub listen: SocketAddr,
    /// Reads a second beyond which `ThrottlingException` is the answer; AWS allows 10.
    pub reads_per_second: Option<usize>,
    /// Writes a second beyond which `ThrottlingException` is the answer; AWS allows 1.
    pub writes_per_second: Option<usize>,
    /// The invoke endpoint of the function that gets an event after each change of an opportunity,
    /// by a request and by [`Emulator::edit`](crate::Emulator::edit) alike, in order and without
    /// holding the change up.
    pub on_change: Option<Endpoint>,
    /// Whether each event is sent twice under different ids, as AWS was seen to do.
    pub duplicate_events: bool,
    /// How many of the first events are lost; `usize::MAX` for all.
    pub lose_events: usize,
    /// Where the function's answers to the events are sent on to; of no use without `on_change`.
    pub deliver: Option<Destination>,
    /// Where `patch-opportunity` takes requests: what is sent below `/_bridge` is handed on to it.
    pub bridge: Option<Endpoint>,
    /// Folders whose files are served below `/_playground`. With any, and without `deliver`, events
    /// are delivered to the playground's own CRM.
    pub playground: Vec<PathBuf>,
    /// Whether each request and each event gets a line on standard error.
    pub log: bool,
}

impl Default for Settings {
    /// Any free port of this machine alone, no quota, no events, no log.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            reads_per_second: None,
            writes_per_second: None,
            on_change: None,
            duplicate_events: false,
            lose_events: 0,
            deliver: None,
            bridge: None,
            playground: Vec::new(),
            log: false,
        }
    }
}

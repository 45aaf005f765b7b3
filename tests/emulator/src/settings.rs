//! The settings of an emulator.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::destination::Destination;
use crate::endpoint::Endpoint;

/// The settings of an emulator.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address to listen on; port 0 is any free port.
    pub listen: SocketAddr,
    /// Reads per second, above which the answer is `ThrottlingException`; AWS allows 10.
    pub reads_per_second: Option<usize>,
    /// Writes per second, above which the answer is `ThrottlingException`; AWS allows 1.
    pub writes_per_second: Option<usize>,
    /// The invoke endpoint of the function that gets an event after each change of an opportunity, made
    /// by a request or by [`Emulator::edit`](crate::Emulator::edit). Events come in order and never
    /// delay the change.
    pub on_change: Option<Endpoint>,
    /// Whether each event is sent twice under different ids, as AWS was seen to do.
    pub duplicate_events: bool,
    /// How many of the first events to lose; `usize::MAX` for all.
    pub lose_events: usize,
    /// The name of the function that gets each answer which names parked patches, in `data.parked`, and whose
    /// answers go the same way; it is looked for beside that of `on_change`.
    pub on_parked: Option<String>,
    /// The CRM that gets the function's answers to the events; has no effect without `on_change`.
    pub deliver: Option<Destination>,
    /// The URL of `patch-opportunity`: requests below `/_bridge` are forwarded to it.
    pub bridge: Option<Endpoint>,
    /// Folders whose files are served below `/_playground`. If there are any and `deliver` is absent,
    /// events go to the playground's own CRM.
    pub playground: Vec<PathBuf>,
    /// Whether to write a line on standard error for each request and each event.
    pub log: bool,
}

impl Default for Settings {
    /// Any free port on this machine only, no quota, no events, no log.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            reads_per_second: None,
            writes_per_second: None,
            on_change: None,
            duplicate_events: false,
            lose_events: 0,
            on_parked: None,
            deliver: None,
            bridge: None,
            playground: Vec::new(),
            log: false,
        }
    }
}

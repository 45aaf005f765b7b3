//! A local AWS Partner Central Selling API that real clients can use unmodified.
//!
//! It is the seam at which the bridge is tested: the AWS CLI, boto3 and the AWS SDKs are given its
//! URL and notice no difference. It keeps opportunities as raw JSON, replaces them as AWS does
//! (what an update omits is null), refuses what AWS refuses, and fails on demand. On demand it also
//! plays EventBridge: see [`Settings::on_change`]. Lambda's `Invoke` hands events on as well, and
//! under `/_control` is all of this for tests in other languages: `README.md` beside `src`.
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

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

mod answer;
mod call;
mod clock;
mod constraints;
mod control;
mod courier;
mod destination;
mod endpoint;
mod events;
mod fault;
mod journal;
mod lambda;
mod list;
mod lock;
mod operations;
mod playground;
mod put;
mod quota;
mod refusal;
mod request;
mod review;
mod samples;
mod server;
mod settings;
mod shape;
mod state;
mod store;

pub use courier::{Delivery, Undelivered};
pub use destination::{Credential, CredentialError, Delivered, Destination};
pub use endpoint::{Endpoint, EndpointError};
pub use events::EventFault;
pub use fault::Fault;
pub use lambda::Invocation;
pub use request::{Outcome, Request};
pub use settings::Settings;
pub use store::SeedError;

use courier::Courier;
use events::Outbox;
use journal::{Happening, Journal};
use playground::Playground;
use quota::Rate;
use server::Server;
use state::State;
use store::Store;

/// A running emulator; it stops when dropped.
pub struct Emulator {
    address: SocketAddr,
    server: Arc<Server>,
    /// Dropped with the emulator, and stopped by that.
    _tasks: JoinSet<()>,
}

impl Emulator {
    /// Starts an emulator with the default [`Settings`].
    ///
    /// # Panics
    /// If no port can be had.
    #[expect(
        clippy::expect_used,
        reason = "a test without an emulator has nothing to go on with"
    )]
    pub async fn start() -> Self {
        let started = Self::start_with(Settings::default()).await;
        started.expect("a free port on 127.0.0.1")
    }

    /// Starts an emulator; it needs a Tokio runtime.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn start_with(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let journal = Journal::new(settings.log);
        let (outbox, errands) = Outbox::new(&settings, journal.clone());
        let state = State {
            store: Store::new(outbox),
            reads: Rate::new(settings.reads_per_second),
            writes: Rate::new(settings.writes_per_second),
            journal: journal.clone(),
            ..State::default()
        };
        let deliver = settings.deliver.or_else(|| {
            let crm = format!("http://{address}{}", playground::CRM);
            let crm = crm.parse::<Endpoint>().ok()?;
            (!settings.playground.is_empty()).then(|| crm.into())
        });
        let playground = Playground::new(settings.playground, settings.bridge);
        let server = Arc::new(Server::new(state, playground));
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&server).accept(listener));
        if let Some(function) = settings.on_change {
            let courier = Courier::new(function, deliver);
            tasks.spawn(courier.carry(errands, journal));
        }
        Ok(Self {
            address,
            server,
            _tasks: tasks,
        })
    }

    /// The endpoint URL to give to a client, such as `http://127.0.0.1:43123`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts an opportunity in as it is, in the shape of a `GetOpportunity` answer.
    ///
    /// It is answered just so until the first write completes it with nulls.
    ///
    /// # Panics
    /// If the document is refused: see [`Emulator::try_seed`].
    #[expect(
        clippy::expect_used,
        reason = "a test with a broken document must not go on"
    )]
    pub fn seed(&self, document: Value) {
        self.try_seed(document).expect("an opportunity");
    }

    /// Puts an opportunity in as it is, in place of one with the same id.
    ///
    /// # Errors
    /// If the document is no object, or `Id`, `Catalog` or `LastModifiedDate` is missing or wrong.
    pub fn try_seed(&self, document: Value) -> Result<(), SeedError> {
        self.server.state().store.seed(document).map(|_| ())
    }

    /// What `GetAwsOpportunitySummary` answers for an opportunity; without it, a plausible default.
    pub fn seed_summary(&self, id: &str, summary: Value) {
        let mut state = self.server.state();
        state.summaries.insert(id.to_owned(), Some(summary));
    }

    /// Lets `GetAwsOpportunitySummary` answer `ResourceNotFoundException` for an opportunity.
    pub fn seed_no_summary(&self, id: &str) {
        self.server.state().summaries.insert(id.to_owned(), None);
    }

    /// What `GetSecretValue` answers for a name, or for the ARN in that answer.
    pub fn seed_secret(&self, name: &str, value: &str) {
        let mut state = self.server.state();
        state.secrets.insert(name.to_owned(), value.to_owned());
    }

    /// The opportunity as it is now, if there is one.
    #[must_use]
    pub fn opportunity(&self, id: &str) -> Option<Value> {
        self.server
            .state()
            .store
            .get(id)
            .cloned()
            .map(Value::Object)
    }

    /// Somebody else's write: changes an opportunity and gives it a new `LastModifiedDate`.
    ///
    /// # Panics
    /// If there is no such opportunity, or nothing like one is left of it.
    pub fn edit(&self, id: &str, change: impl FnOnce(&mut Value)) {
        let is_changed = self.server.state().store.edit(id, change);
        assert!(is_changed, "there is no opportunity `{id}` to change");
    }

    /// Puts in a dozen opportunities of catalog `Sandbox`, of every stage and review status, with
    /// AWS's summaries of some.
    pub fn seed_samples(&self) {
        samples::seed(&mut self.server.state());
    }

    /// Lets the next requests of an operation go wrong, this many times. `Invoke` is Lambda's.
    ///
    /// Faults wait in the order in which they are injected; a request meets one at most.
    ///
    /// # Panics
    /// If there is no such operation.
    pub fn inject(&self, operation: &str, times: usize, fault: Fault) {
        assert!(
            operations::is_known(operation),
            "there is no operation `{operation}`"
        );
        self.server.state().faults.add(operation, times, fault);
    }

    /// Lets the events of the next changes go wrong, this many times.
    pub fn inject_into_events(&self, times: usize, fault: EventFault) {
        let mut state = self.server.state();
        state.store.outbox.faults.add("", times, fault);
    }

    /// Forgets the faults that are still to happen.
    pub fn clear_faults(&self) {
        self.server.state().faults.clear();
    }

    /// Every request to the API so far, in order, refused ones and unanswered ones included.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.happened(Happening::request)
    }

    /// Those of the requests that ask for a change, whether it happened or not.
    #[must_use]
    pub fn writes(&self) -> Vec<Request> {
        let mut requests = self.requests();
        requests.retain(|request| operations::is_write(&request.operation));
        requests
    }

    /// What became of every event so far, in order; those still on their way are not among them.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.happened(Happening::delivery)
    }

    /// The functions that were invoked through Lambda's API so far, in order; whether there is such
    /// a function is not asked.
    #[must_use]
    pub fn invocations(&self) -> Vec<Invocation> {
        self.happened(Happening::invocation)
    }

    /// Forgets the requests, deliveries and invocations so far.
    pub fn clear_records(&self) {
        self.server.state().journal.clear();
    }

    fn happened<T: Clone>(&self, pick: impl Fn(&Happening) -> Option<&T>) -> Vec<T> {
        self.server.state().journal.pick(pick)
    }

    /// The emulator's time: quotas are counted by it, changes and events are dated by it.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.server.state().store.clock.now().into()
    }

    /// Stops the emulator's time, so that [`Emulator::advance`] alone moves it.
    pub fn stop_clock(&self) {
        self.server.state().store.clock.stop();
    }

    /// Moves the emulator's time on. Delays and pauses are real all the same.
    pub fn advance(&self, by: Duration) {
        self.server.state().store.clock.advance(by);
    }

    /// TCP connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.server.connections()
    }
}

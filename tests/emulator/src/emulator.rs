//! The handle on an emulator, which starts it and looks into it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::endpoint::Endpoint;
use crate::eventbridge::EventBridge;
use crate::fault::{EventFault, Fault};
use crate::journal::{Delivery, Happening, Invocation, Journal, Request};
use crate::outbox::Outbox;
use crate::quota::Rate;
use crate::server::Server;
use crate::settings::Settings;
use crate::state::{SharedState, State};
use crate::store::{SeedError, Store};
use crate::{operations, playground, router, samples};

/// A running emulator, which stops when dropped.
pub struct Emulator {
    address: SocketAddr,
    shared: SharedState,
    server: Arc<Server>,
    /// Dropping these tasks stops them.
    _tasks: JoinSet<()>,
}

impl Emulator {
    /// Starts an emulator with the default [`Settings`].
    ///
    /// # Panics
    /// If no port is free.
    #[expect(
        clippy::expect_used,
        reason = "a test cannot continue without an emulator"
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
        let (outbox, payloads) = Outbox::new(&settings, journal.clone());
        let deliver = settings.deliver.or_else(|| {
            let crm = format!("http://{address}{}", playground::CRM);
            let crm = crm.parse::<Endpoint>().ok()?;
            (!settings.playground.is_empty()).then(|| crm.into())
        });
        let shared = SharedState::new(State {
            store: Store::new(outbox),
            bridge: settings.bridge,
            is_parking: settings.on_parked.is_some(),
            reads: Rate::new(settings.reads_per_second),
            writes: Rate::new(settings.writes_per_second),
            journal: journal.clone(),
            ..State::default()
        });
        let router = router::router(settings.playground, shared.clone());
        let server = Arc::new(Server::new(shared.clone(), router));
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&server).accept(listener));
        if let Some(function) = settings.on_change {
            let eventbridge = EventBridge::new(function, settings.on_parked, deliver);
            tasks.spawn(eventbridge.carry(payloads, journal));
        }
        Ok(Self {
            address,
            shared,
            server,
            _tasks: tasks,
        })
    }

    /// The endpoint URL to give to a client, such as `http://127.0.0.1:43123`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Seeds an opportunity unchanged, in the shape of a `GetOpportunity` response.
    ///
    /// Reads return it like that until the first write completes it with nulls.
    ///
    /// # Panics
    /// If the document is refused: see [`Emulator::try_seed`].
    #[expect(
        clippy::expect_used,
        reason = "a test must stop if its document is broken"
    )]
    pub fn seed(&self, document: Value) {
        self.try_seed(document).expect("an opportunity");
    }

    /// Seeds an opportunity unchanged; replaces one with the same id.
    ///
    /// # Errors
    /// If the document is not an object, or `Id`, `Catalog` or `LastModifiedDate` is missing or wrong.
    pub fn try_seed(&self, document: Value) -> Result<(), SeedError> {
        self.shared.lock().store.seed(document).map(|_| ())
    }

    /// Sets what `GetAwsOpportunitySummary` returns for an opportunity; the default is plausible.
    pub fn seed_summary(&self, id: &str, summary: Value) {
        let mut state = self.shared.lock();
        state.summaries.insert(id.to_owned(), Some(summary));
    }

    /// Makes `GetAwsOpportunitySummary` return `ResourceNotFoundException` for an opportunity.
    pub fn seed_no_summary(&self, id: &str) {
        self.shared.lock().summaries.insert(id.to_owned(), None);
    }

    /// Sets what `GetSecretValue` returns for a name, or for the ARN in that answer.
    pub fn seed_secret(&self, name: &str, value: &str) {
        let mut state = self.shared.lock();
        state.secrets.insert(name.to_owned(), value.to_owned());
    }

    /// The current opportunity, if it exists.
    #[must_use]
    pub fn opportunity(&self, id: &str) -> Option<Value> {
        self.shared.lock().store.get(id).cloned().map(Value::Object)
    }

    /// Writes as somebody else: changes an opportunity and gives it a new `LastModifiedDate`.
    ///
    /// # Panics
    /// If there is no such opportunity, or the change leaves no valid one.
    pub fn edit(&self, id: &str, change: impl FnOnce(&mut Value)) {
        let is_changed = self.shared.lock().store.edit(id, change);
        assert!(is_changed, "there is no opportunity `{id}` to change");
    }

    /// Seeds a dozen opportunities of catalog `Sandbox`, of every stage and review status, some with
    /// AWS's summary.
    pub fn seed_samples(&self) {
        samples::seed(&mut self.shared.lock());
    }

    /// Makes the next requests of an operation fail, this many times. `Invoke` is Lambda's.
    ///
    /// Faults wait in the order in which they are injected; each request meets at most one.
    ///
    /// # Panics
    /// If there is no such operation.
    pub fn inject(&self, operation: &str, times: usize, fault: Fault) {
        assert!(
            operations::is_known(operation),
            "there is no operation `{operation}`"
        );
        self.shared.lock().faults.add(operation, times, fault);
    }

    /// Makes the events of the next changes go wrong, this many times.
    pub fn inject_into_events(&self, times: usize, fault: EventFault) {
        let mut state = self.shared.lock();
        state.store.outbox.faults.add("", times, fault);
    }

    /// Forgets the faults still to happen.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Every request to the API so far, in order, including refused and unanswered ones.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.happened(Happening::request)
    }

    /// The requests that ask for a change, whether or not it happened.
    #[must_use]
    pub fn writes(&self) -> Vec<Request> {
        let mut requests = self.requests();
        requests.retain(|request| operations::is_write(&request.operation));
        requests
    }

    /// The outcome of every event so far, in order; events still on their way are missing.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.happened(Happening::delivery)
    }

    /// The functions invoked through Lambda's API so far, in order, whether or not they exist.
    #[must_use]
    pub fn invocations(&self) -> Vec<Invocation> {
        self.happened(Happening::invocation)
    }

    /// Forgets the requests, deliveries and invocations so far.
    pub fn clear_records(&self) {
        self.shared.lock().journal.clear();
    }

    fn happened<T: Clone>(&self, pick: impl Fn(&Happening) -> Option<&T>) -> Vec<T> {
        self.shared.lock().journal.pick(pick)
    }

    /// The emulator's time, which quotas and the dates of changes and events follow.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.shared.lock().store.clock.now().into()
    }

    /// Stops the emulator's time, so that only [`Emulator::advance`] moves it.
    pub fn stop_clock(&self) {
        self.shared.lock().store.clock.stop();
    }

    /// Advances the emulator's time. Delays and pauses stay real.
    pub fn advance(&self, by: Duration) {
        self.shared.lock().store.clock.advance(by);
    }

    /// TCP connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.server.connections()
    }
}

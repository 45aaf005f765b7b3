//! Runs one process of a contestant, from its start to its last answer.

use std::time::{Duration, Instant};

use bridge_tests::{RuntimeApi, Table, Units};
use partner_central_emulator::{Emulator, Outcome};
use serde_json::Value;

use crate::{
    contestant::{Contestant, document},
    process::Process,
    quota::Quota,
    tls::{Certificate, Front},
};

/// Invocations after the first that are not measured, while allocator and branch predictor warm up.
const WARM_UP: u32 = 20;
/// Measured invocations.
const MEASURED: u32 = 100;

/// A process to start, with an emulator of its own, and a table if it has a memory.
pub(crate) struct Run<'a> {
    contestant: Contestant,
    certificate: &'a Certificate,
    /// The items of the memory's table at the start, if there is a memory.
    memory: Option<&'a [Value]>,
}

/// The start of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct First {
    /// From the start until it asked for an event.
    pub(crate) ready: Duration,
    /// From the start until it answered the first event.
    pub(crate) answered: Duration,
    /// The CPU time until then.
    pub(crate) cpu: Duration,
}

/// The measurements of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) first: First,
    /// The median time to answer an event, once warm.
    pub(crate) latency: Duration,
    /// The mean CPU time of an invocation, once warm.
    pub(crate) cpu: Duration,
    /// In bytes.
    pub(crate) peak_memory: u64,
    /// TCP connections to Partner Central over the whole run.
    pub(crate) connections: usize,
}

/// The running process and the servers that it uses.
pub(crate) struct Running {
    process: Process,
    api: RuntimeApi,
    front: Front,
    emulator: Emulator,
    memory: Option<(Table, Front)>,
}

impl<'a> Run<'a> {
    pub(crate) fn of(contestant: Contestant, certificate: &'a Certificate) -> Self {
        Self {
            contestant,
            certificate,
            memory: None,
        }
    }

    /// With a memory, if there are items of its table.
    pub(crate) fn with_memory(self, items: Option<&'a [Value]>) -> Self {
        let memory = items;
        Self { memory, ..self }
    }

    /// Starts the process and lets it answer once; with a quota, if given, from the event on.
    pub(crate) async fn first(&self, quota: Option<&Quota>) -> (First, Running) {
        let emulator = Emulator::start().await;
        emulator.seed(document());
        let front = Front::before(&emulator.url(), self.certificate).await;
        let memory = self.memory().await;
        let variables = memory.as_ref().map(|(table, front)| {
            [
                ("MEMORY_TABLE", table.name().to_owned()),
                ("AWS_ENDPOINT_URL_DYNAMODB", front.url()),
            ]
        });
        let api = RuntimeApi::start().await;
        let (address, url) = (api.address(), front.url());
        let event = self.contestant.event(0, &emulator);

        let started = Instant::now();
        let process = Process::start(
            self.contestant,
            &address,
            &url,
            self.certificate.roots(),
            variables.as_ref().map_or(&[], |it| it),
        );
        let waiting = api.next().await;
        let ready = started.elapsed();
        if let Some(quota) = quota {
            quota.take(process.id());
        }
        // Moving a process into a control group makes the kernel wait some 10 ms.
        let given = Instant::now();
        let answer = waiting.give(&event).await.expect("no function error");
        let answered = ready + given.elapsed();
        let cpu = process.cpu();

        self.contestant.check(&answer);
        let running = Running {
            process,
            api,
            front,
            emulator,
            memory,
        };
        let first = First {
            ready,
            answered,
            cpu,
        };
        (first, running)
    }

    /// Starts the process, warms it up, then measures it.
    pub(crate) async fn warm(&self) -> Measured {
        let (first, running) = self.first(None).await;
        let mut waiting = running.api.next().await;
        let mut latencies = Vec::new();
        let mut before = Duration::ZERO;
        for number in 1..=WARM_UP + MEASURED {
            let event = self.contestant.event(number, &running.emulator);
            if number == WARM_UP + 1 {
                before = running.process.cpu();
            }
            let given = Instant::now();
            let answer = waiting.give(&event).await.expect("no function error");
            if number > WARM_UP {
                latencies.push(given.elapsed());
            }
            self.contestant.check(&answer);
            waiting = running.api.next().await;
        }
        let cpu = running.process.cpu().saturating_sub(before) / MEASURED;
        self.check(&running);
        latencies.sort_unstable();
        Measured {
            first,
            latency: latencies[latencies.len() / 2],
            cpu,
            peak_memory: running.process.peak_memory(),
            connections: running.front.connections(),
        }
    }

    /// The calls to the table for one event, and what DynamoDB bills for them.
    pub(crate) async fn billed(&self) -> (Vec<String>, Units) {
        let (_, running) = self.first(None).await;
        let (table, _) = running.memory.as_ref().expect("a run with a memory");
        let _before = table.calls();
        let units = table.billed(self.again(&running, 1)).await;
        (table.calls(), units)
    }

    /// The items of the table after a few events.
    pub(crate) async fn remembered(&self) -> Vec<Value> {
        let (_, running) = self.first(None).await;
        self.again(&running, 1).await;
        let (table, _) = running.memory.as_ref().expect("a run with a memory");
        table.items().await
    }

    async fn again(&self, running: &Running, number: u32) {
        let event = self.contestant.event(number, &running.emulator);
        let answer = running.api.next().await.give(&event).await;
        self.contestant.check(&answer.expect("no function error"));
    }

    async fn memory(&self) -> Option<(Table, Front)> {
        let items = self.memory?;
        let table = Table::start().await;
        for item in items {
            table.put(item).await;
        }
        let front = Front::before(table.url(), self.certificate).await;
        Some((table, front))
    }

    /// Panics if the number of calls is wrong, or if one was refused.
    fn check(&self, running: &Running) {
        let requests = running.emulator.requests();
        let name = self.contestant.name();
        let expected = (1 + WARM_UP + MEASURED) * self.contestant.calls();
        assert_eq!(u32::try_from(requests.len()), Ok(expected), "{name}");
        assert!(
            requests.iter().all(|it| it.outcome == Outcome::Done),
            "{name}"
        );
    }
}

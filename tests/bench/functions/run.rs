//! One process of a contestant, from its start to its last answer.

use std::time::{Duration, Instant};

use bridge_tests::RuntimeApi;
use partner_central_emulator::{Emulator, Outcome};

use crate::{
    contestant::{Contestant, document},
    process::Process,
    quota::Quota,
    tls::{Certificate, Front},
};

/// Invocations after the first that are not measured: allocations and branches find their places.
const WARM_UP: u32 = 20;
/// Invocations that are measured.
const MEASURED: u32 = 100;
/// Calls to Partner Central for an invocation, of every contestant.
const CALLS: u32 = 2;

/// A process that is about to start, on ground of its own.
pub(crate) struct Run<'a> {
    contestant: Contestant,
    certificate: &'a Certificate,
}

/// The start of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct First {
    /// From its start until it asked for an event.
    pub(crate) ready: Duration,
    /// From its start until it answered one.
    pub(crate) answered: Duration,
    /// The CPU time until then.
    pub(crate) cpu: Duration,
}

/// What was measured of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) first: First,
    /// The median time to answer an event, once warm.
    pub(crate) latency: Duration,
    /// The mean CPU time of an invocation, once warm.
    pub(crate) cpu: Duration,
    /// In bytes.
    pub(crate) peak_memory: u64,
    /// TCP connections to Partner Central, over all of it.
    pub(crate) connections: usize,
}

/// What a process runs on.
pub(crate) struct Running {
    process: Process,
    api: RuntimeApi,
    front: Front,
    emulator: Emulator,
}

impl<'a> Run<'a> {
    pub(crate) fn of(contestant: Contestant, certificate: &'a Certificate) -> Self {
        Self {
            contestant,
            certificate,
        }
    }

    /// Starts the process and has it answer once; from the event on with a quota, if there is one.
    pub(crate) async fn first(&self, quota: Option<&Quota>) -> (First, Running) {
        let emulator = Emulator::start().await;
        emulator.seed(document());
        let front = Front::before(&emulator, self.certificate).await;
        let api = RuntimeApi::start().await;
        let (address, url, event) = (api.address(), front.url(), self.contestant.event(0));

        let started = Instant::now();
        let process = Process::start(self.contestant, &address, &url, self.certificate.roots());
        let waiting = api.next().await;
        let ready = started.elapsed();
        if let Some(quota) = quota {
            quota.take(process.id());
        }
        // To move a process into a control group takes the kernel some 10 ms of waiting.
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
        };
        let first = First {
            ready,
            answered,
            cpu,
        };
        (first, running)
    }

    /// Starts the process and has it answer until it is warm, and then while it is measured.
    pub(crate) async fn warm(&self) -> Measured {
        let (first, running) = self.first(None).await;
        let mut waiting = running.api.next().await;
        let mut latencies = Vec::new();
        let mut before = Duration::ZERO;
        for number in 1..=WARM_UP + MEASURED {
            let event = self.contestant.event(number);
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

    /// Stops everything if another number of calls was made than there should be, or one was refused.
    fn check(&self, running: &Running) {
        let requests = running.emulator.requests();
        let name = self.contestant.name();
        let expected = (1 + WARM_UP + MEASURED) * CALLS;
        assert_eq!(u32::try_from(requests.len()), Ok(expected), "{name}");
        assert!(
            requests.iter().all(|it| it.outcome == Outcome::Done),
            "{name}"
        );
    }
}

//! The measurements of one contestant, as medians over its processes.

use std::time::Duration;

use crate::{
    artifact,
    contestant::Contestant,
    run::{First, Measured},
};

/// One contestant's column of the table.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) contestant: Contestant,
    pub(crate) measured: Vec<Measured>,
    /// The starts under the quota.
    pub(crate) throttled: Vec<First>,
}

impl Column {
    pub(crate) fn of(contestant: Contestant) -> Self {
        Self {
            contestant,
            measured: Vec::new(),
            throttled: Vec::new(),
        }
    }

    fn median(&self, value: impl Fn(&Measured) -> f64) -> f64 {
        median(self.measured.iter().map(value)).expect("a process that was measured")
    }

    /// Start to ready, in ms.
    pub(crate) fn ready(&self) -> f64 {
        self.median(|it| milliseconds(it.first.ready))
    }

    /// Start to first answer, in ms.
    pub(crate) fn answered(&self) -> f64 {
        self.median(|it| milliseconds(it.first.answered))
    }

    /// CPU time from the start to the first answer, in ms.
    pub(crate) fn first_cpu(&self) -> f64 {
        self.median(|it| milliseconds(it.first.cpu))
    }

    /// Start to first answer under the quota, in ms; `None` without a quota.
    pub(crate) fn throttled(&self) -> Option<f64> {
        median(self.throttled.iter().map(|it| milliseconds(it.answered)))
    }

    /// Time to answer, in ms.
    pub(crate) fn latency(&self) -> f64 {
        self.median(|it| milliseconds(it.latency))
    }

    /// CPU time of an invocation, in ms.
    pub(crate) fn cpu(&self) -> f64 {
        self.median(|it| milliseconds(it.cpu))
    }

    /// Peak memory, in MiB.
    pub(crate) fn memory(&self) -> f64 {
        self.median(|it| mebibytes(it.peak_memory))
    }

    /// The program's size, in MiB.
    pub(crate) fn binary(&self) -> f64 {
        mebibytes(artifact::binary_size(self.contestant))
    }

    /// The zip file's size, in MiB.
    pub(crate) fn zip(&self) -> f64 {
        mebibytes(artifact::zip_size(self.contestant))
    }

    /// TCP connections: the most that any process opened.
    pub(crate) fn connections(&self) -> usize {
        let connections = self.measured.iter().map(|it| it.connections);
        connections.max().unwrap_or_default()
    }
}

/// The lower quartile of start times, in ms. With few processes, the median says more about what else
/// the machine was doing.
pub(crate) fn quick<'a>(
    starts: impl Iterator<Item = &'a First>,
    measured: fn(&First) -> Duration,
) -> Option<f64> {
    let sorted = sorted(starts.map(|it| milliseconds(measured(it))));
    sorted.get(sorted.len() / 4).copied()
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let sorted = sorted(values);
    sorted.get(sorted.len() / 2).copied()
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn mebibytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes).expect("less than 4 GiB")) / 1024.0 / 1024.0
}

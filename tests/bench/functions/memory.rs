//! What a memory adds to an event and to a patch: time, calls of the table, and what DynamoDB bills for them.

use std::fmt::{self, Display, Formatter};

use bridge_tests::Units;
use serde_json::Value;

use crate::{column::Column, contestant::Contestant, run::Run, tls::Certificate};

/// One kind of invocation, without a memory and with one.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) contestant: Contestant,
    without: Column,
    with: Column,
    calls: Vec<String>,
    units: Units,
}

impl Row {
    /// `items` are what the table has at each start.
    pub(crate) async fn of(
        contestant: Contestant,
        certificate: &Certificate,
        items: &[Value],
    ) -> Self {
        let run = Run::of(contestant, certificate).with_memory(Some(items));
        let (calls, units) = run.billed().await;
        Self {
            contestant,
            without: Column::of(contestant),
            with: Column::of(contestant),
            calls,
            units,
        }
    }

    /// Measures a process of each.
    pub(crate) async fn measure(&mut self, certificate: &Certificate, items: &[Value]) {
        for (items, column) in [(None, &mut self.without), (Some(items), &mut self.with)] {
            let run = Run::of(self.contestant, certificate).with_memory(items);
            column.measured.push(run.warm().await);
        }
    }

    /// Start to ready and to first answer, as multiples of those without a memory.
    pub(crate) fn starts(&self) -> [(&'static str, f64); 2] {
        let times = |figure: fn(&Column) -> f64| figure(&self.with) / figure(&self.without);
        [
            ("start to ready", times(Column::ready)),
            ("start to first answer", times(Column::answered)),
        ]
    }

    fn name(&self) -> &'static str {
        match self.contestant {
            Contestant::Enrich => "an event",
            Contestant::Patch => "a patch with a key",
            Contestant::PatchWithoutKey => "a patch",
            Contestant::NoOp => "a patch with a key that changes nothing",
            Contestant::NoOpWithoutKey => "a patch that changes nothing",
            other => other.name(),
        }
    }
}

/// The head of the table whose rows [`Row`] prints.
pub(crate) const HEAD: &str = "\
| with a memory | start to ready, ms | start to first answer, ms | warm: time to answer, ms | warm: CPU time, ms | calls of the table \
| write units | read units |
|---|---:|---:|---:|---:|---|---:|---:|";

impl Display for Row {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "| {} |", self.name())?;
        let figures: [fn(&Column) -> f64; 4] = [
            Column::ready,
            Column::answered,
            Column::latency,
            Column::cpu,
        ];
        for figure in figures {
            let (with, without) = (figure(&self.with), figure(&self.without));
            write!(formatter, " {with:.2} ({:.2}×) |", with / without)?;
        }
        let Units { reads, writes } = self.units;
        let calls = match self.calls.as_slice() {
            [] => "–".to_owned(),
            calls => calls.join(", "),
        };
        write!(formatter, " {calls} | {writes} | {reads} |")
    }
}

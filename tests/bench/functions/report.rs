//! Prints the result as Markdown: the machine, the tables, the targets.

use std::{
    fmt::{self, Display, Formatter},
    fs,
    time::Duration,
};

use crate::{
    column::{Column, quick},
    contestant::Contestant,
    memory::{self, Row},
    run::{First, Measured},
    target::Target,
};

/// All measurements.
#[derive(Debug)]
pub(crate) struct Report {
    columns: [Column; 3],
    /// Starts with other SDKs.
    others: Vec<(Contestant, First)>,
    /// What is measured without a memory and with one.
    pub(crate) remembered: Vec<Row>,
    /// The machine's load before the measurements.
    load: String,
}

impl Report {
    pub(crate) fn new() -> Self {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            columns: Contestant::COLUMNS.map(Column::of),
            others: Vec::new(),
            remembered: Vec::new(),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
        }
    }

    /// Adds a process of a contestant.
    pub(crate) fn add(&mut self, contestant: Contestant, measured: Measured) {
        self.column(contestant).measured.push(measured);
    }

    /// Adds the start of a process under the quota.
    pub(crate) fn add_throttled(&mut self, contestant: Contestant, first: First) {
        self.column(contestant).throttled.push(first);
    }

    /// Adds the start of a process with another SDK.
    pub(crate) fn add_other(&mut self, contestant: Contestant, first: First) {
        self.others.push((contestant, first));
    }

    fn column(&mut self, contestant: Contestant) -> &mut Column {
        let mut columns = self.columns.iter_mut();
        let column = columns.find(|column| column.contestant == contestant);
        column.expect("a column for each contestant")
    }
}

impl Display for Report {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}, load {} before\n", processor(), self.load)?;
        let [floor, functions @ ..] = &self.columns;
        let names = self.columns.each_ref().map(|it| it.contestant.name());
        writeln!(formatter, "| | {} |", names.join(" | "))?;
        writeln!(formatter, "|---|---:|---:|---:|")?;
        let mut row = |name: &str, value: fn(&Column) -> Option<f64>| {
            let Some(least) = value(floor) else {
                return writeln!(formatter, "| {name} | – | – | – |");
            };
            write!(formatter, "| {name} | {least:.2} |")?;
            for function in functions {
                let value = value(function).unwrap_or(f64::NAN);
                write!(formatter, " {value:.2} ({:.2}×) |", value / least)?;
            }
            writeln!(formatter)
        };
        row("start to ready, ms", |it| Some(it.ready()))?;
        row("start to first answer, ms", |it| Some(it.answered()))?;
        row("the same: CPU time, ms", |it| Some(it.first_cpu()))?;
        row(
            "start to first answer at the CPU of 128 MB, ms",
            Column::throttled,
        )?;
        row("warm: time to answer, ms", |it| Some(it.latency()))?;
        row("warm: CPU time, ms", |it| Some(it.cpu()))?;
        row("peak memory, MiB", |it| Some(it.memory()))?;
        row("binary, MiB", |it| Some(it.binary()))?;
        row("zip, MiB", |it| Some(it.zip()))?;

        let [patch, _] = functions;
        writeln!(
            formatter,
            "\n| start to first answer, lower quartile | ms | | CPU time, ms | |\n|---|---:|---:|---:|---:|"
        )?;
        let ours = || patch.measured.iter().map(|it| &it.first);
        let [wall, cpu]: [fn(&First) -> Duration; 2] = [|it| it.answered, |it| it.cpu];
        let [ours, our_cpu] = [wall, cpu].map(|it| quick(ours(), it).expect("a start"));
        let name = patch.contestant.name();
        writeln!(formatter, "| {name} | {ours:.2} | | {our_cpu:.2} | |")?;
        let mut ahead = Vec::new();
        for sdk in Contestant::OTHER_SDKS {
            let name = format!("the floor's work with {}", sdk.name());
            let starts = self.others.iter().filter(|(it, _)| *it == sdk);
            let found = [wall, cpu].map(|it| quick(starts.clone().map(|(_, first)| first), it));
            if let [Some(theirs), Some(their_cpu)] = found {
                let (times, cpu_times) = (theirs / ours, their_cpu / our_cpu);
                writeln!(
                    formatter,
                    "| {name} | {theirs:.1} | {times:.1}× | {their_cpu:.1} | {cpu_times:.1}× |"
                )?;
            } else {
                writeln!(formatter, "| {name} | – | – | – | – |")?;
            }
            let [theirs, _] = found;
            ahead.push((sdk, theirs.map(|theirs| theirs / ours)));
        }

        writeln!(formatter, "\n{}", memory::HEAD)?;
        for row in &self.remembered {
            writeln!(formatter, "{row}")?;
        }

        writeln!(
            formatter,
            "\n| target | expected | found | |\n|---|---|---|---|"
        )?;
        for target in Target::all(floor, functions, &ahead, &self.remembered) {
            let (found, verdict) = match &target.found {
                Some((found, true)) => (found.as_str(), "met"),
                Some((found, false)) => (found.as_str(), "**missed**"),
                None => ("–", "not measured"),
            };
            let Target { name, expected, .. } = &target;
            writeln!(formatter, "| {name} | {expected} | {found} | {verdict} |")?;
        }
        Ok(())
    }
}

/// The processor, as the kernel names it.
fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let name = name
        .unwrap_or_default()
        .trim_start_matches(['\t', ' ', ':']);
    let count = text
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    format!("{count} × {name}")
}

//! Runs a function's process and reads the kernel's figures of it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

use bridge_tests::command;

use crate::contestant::Contestant;

/// A running process, which is killed when dropped.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a contestant as Lambda does; `memory` are the variables of one, if it has one.
    pub(crate) fn start(
        contestant: Contestant,
        runtime_api: &str,
        endpoint: &str,
        roots: &Path,
        memory: &[(&str, String)],
    ) -> Self {
        let binary = contestant.binary();
        let process = command(&binary, contestant.name(), runtime_api, endpoint)
            .args(contestant.script())
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_LAMBDA_LOG_LEVEL", "INFO")
            .env("SSL_CERT_FILE", roots)
            .env("AWS_CA_BUNDLE", roots)
            .env("NODE_EXTRA_CA_CERTS", roots)
            .env("NODE_NO_WARNINGS", "1")
            .envs(contestant.variables().iter().copied())
            .envs(memory.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("`{}`: {error}, expected a release build", binary.display())
            });
        Self(process)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// The CPU time of all its threads so far, exact to the nanosecond while it sleeps: the first
    /// number of each `schedstat`. (`stat` counts in steps of 10 ms.)
    pub(crate) fn cpu(&self) -> Duration {
        let threads = fs::read_dir(self.directory().join("task")).expect("a process that runs");
        let nanoseconds = threads.map(|thread| {
            let path = thread.expect("a thread").path().join("schedstat");
            let text = fs::read_to_string(path).expect("a kernel with `schedstat`");
            let first = text.split_whitespace().next().expect("a number");
            first.parse::<u64>().expect("nanoseconds")
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    /// Its peak resident memory, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(self.directory().join("status")).expect("a process");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
        let kibibytes: u64 = peak.and_then(|peak| peak.parse().ok()).expect("a peak");
        kibibytes * 1024
    }

    fn directory(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.id()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

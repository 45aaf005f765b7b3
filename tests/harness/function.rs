//! Runs a Lambda function as a process: its environment, its invocations, its log.

use std::{
    path::{Path, PathBuf},
    process::{self, Output, Stdio},
    sync::{Arc, OnceLock},
    time::Duration,
};

use partner_central_emulator::Emulator;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
};

use crate::{Invoked, RuntimeApi, Table, memory, runtime_api::TIMEOUT, table::MEMORY_TABLE};

/// A running function; it stops when dropped.
#[derive(Debug)]
pub struct Function {
    api: RuntimeApi,
    /// Owns the process; aborting it kills the process.
    running: JoinHandle<()>,
    ended: watch::Receiver<bool>,
    log: watch::Receiver<String>,
    outputs: Vec<JoinHandle<()>>,
    /// Where its memory is not its test's own.
    memory: Option<Arc<Table>>,
}

impl Function {
    /// Starts a function against the emulator, with these additional variables.
    ///
    /// Where whoever runs the tests wants functions to have a memory, it has one, unless it is given another one.
    pub async fn start(name: &str, emulator: &Emulator, variables: &[(&str, &str)]) -> Self {
        let has_its_own = variables.iter().any(|(name, _)| *name == MEMORY_TABLE);
        let memory = if has_its_own {
            None
        } else {
            memory::table_of(emulator).await
        };
        Self::start_with(name, emulator, variables, memory).await
    }

    /// Like [`Self::start`], for what is about a bridge without a memory.
    pub async fn start_without_memory(
        name: &str,
        emulator: &Emulator,
        variables: &[(&str, &str)],
    ) -> Self {
        Self::start_with(name, emulator, variables, None).await
    }

    async fn start_with(
        name: &str,
        emulator: &Emulator,
        variables: &[(&str, &str)],
        memory: Option<Arc<Table>>,
    ) -> Self {
        let api = RuntimeApi::start().await;
        let of_memory = memory.as_deref().map(Table::variables);
        let variables = [variables, of_memory.as_ref().map_or(&[], |them| &them[..])].concat();
        let mut process = spawn(name, &api.address(), emulator, &variables);
        let (sender, log) = watch::channel(String::new());
        let outputs = vec![
            collect(process.stdout.take(), sender.clone()),
            collect(process.stderr.take(), sender),
        ];
        let (end, ended) = watch::channel(false);
        let running = tokio::spawn(async move {
            let _ = process.wait().await;
            let _ = end.send(true);
        });
        Self {
            api,
            running,
            ended,
            log,
            outputs,
            memory,
        }
    }

    /// Runs a function that should refuse to start, and returns what it printed.
    pub async fn refused_start(
        name: &str,
        emulator: &Emulator,
        variables: &[(&str, &str)],
    ) -> Output {
        let process = spawn(name, "127.0.0.1:9", emulator, variables);
        process.wait_with_output().await.expect("the output")
    }

    /// Invokes the function with an event.
    ///
    /// # Errors
    /// The error that the function reported.
    pub async fn invoke(&self, event: Value) -> Invoked {
        self.invoke_within(event, TIMEOUT).await
    }

    /// Like [`Self::invoke`], with this much time for the invocation.
    ///
    /// # Errors
    /// The error that the function reported.
    pub async fn invoke_within(&self, event: Value, time: Duration) -> Invoked {
        let mut ended = self.ended.clone();
        tokio::select! {
            answer = async { self.api.next().await.give_within(&event, time).await } => answer,
            _ = ended.wait_for(|has_ended| *has_ended) => panic!("the function has ended: {}", self.log()),
        }
    }

    /// Its memory, unless that is its test's own.
    #[must_use]
    pub fn table(&self) -> Option<&Table> {
        self.memory.as_deref()
    }

    /// Ends the process, as Lambda may at any time; what it has remembered stays for as long as `self` does.
    pub fn kill(&self) {
        self.running.abort();
    }

    /// Everything that the function has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.borrow().clone()
    }

    /// Everything that the function has printed, once a line has all of these texts.
    ///
    /// Output comes through a pipe, later than the answer that it belongs to.
    pub async fn log_with(&self, texts: &[&str]) -> String {
        let mut log = self.log.clone();
        let has_all = |line: &str| texts.iter().all(|text| line.contains(text));
        let found = log.wait_for(|log| log.lines().any(has_all));
        match tokio::time::timeout(TIMEOUT, found).await {
            Ok(Ok(log)) => log.clone(),
            _ => panic!("no line of the log has all of {texts:?}: {}", self.log()),
        }
    }

    /// Stops the function once it is ready for the next event, and returns all that it printed.
    pub async fn finish(mut self) -> String {
        let _waiting = self.api.next().await;
        self.running.abort();
        for output in self.outputs.drain(..) {
            output.await.expect("the output is read to its end");
        }
        self.log()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Collects what a process prints, line by line, until it ends.
fn collect(
    output: Option<impl AsyncRead + Unpin + Send + 'static>,
    log: watch::Sender<String>,
) -> JoinHandle<()> {
    let mut lines = BufReader::new(output.expect("the output is piped")).lines();
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            log.send_modify(|log| {
                log.push_str(&line);
                log.push('\n');
            });
        }
    })
}

fn spawn(name: &str, runtime_api: &str, emulator: &Emulator, variables: &[(&str, &str)]) -> Child {
    Command::from(command(&binary(name), name, runtime_api, &emulator.url()))
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the function's binary runs")
}

/// A program in exactly the environment that Lambda gives a function, with AWS at an endpoint.
#[must_use]
pub fn command(program: &Path, name: &str, runtime_api: &str, endpoint: &str) -> process::Command {
    let mut command = process::Command::new(program);
    command
        .env_clear()
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_SESSION_TOKEN", "test")
        .env("AWS_ENDPOINT_URL", endpoint)
        .stdin(Stdio::null());
    command
}

/// The path to a binary of this workspace, built if it is out of date.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        let program = std::env::current_exe().expect("the path of what runs");
        let mut directory = program.parent().expect("a directory");
        if directory.ends_with("deps") {
            directory = directory.parent().expect("`target/PROFILE`");
        }
        let mut build = process::Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--workspace", "--bins"]);
        if directory.ends_with("release") {
            build.arg("--release");
        }
        assert!(
            build.status().expect("cargo runs").success(),
            "the functions build"
        );
        directory.to_owned()
    });
    directory.join(name)
}

//! Runs the emulator from the command line: `partner-central-emulator --seed opportunity.json`.

mod args;

use std::io::{self, Write};
use std::process::ExitCode;

use args::{Arguments, Failure};
use clap::Parser;
use partner_central_emulator::Emulator;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if let Err(error) = run(&Arguments::parse()).await {
        eprintln!("partner-central-emulator: {error}");
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.settings()?;
    let listen = settings.listen;
    let started = Emulator::start_with(settings).await;
    let emulator = started.map_err(|error| Failure::Listen(listen, error))?;
    arguments.seed(&emulator)?;
    let mut terminated = signal(SignalKind::terminate())?;
    writeln!(io::stdout(), "{}", emulator.url())?;
    io::stdout().flush()?;
    tokio::select! {
        done = ctrl_c() => done?,
        _ = terminated.recv() => {}
    }
    Ok(())
}

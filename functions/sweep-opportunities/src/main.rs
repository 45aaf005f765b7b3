//! Starts the function: log, configuration, clients, connection, then the Lambda runtime.

use std::{process::ExitCode, time::SystemTime};

use lambda_runtime::service_fn;
use memory::Memory;
use partner_central::PartnerCentral;
use sweep_opportunities::{Clock, Config, Lambda, Sweeper};
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    telemetry::init_log(variable);
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function cannot run");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let config = Config::from_env(variable)?;
    let sdk = partner_central::sdk_config().await?;
    let partner_central = PartnerCentral::new(&sdk);
    // It writes nothing that is kept for a time.
    let retention = memory::retention(None)?;
    let memory = config.memory_table.as_deref();
    let memory = memory.map(|table| Memory::new(&sdk, table, retention));
    tokio::join!(partner_central.open(), memory::open(memory.as_ref()));
    let clock = Clock::new(SystemTime::now, sleep);
    let sweeper = Sweeper::new(partner_central, Lambda::new(&sdk), config, clock);
    let sweeper = sweeper.with_memory(memory);
    lambda_runtime::run(service_fn(|event| sweeper.handle(event))).await
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the environment is read"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

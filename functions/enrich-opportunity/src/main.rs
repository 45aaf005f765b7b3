//! Wiring: log, configuration, client, connection, and on to the events.

use std::{process::ExitCode, time::SystemTime};

use enrich_opportunity::{Clock, Config, Enricher};
use lambda_runtime::service_fn;
use memory::Memory;
use partner_central::PartnerCentral;

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
    let mapping = config.crm_mapping.as_deref();
    let mapping = mapping.map(mapping::load).transpose()?;
    let sdk = partner_central::sdk_config().await?;
    let partner_central = PartnerCentral::new(&sdk);
    let memory = config.memory_table.as_deref();
    let memory = memory.map(|table| Memory::new(&sdk, table, config.memory_retention));
    tokio::join!(partner_central.open(), memory::open(memory.as_ref()));
    let clock = Clock::new(SystemTime::now);
    let enricher = Enricher::new(partner_central, config, clock)
        .with_mapping(mapping)
        .with_memory(memory);
    lambda_runtime::run(service_fn(|event| enricher.handle(event))).await
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the environment is read"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

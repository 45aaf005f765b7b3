//! Wiring: log, configuration, client, connection, and on to the events.

use std::{process::ExitCode, time::SystemTime};

use enrich_opportunity::{Clock, Config, Enricher};
use lambda_runtime::service_fn;
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
    let partner_central = PartnerCentral::new(&partner_central::sdk_config().await?);
    partner_central.open().await;
    let clock = Clock::new(SystemTime::now);
    let enricher = Enricher::new(partner_central, config, clock).with_mapping(mapping);
    lambda_runtime::run(service_fn(|event| enricher.handle(event))).await
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the environment is read"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

//! Wiring: log, configuration, client, secrets, connection, and on to the requests.

use std::process::ExitCode;

use memory::Memory;
use partner_central::PartnerCentral;
use patch_opportunity::{Auth, Bridge, Config, router, serve};

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

async fn run() -> Result<(), lambda_http::Error> {
    let Config {
        catalog,
        auth,
        crm_mapping,
        memory_table,
        memory_retention,
    } = Config::from_env(variable)?;
    let mapping = crm_mapping.as_deref().map(mapping::load).transpose()?;
    let sdk = partner_central::sdk_config().await?;
    let partner_central = PartnerCentral::new(&sdk);
    let memory = memory_table.map(|table| Memory::new(&sdk, &table, memory_retention));
    // The rules are read while the network is waited for.
    let (auth, (), (), ()) = tokio::join!(
        Auth::load(auth, &sdk),
        partner_central.open(),
        memory::open(memory.as_ref()),
        async { model::load_rules() }
    );
    let bridge = Bridge::new(partner_central, catalog, auth?)
        .with_mapping(mapping)
        .with_memory(memory);
    serve(router(bridge.clone()), Some(bridge)).await
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the environment is read"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

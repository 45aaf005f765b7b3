//! Wiring: configuration, client, connection, and on to the requests.

use std::process::ExitCode;

use lambda_http::tracing;
use partner_central::PartnerCentral;
use patch_opportunity::{Bridge, Config, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing::init_default_subscriber();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function cannot run");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), lambda_http::Error> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the environment is read"
    )]
    let config = Config::from_env(|name| std::env::var(name).ok())?;
    let partner_central = PartnerCentral::from_env().await?;
    partner_central.open().await;
    lambda_http::run(router(Bridge::new(partner_central, config))).await
}

//! The floor: the least that a comparable function does to write one member of an opportunity.
//!
//! The benchmark compares the bridge with it. It makes the same two signed calls over the same TLS
//! library, asynchronously, as functions are written, and trusts the system's roots. It has no AWS SDK,
//! no Lambda runtime library, no router, no logs, no retries and no timeouts; it verifies no signature
//! and checks no change. A step lower, with hand-written blocking calls, nobody deploys.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a yardstick must stop when it cannot measure"
)]

mod connection;
mod invocation;
mod partner_central;

use invocation::Invocations;
use partner_central::PartnerCentral;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the environment is read"
    )]
    let variable = |name| std::env::var(name).expect(name);
    let credentials = (
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_SECRET_ACCESS_KEY"),
    );
    let token = variable("AWS_SESSION_TOKEN");
    let endpoint = variable("AWS_ENDPOINT_URL");
    let mut partner_central = PartnerCentral::open(&endpoint, credentials, token).await;
    let mut invocations = Invocations::of(&variable("AWS_LAMBDA_RUNTIME_API")).await;
    loop {
        let invocation = invocations.next().await;
        let answer = partner_central.write(&invocation.event).await;
        invocations.answer(&invocation.id, answer).await;
    }
}

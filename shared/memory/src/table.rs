//! The connection to the table.

use std::{sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::{Client, config};

use crate::{item, unavailable::outline};

/// How long to wait for the table's answer. It takes milliseconds; beyond this the caller is better served by
/// an error.
const PATIENCE: Duration = Duration::from_millis(300);
/// Attempts of one call: one, and one more.
const ATTEMPTS: u32 = 2;
/// The pause before the second attempt, at most.
const PAUSE: Duration = Duration::from_millis(50);
/// Time to open the connection at the start: Lambda gives 10 s for all of it.
const OPEN_TIMEOUT: Duration = Duration::from_secs(3);

/// The table. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Memory {
    pub(crate) client: Client,
    pub(crate) table: Arc<str>,
    pub(crate) retention: Duration,
}

impl Memory {
    /// The table of this name, with the region, the credentials and the endpoint of `config`. An
    /// opportunity is remembered for `retention` after its last event or write.
    #[must_use]
    pub fn new(config: &SdkConfig, table: &str, retention: Duration) -> Self {
        Self::with_patience(config, table, retention, PATIENCE)
    }

    /// The same, with another time to wait for each answer. For tests on busy machines.
    #[must_use]
    pub fn with_patience(
        config: &SdkConfig,
        table: &str,
        retention: Duration,
        patience: Duration,
    ) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(patience)
            .operation_attempt_timeout(patience)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(PAUSE);
        let config = config::Builder::from(config)
            .behavior_version(BehaviorVersion::v2026_01_12())
            .timeout_config(timeouts)
            .retry_config(retries)
            .build();
        Self {
            client: Client::from_conf(config),
            table: table.into(),
            retention,
        }
    }

    /// Opens the connection, so that the first call need not: it asks for an item that does not exist. A failure
    /// stops nothing; the operator finds it in the log before the first event needs the table.
    pub async fn open(&self) {
        let once = config::Config::builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_timeout(OPEN_TIMEOUT)
                    .build(),
            );
        let asked = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(item::key("start", "start")))
            .customize()
            .config_override(once)
            .send()
            .await;
        if let Err(error) = asked {
            tracing::warn!(cause = outline(&error), "the memory does not answer");
        }
    }
}

/// Opens the connection of a memory, where there is one: see [`Memory::open`].
pub async fn open(memory: Option<&Memory>) {
    if let Some(memory) = memory {
        memory.open().await;
    }
}

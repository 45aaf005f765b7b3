//! Both functions with a memory of their own, for the tests of what it is for.

use bridge_tests::{Function, Request, Table};
use partner_central_emulator::Emulator;
use serde_json::{Value, json};

use crate::cloud_events::cloud_event;

/// The opportunity in Partner Central.
pub(crate) const ID: &str = "O7654321";
/// What signed requests are signed with.
pub(crate) const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
/// Lets in callers who do not prove who they are.
pub(crate) const OPEN: (&str, &str) = ("WEBHOOK_AUTH", "none");
/// Turns off the SDK's own retries, which would only take time.
pub(crate) const ONE_ATTEMPT: (&str, &str) = ("AWS_MAX_ATTEMPTS", "1");
const CATALOG: (&str, &str) = ("PARTNER_CENTRAL_CATALOG", "Sandbox");

/// Both functions, Partner Central with one opportunity, and a table.
pub(crate) struct Ground {
    pub(crate) emulator: Emulator,
    pub(crate) table: Table,
    pub(crate) enrich: Function,
    pub(crate) patch: Function,
}

impl Ground {
    /// With this opportunity, and functions with these variables besides.
    pub(crate) async fn with(document: Value, variables: &[(&str, &str)]) -> Self {
        let emulator = Emulator::start().await;
        emulator.seed(document);
        emulator.seed_summary(ID, json!({"RelatedOpportunityId": ID, "Score": 1}));
        let table = Table::start().await;
        let variables = [&[CATALOG], variables, &table.variables()].concat();
        let enrich = Function::start("enrich-opportunity", &emulator, &variables).await;
        let patch = Function::start("patch-opportunity", &emulator, &variables).await;
        // Answers show that both have started, and so have opened their connections.
        patch.send(&Request::new("GET", "/healthz")).await;
        let nothing = enrich.invoke(json!({})).await;
        assert!(nothing.is_err());
        let _opened = table.calls();
        Self {
            emulator,
            table,
            enrich,
            patch,
        }
    }

    /// Another process of `patch-opportunity`.
    pub(crate) async fn another_patch(&self) -> Function {
        self.function(
            "patch-opportunity",
            &[("WEBHOOK_AUTH", "none"), ONE_ATTEMPT],
        )
        .await
    }

    pub(crate) async fn sweep(&self) -> Function {
        let variables = [("ENRICH_FUNCTION", "enrich"), ("SWEEP_MINUTES", "60")];
        self.function("sweep-opportunities", &variables).await
    }

    async fn function(&self, name: &str, others: &[(&str, &str)]) -> Function {
        let variables = [&[CATALOG], others, &self.table.variables()].concat();
        Function::start(name, &self.emulator, &variables).await
    }

    /// The CloudEvent that an event of Partner Central comes to.
    pub(crate) async fn event(&self) -> Value {
        let event = include_str!("../../events/opportunity-updated.json");
        let event: Value = event.parse().unwrap();
        cloud_event(&self.enrich, event).await
    }

    /// What somebody else writes.
    pub(crate) fn edit(&self, edit: fn(&mut Value)) {
        self.emulator.edit(ID, edit);
    }

    /// The field of the opportunity as it is now.
    pub(crate) fn at(&self, pointer: &str) -> Value {
        let now = self.emulator.opportunity(ID).expect("the opportunity");
        now.pointer(pointer).cloned().unwrap_or_default()
    }

    /// How often Partner Central was written to by the bridge.
    pub(crate) fn writes(&self) -> usize {
        self.emulator.writes().len()
    }

    /// Lets the leases of all claims pass, as if their functions had died a minute ago.
    pub(crate) async fn pass_leases(&self) {
        for mut item in self.table.items().await {
            if item.get("lease").is_some() {
                item["lease"] = json!({"N": "0"});
                self.table.put(&item).await;
            }
        }
    }
}

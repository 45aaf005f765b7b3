//! `sweep-opportunities` misses nothing, whatever events were lost and whatever changes meanwhile.
//!
//! Runs that take hours happen in this process, by the emulator's clock, which moves only while the
//! function waits.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Deref,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use bridge_tests::{Function, Table, has_memory, table_of};
use lambda_runtime::{Context, LambdaEvent};
use memory::Memory;
use model::{Catalog, Identifier, OpportunityEvent};
use partner_central::PartnerCentral;
use partner_central_emulator::{Emulator, Fault, Invocation, Outcome, Settings};
use proptest::{
    prelude::{ProptestConfig, any},
    prop_assert_eq, proptest,
};
use serde_json::{Value, json};
use sweep_opportunities::{Clock, Config, Error, Lambda, Sweeper, Swept};
use tokio::{runtime, sync::Notify};

use crate::cloud_events::cloud_event;

const ENRICH: &str = "bridge-enrich-opportunity";
const SWEEP: &str = "bridge-sweep-opportunities";
const VARIABLES: [(&str, &str); 3] = [
    ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
    ("ENRICH_FUNCTION", ENRICH),
    ("SWEEP_MINUTES", "60"),
];
const HOUR: Duration = Duration::from_hours(1);
/// The function's timeout.
const TIMEOUT: Duration = Duration::from_mins(15);

/// Partner Central, and the memory that the tests are run with.
struct Ground {
    emulator: Emulator,
    table: Option<Arc<Table>>,
}

impl Ground {
    async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        let emulator = Emulator::start_with(settings).await.unwrap();
        let table = table_of(&emulator).await;
        Self { emulator, table }
    }

    fn memory(&self) -> Option<Memory> {
        let table = self.table.as_ref()?;
        let sdk = sdk_config(table.url());
        let (kept, patience) = (Duration::from_hours(24), Duration::from_secs(30));
        Some(Memory::with_patience(&sdk, table.name(), kept, patience))
    }
}

impl Deref for Ground {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.emulator
    }
}

fn sandbox() -> Catalog {
    Catalog::parse("Sandbox").unwrap()
}

fn opportunity(number: usize, date: &str) -> Value {
    json!({"Id": format!("O{number}"), "Catalog": "Sandbox", "LastModifiedDate": date})
}

fn touch(emulator: &Emulator, number: usize) {
    emulator.edit(&format!("O{number}"), |document| {
        document["LifeCycle"] = json!({"NextSteps": "Somebody has been here"});
    });
}

/// The identifiers handed on, in order.
fn handed_on(emulator: &Emulator) -> Vec<String> {
    let invocations = emulator.invocations();
    let of_enrich = invocations.iter().filter(|it| it.function == ENRICH);
    of_enrich.map(identifier).collect()
}

fn identifier(invocation: &Invocation) -> String {
    let event = OpportunityEvent::parse(&invocation.json()).unwrap();
    assert_eq!(event.source, model::SWEEP);
    assert_eq!(event.catalog, sandbox());
    event.identifier.to_string()
}

fn names(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|it| format!("O{it}")).collect()
}

fn sdk_config(url: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(Region::from_static("us-east-1"))
        .endpoint_url(url)
        .build()
}

fn config() -> Config {
    let variable = |name: &str| {
        let found = VARIABLES.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Config::from_env(variable).unwrap()
}

/// Makes one run in this process. `now` and `sleep` are its clock, `time` is its invocation's time.
async fn run<N, S, F>(
    ground: &Ground,
    clock: Clock<N, S>,
    payload: Value,
    time: Duration,
) -> Result<Swept, Error>
where
    N: Fn() -> SystemTime,
    S: Fn(Duration) -> F,
    F: Future<Output = ()>,
{
    let sdk = sdk_config(&ground.url());
    let sweeper = Sweeper::new(
        PartnerCentral::new(&sdk),
        Lambda::new(&sdk),
        config(),
        clock,
    )
    .with_memory(ground.memory());
    let mut context = Context::default();
    let deadline = ground.now().duration_since(UNIX_EPOCH).unwrap() + time;
    context.deadline = u64::try_from(deadline.as_millis()).unwrap();
    context.env_config = Arc::new(lambda_runtime::Config {
        function_name: SWEEP.to_owned(),
        ..lambda_runtime::Config::default()
    });
    sweeper.handle(LambdaEvent::new(payload, context)).await
}

/// Makes a run and those that continue it, one after the other.
async fn chain<N, S, F>(
    ground: &Ground,
    clock: impl Fn() -> Clock<N, S>,
    payload: Value,
    time: Duration,
) -> Vec<Swept>
where
    N: Fn() -> SystemTime,
    S: Fn(Duration) -> F,
    F: Future<Output = ()>,
{
    let mut runs = Vec::new();
    let mut next = Some(payload);
    while let Some(payload) = next {
        let before = of_sweep(ground).len();
        runs.push(run(ground, clock(), payload, time).await.unwrap());
        next = of_sweep(ground).get(before).map(Invocation::json);
    }
    runs
}

fn of_sweep(emulator: &Emulator) -> Vec<Invocation> {
    let mut invocations = emulator.invocations();
    invocations.retain(|it| it.function == SWEEP);
    invocations
}

/// The emulator's clock, which a wait advances.
fn simulated(
    emulator: &Emulator,
) -> Clock<impl Fn() -> SystemTime, impl Fn(Duration) -> std::future::Ready<()>> {
    let sleep = |duration| {
        emulator.advance(duration);
        std::future::ready(())
    };
    Clock::new(|| emulator.now(), sleep)
}

#[tokio::test]
async fn recently_modified_opportunities_are_handed_on_in_the_form_of_partner_centrals_event() {
    let emulator = Ground::start().await;
    for number in 1..=3 {
        emulator.seed(opportunity(number, "2020-01-02T03:04:05Z"));
    }
    touch(&emulator, 2);
    let function = Function::start("sweep-opportunities", &emulator, &VARIABLES).await;
    let answer = function.invoke(json!({})).await.unwrap();
    assert_eq!(
        (&answer["listed"], &answer["handedOn"]),
        (&json!(1), &json!(1))
    );
    let members: Vec<_> = answer.as_object().unwrap().keys().collect();
    assert_eq!(members, ["since", "until", "listed", "handedOn"]);

    let [invocation] = &emulator.invocations()[..] else {
        panic!("one invocation")
    };
    let event = invocation.json();
    assert_eq!(invocation.function, ENRICH);
    assert_eq!(event["source"], "opportunity-bridge.sweep");
    assert_eq!(event["detail-type"], "Opportunity Updated");
    assert_eq!(
        event["detail"],
        json!({"schemaVersion": "1", "catalog": "Sandbox", "opportunity": {"identifier": "O2"}})
    );
    let answered = function.log_with(&["answered", "handedOn"]).await;
    assert!(answered.contains("outcome=\"swept\""), "{answered}");
}

#[tokio::test]
async fn a_payload_that_is_not_a_task_is_refused_with_the_reason() {
    let emulator = Ground::start().await;
    let variables = [VARIABLES[0], VARIABLES[1], ("SWEEP_MINUTES", "")];
    let function = Function::start("sweep-opportunities", &emulator, &variables).await;
    for (payload, message) in [
        (
            json!({"since": "last week"}),
            "the payload's `since` is wrong: `last week` is not a date, expected RFC 3339 such as `2026-01-02T03:04:05.678Z`",
        ),
        (
            json!({}),
            "the payload has no `since`, and `SWEEP_MINUTES` is empty: there is no window to sweep",
        ),
    ] {
        let error = function.invoke(payload).await.unwrap_err();
        assert_eq!(
            (error.kind.as_str(), error.message.as_str()),
            ("PayloadRefused", message)
        );
    }
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_fails_the_run_and_says_why() {
    let role = ": the function's role lacks `partnercentral:ListOpportunities` on this catalog, or the AWS account is \
                not linked to Partner Central";
    for (fault, kind, cause, advice) in [
        (
            Fault::AccessDenied,
            "AccessDenied",
            "AWS denied the call: AccessDeniedException",
            role,
        ),
        (
            Fault::Throttling,
            "Throttled",
            "AWS throttled the call",
            "the call",
        ),
        (
            Fault::InternalServer,
            "Unavailable",
            "AWS Partner Central is unavailable: ",
            "",
        ),
        (
            Fault::Answer("{}".to_owned()),
            "Unavailable",
            "AWS Partner Central is unavailable: the list has no ",
            "`OpportunitySummaries`",
        ),
    ] {
        let emulator = Ground::start().await;
        emulator.inject("ListOpportunities", 3, fault);
        let variables = [&VARIABLES[..], &[("AWS_MAX_ATTEMPTS", "1")]].concat();
        let function = Function::start("sweep-opportunities", &emulator, &variables).await;
        let fill = json!({"since": "2024-01-01T00:00:00Z"});
        let error = function.invoke(fill).await.unwrap_err();
        let message = "what was modified since `2024-01-01T00:00:00.000Z` could not be listed: ";
        assert_eq!(error.kind, kind);
        let told = error.message.strip_prefix(message).unwrap();
        assert!(told.starts_with(cause) && told.ends_with(advice), "{told}");
    }
}

#[tokio::test]
async fn a_failure_to_hand_one_on_fails_the_run_after_the_others_were_handed_on() {
    let emulator = Ground::start().await;
    emulator.stop_clock();
    for number in 1..=5 {
        emulator.seed(opportunity(number, "2026-01-02T03:04:05Z"));
    }
    // Two opportunities, with three attempts of the SDK's for each.
    emulator.inject("Invoke", 6, Fault::InternalServer);
    let fill = json!({"since": "2024-01-01T00:00:00Z"});
    let failed = run(&emulator, simulated(&emulator), fill, TIMEOUT).await;
    assert_eq!(
        failed.unwrap_err().to_string(),
        "2 of 5 opportunities could not be handed on, the log has each with its reason"
    );
    assert_eq!(handed_on(&emulator), names(3..=5));
}

#[tokio::test]
async fn a_run_that_cannot_start_its_continuation_fails() {
    let emulator = Ground::start().await;
    emulator.stop_clock();
    for number in 1..=99 {
        emulator.seed(opportunity(number, "2026-01-02T03:04:05Z"));
    }
    let (done, time) = (Cell::new(0), Duration::from_secs(10));
    let sleep = |duration| {
        emulator.advance(duration);
        done.set(done.get() + 1);
        if done.get() == 9 {
            emulator.inject("Invoke", 6, Fault::AccessDenied);
        }
        std::future::ready(())
    };
    let clock = Clock::new(|| emulator.now(), sleep);
    let fill = json!({"since": "2024-01-01T00:00:00Z"});
    let failed = run(&emulator, clock, fill, time).await;
    let Err(Error::Continue { since, .. }) = failed else {
        panic!("{failed:?}")
    };
    assert_eq!(since.to_string(), "2026-01-02T03:04:05.000Z");
}

#[tokio::test]
async fn a_run_whose_time_is_up_says_how_far_it_came_even_within_one_date() {
    let emulator = Ground::start().await;
    emulator.stop_clock();
    for number in 1..=20 {
        emulator.seed(opportunity(number, "2026-01-02T03:04:05Z"));
    }
    let date = "2026-01-02T03:04:05.000Z";
    let time = Duration::from_secs(10);
    let runs = chain(
        &emulator,
        || simulated(&emulator),
        json!({"since": date}),
        time,
    )
    .await;
    // Nothing begins in the last quarter of the time: a page and nine opportunities take 0.425 s and 7.65 s.
    let counts: Vec<_> = runs.iter().map(|run| run.handed_on).collect();
    assert_eq!(counts, [9, 9, 2]);
    assert!(runs.iter().all(|run| run.since == date), "{runs:?}");
    let ends: Vec<_> = runs.iter().map(|run| run.until == date).collect();
    assert_eq!(ends, [true, true, false], "{runs:?}");
    let handed_on: BTreeSet<_> = handed_on(&emulator).into_iter().collect();
    assert_eq!(handed_on.len(), 20, "each once");
}

#[tokio::test]
async fn a_run_without_time_for_anything_does_not_continue_forever() {
    let emulator = Ground::start().await;
    emulator.seed(opportunity(1, "2026-01-02T03:04:05Z"));
    emulator.stop_clock();
    let fill = json!({"since": "2024-01-01T00:00:00Z"});
    let time = Duration::from_secs(2);
    let now = || {
        emulator.advance(time / 2);
        emulator.now()
    };
    let clock = Clock::new(now, |_| std::future::ready(()));
    let failed = run(&emulator, clock, fill, time).await;
    assert!(matches!(failed, Err(Error::NoProgress(_))), "{failed:?}");
    assert_eq!(emulator.invocations().len(), 0);
}

/// A CRM that follows the README's one rule for receivers.
#[derive(Default)]
struct Crm(HashMap<String, (String, Value)>);

impl Crm {
    fn receive(&mut self, event: &Value) {
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        let (subject, sequence) = (text("subject"), text("sequence"));
        let known = self.0.get(&subject);
        if known.is_none_or(|(greatest, _)| sequence > *greatest) {
            let opportunity = event["data"]["opportunity"].clone();
            self.0.insert(subject, (sequence, opportunity));
        }
    }
}

#[tokio::test]
async fn with_every_event_lost_each_change_reaches_the_crm_within_one_interval() {
    // Every event is lost, because no function gets events here.
    let emulator = Ground::start().await;
    emulator.stop_clock();
    for number in 1..=20 {
        emulator.seed(opportunity(number, "2020-01-02T03:04:05Z"));
    }
    let variables = [VARIABLES[0], ("INCLUDE_AWS_SUMMARY", "false")];
    let enrich = Function::start("enrich-opportunity", &emulator, &variables).await;
    let mut crm = Crm::default();
    let mut changed = BTreeSet::new();
    for hour in 0..6 {
        let due = emulator.now() + HOUR;
        for minute in [0, 17, 31, 59] {
            let number = 1 + (hour * 7 + minute) % 20;
            emulator.advance(Duration::from_secs(u64::try_from(minute).unwrap()));
            touch(&emulator, number);
            changed.insert(format!("O{number}"));
        }
        emulator.advance(due.duration_since(emulator.now()).unwrap());
        emulator.clear_records();
        let swept = run(&emulator, simulated(&emulator), json!({}), TIMEOUT).await;
        swept.unwrap();
        for invocation in emulator.invocations() {
            crm.receive(&cloud_event(&enrich, invocation.json()).await);
        }
        for identifier in &changed {
            let (_, held) = &crm.0[identifier];
            assert_eq!(
                Some(held),
                emulator.opportunity(identifier).as_ref(),
                "{hour}"
            );
        }
        assert_eq!(crm.0.len(), changed.len());
    }
}

#[tokio::test]
async fn the_next_run_makes_up_for_one_that_dies_in_the_middle_of_a_page() {
    let emulator = Ground::start().await;
    emulator.stop_clock();
    for number in 1..=250 {
        emulator.seed(opportunity(number, "2020-01-02T03:04:05Z"));
        emulator.advance(Duration::from_millis(7));
        touch(&emulator, number);
    }
    let (handed_on_before_it_dies, dead) = (Cell::new(0), Notify::new());
    let sleep = |duration| {
        emulator.advance(duration);
        handed_on_before_it_dies.set(handed_on_before_it_dies.get() + 1);
        let dies = handed_on_before_it_dies.get() == 42;
        let dead = &dead;
        async move {
            if dies {
                dead.notify_one();
                std::future::pending::<()>().await;
            }
        }
    };
    let clock = Clock::new(|| emulator.now(), sleep);
    tokio::select! {
        ended = run(&emulator, clock, json!({}), TIMEOUT) => panic!("{ended:?}"),
        () = dead.notified() => {}
    }
    assert_eq!(handed_on(&emulator), names(1..=41));

    emulator.clear_records();
    emulator.advance(HOUR);
    let swept = run(&emulator, simulated(&emulator), json!({}), TIMEOUT).await;
    assert_eq!(swept.unwrap().handed_on, 250);
    assert_eq!(handed_on(&emulator), names(1..=250));
}

#[tokio::test]
async fn a_late_run_sweeps_the_window_of_the_time_it_was_due() {
    let emulator = Ground::start().await;
    emulator.seed(opportunity(1, "2020-01-02T03:04:05Z"));
    emulator.stop_clock();
    // Where it was swept until is remembered.
    if has_memory() {
        let swept = run(&emulator, simulated(&emulator), json!({}), TIMEOUT).await;
        assert_eq!(swept.unwrap().listed, 0);
    }
    touch(&emulator, 1);
    // The run before failed; this one is due two hours after the change, and starts three hours late.
    emulator.advance(2 * HOUR);
    let due = model::Instant::from(emulator.now()).to_string();
    emulator.advance(3 * HOUR);
    let lately = run(&emulator, simulated(&emulator), json!({}), TIMEOUT).await;
    let lately = lately.unwrap();
    if has_memory() {
        // It begins where the last one ended, however long ago that is.
        assert_eq!((lately.listed, lately.handed_on), (1, 1));
        return;
    }
    assert_eq!(lately.listed, 0);
    let scheduled = json!({"scheduled": due});
    let swept = run(&emulator, simulated(&emulator), scheduled, TIMEOUT).await;
    assert_eq!(swept.unwrap().handed_on, 1);
}

/// The bridge may use half of the account's quota, including the reads of what was handed on.
#[tokio::test]
async fn a_backfill_of_2500_hands_on_each_once_in_several_runs_within_half_of_the_quota() {
    const COUNT: usize = 2_500;
    let settings = Settings {
        reads_per_second: Some(5),
        ..Settings::default()
    };
    let emulator = Ground::with(settings).await;
    emulator.stop_clock();
    for number in 1..=COUNT {
        // Many share a date: 250 each.
        let date = format!("2025-{:02}-02T03:04:05Z", 1 + number % 10);
        emulator.seed(opportunity(number, &date));
    }
    let partner_central = PartnerCentral::new(&sdk_config(&emulator.url()));
    let (catalog, read) = (sandbox(), Cell::new(0));
    // Makes the reads that `enrich-opportunity` makes of what was handed on since.
    let enrich = async || {
        let invocations = emulator.invocations();
        let new = invocations.iter().skip(read.get());
        for invocation in new.filter(|it| it.function == ENRICH) {
            let identifier = Identifier::parse(&identifier(invocation)).unwrap();
            partner_central.get(&catalog, &identifier).await.unwrap();
            let summary = partner_central.summary(&catalog, &identifier).await;
            summary.unwrap();
        }
        read.set(invocations.len());
    };
    let sleep = |duration| {
        let enrich = &enrich;
        let emulator = &emulator;
        async move {
            enrich().await;
            emulator.advance(duration);
        }
    };
    let clock = || Clock::new(|| emulator.now(), sleep);
    let (began, fill) = (emulator.now(), json!({"since": "2024-01-01T00:00:00Z"}));
    let runs = chain(&emulator, clock, fill, TIMEOUT).await;

    assert!(runs.len() > 2, "{runs:?}");
    let total: u64 = runs.iter().map(|run| run.handed_on).sum();
    assert_eq!(total, 2_500);
    let mut once = handed_on(&emulator);
    once.sort();
    let mut all = names(1..=COUNT);
    all.sort();
    assert_eq!(once, all);
    let requests = emulator.requests();
    let refused = requests.iter().filter(|it| it.outcome != Outcome::Done);
    assert_eq!(refused.count(), 0);
    // The duration that operations.md states.
    let took = emulator.now().duration_since(began).unwrap();
    assert_eq!(took.as_secs() / 60, 35);
}

#[tokio::test]
async fn a_backfill_stops_once_it_has_used_half_of_a_days_reads() {
    let emulator = Ground::start().await;
    emulator.stop_clock();
    for number in 1..=4 {
        emulator.seed(opportunity(number, &format!("2026-01-02T03:04:0{number}Z")));
    }
    let left = json!({"since": "2024-01-01T00:00:00Z", "total": 23_997});
    let stopped = run(&emulator, simulated(&emulator), left, TIMEOUT).await;
    let Err(Error::DayIsUsedUp(since)) = stopped else {
        panic!("{stopped:?}")
    };
    assert_eq!(handed_on(&emulator), names(1..=3));
    assert_eq!(since.to_string(), "2026-01-02T03:04:03.000Z");
}

/// Opportunities that share a date can only be listed by AWS's tokens, and a token may be an offset.
#[tokio::test]
async fn an_opportunity_that_moves_to_an_already_read_page_is_still_found() {
    let emulator = Ground::start().await;
    emulator.stop_clock();
    for number in 1_001..=1_250 {
        emulator.seed(opportunity(number, "2025-01-02T03:04:05Z"));
    }
    let now = || {
        // Between the first two pages: three of the first page leave, so the second begins with the
        // fourth of the rest.
        if emulator.requests().len() == 1 {
            (1_001..=1_003).for_each(|number| touch(&emulator, number));
        }
        emulator.now()
    };
    let sleep = |duration| {
        emulator.advance(duration);
        std::future::ready(())
    };
    let fill = json!({"since": "2025-01-02T03:04:05Z"});
    let clock = || Clock::new(now, sleep);
    chain(&emulator, clock, fill, TIMEOUT).await;
    assert_eq!(handed_on(&emulator), names(1_004..=1_250));
}

/// Modifies opportunities at random while they are listed.
#[derive(Debug)]
struct Chaos {
    seed: u64,
    count: usize,
    /// The number of different seconds in which the opportunities were modified.
    dates: usize,
    /// One in this many looks at the clock modifies four of them.
    rarity: u64,
    /// The time of a run, in seconds.
    seconds: u64,
}

impl Chaos {
    /// The opportunities whose current state nobody handed on.
    async fn missed(&self) -> Vec<String> {
        let emulator = Ground::start().await;
        emulator.stop_clock();
        let random = RefCell::new(fastrand::Rng::with_seed(self.seed));
        for number in 1..=self.count {
            let second = random.borrow_mut().usize(..self.dates);
            emulator.seed(opportunity(
                number,
                &format!("2025-01-02T03:{:02}:{:02}Z", second / 60, second % 60),
            ));
        }
        let before: HashMap<_, _> = names(1..=self.count)
            .into_iter()
            .filter_map(|identifier| Some((identifier.clone(), emulator.opportunity(&identifier)?)))
            .collect();
        // The function looks at the clock before each page, and before and after each opportunity.
        let now = || {
            if random.borrow_mut().u64(..self.rarity) == 0 {
                for _ in 0..4 {
                    let number = random.borrow_mut().usize(1..=self.count);
                    touch(&emulator, number);
                }
            }
            emulator.now()
        };
        let sleep = |duration| {
            emulator.advance(duration);
            std::future::ready(())
        };
        let time = Duration::from_secs(self.seconds);
        let fill = json!({"since": "2025-01-02T03:00:00Z"});
        let runs = chain(&emulator, || Clock::new(&now, sleep), fill, time).await;
        let until = &runs.last().unwrap().until;

        let invocations = emulator.invocations();
        let by_fill: Vec<_> = handed_on(&emulator);
        let counts = by_fill.iter().fold(BTreeMap::new(), |mut counts, it| {
            *counts.entry(it.clone()).or_insert(0) += 1;
            counts
        });
        assert!(counts.values().all(|count| *count == 1), "{counts:?}");
        assert!(!invocations.is_empty());

        // Whatever was modified since the backfill began belongs to the next run.
        emulator.clear_records();
        emulator.advance(Duration::from_secs(1));
        let next = json!({"since": until});
        let clock = || simulated(&emulator);
        chain(&emulator, clock, next, TIMEOUT).await;
        let by_next: BTreeSet<_> = handed_on(&emulator).into_iter().collect();
        names(1..=self.count)
            .into_iter()
            .filter(|identifier| {
                let is_modified =
                    emulator.opportunity(identifier) != before.get(identifier).cloned();
                if is_modified {
                    !by_next.contains(identifier)
                } else {
                    !counts.contains_key(identifier)
                }
            })
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_missed_whatever_is_modified_between_two_pages(
        seed in any::<u64>(),
        count in 90..320_usize,
        dates in 1..4_usize,
        rarity in 1..9_u64,
        seconds in 60..400_u64,
    ) {
        let chaos = Chaos { seed, count, dates, rarity, seconds };
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let missed = runtime.block_on(chaos.missed());
        prop_assert_eq!(missed, Vec::<String>::new());
    }
}

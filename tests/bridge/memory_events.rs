//! `enrich-opportunity` with a memory: what changed, who changed it, and each state under an id of its own.

use std::time::Duration;

use bridge_tests::{Cut, Request};
use partner_central_emulator::Fault;
use serde_json::{Value, json};

use crate::{
    documents,
    ground::{Ground, ID, ONE_ATTEMPT, OPEN},
};

const SUMMARY: &str = "GetAwsOpportunitySummary";

/// Both functions, with the sample.
async fn ground() -> Ground {
    Ground::with(documents::sample(), &[OPEN, ONE_ATTEMPT]).await
}

impl Ground {
    fn enter(&self, stage: &'static str) {
        let mut document = self.emulator.opportunity(ID).expect("the opportunity");
        document["LifeCycle"]["Stage"] = json!(stage);
        self.emulator.edit(ID, |edited| *edited = document);
    }

    /// A write of the bridge; gives the id of its request.
    async fn patched(&self, patch: &Value) -> String {
        let answer = self.patch.send(&Request::patch(ID, patch)).await;
        assert_eq!(answer.body["outcome"], "updated", "{answer:?}");
        let items = self.table.items().await;
        let write = items[0]["write1"]["S"].as_str().expect("a write");
        write.rsplit(' ').next().expect("its request").to_owned()
    }
}

fn changes(event: &Value) -> Vec<(&str, &Value, &Value)> {
    let changes = event["data"]["changes"].as_array().expect("changes");
    changes
        .iter()
        .map(|change| {
            let pointer = change["pointer"].as_str().expect("a pointer");
            (pointer, &change["before"], &change["after"])
        })
        .collect()
}

fn problems(event: &Value) -> Vec<(&str, &str)> {
    let problems = event["data"]["problems"].as_array();
    problems
        .into_iter()
        .flatten()
        .map(|problem| {
            let pointer = problem["pointer"].as_str().expect("a pointer");
            (pointer, problem["code"].as_str().expect("a code"))
        })
        .collect()
}

#[tokio::test]
async fn an_event_tells_what_changed_since_the_one_before_it_for_one_call() {
    let ground = ground().await;
    let first = ground.event().await;
    let data = &first["data"];
    assert_eq!((data.get("changes"), data.get("since")), (None, None));
    assert_eq!(first["data"]["origin"], json!({"actor": "other"}));
    assert_eq!(first["data"].get("problems"), None);

    ground.edit(|document| {
        document["LifeCycle"]["Stage"] = json!("Committed");
        document["Tomorrow"] = json!({"Price": 1.10});
    });
    ground
        .emulator
        .seed_summary(ID, json!({"RelatedOpportunityId": ID, "Score": 2}));
    let second = ground.event().await;
    assert_eq!(
        changes(&second),
        [
            (
                "/opportunity/LifeCycle/Stage",
                &json!("Qualified"),
                &json!("Committed")
            ),
            ("/opportunity/Tomorrow/Price", &json!(null), &json!(1.10),),
            ("/awsSummary/Score", &json!(1), &json!(2)),
        ]
    );
    assert_eq!(second["data"]["since"], first["sequence"]);
    assert_eq!(second["data"]["origin"], json!({"actor": "other"}));
    assert_eq!(ground.table.calls(), ["UpdateItem", "UpdateItem"]);
}

#[tokio::test]
async fn a_duplicate_is_told_as_the_first_was_and_what_changes_back_is_told_anew() {
    let ground = ground().await;
    let mut ids = Vec::new();
    let mut last = String::new();
    for stage in ["Qualified", "Committed", "Qualified", "Committed"] {
        ground.enter(stage);
        // The state is the same but for its date: what differs is told, whatever it is.
        let first = ground.event().await;
        let again = ground.event().await;
        for name in ["id", "sequence", "data", "type"] {
            assert_eq!(again[name], first[name], "{name}");
        }
        let sequence = first["sequence"].as_str().expect("a sequence");
        assert!(sequence > last.as_str(), "{sequence} {last}");
        sequence.clone_into(&mut last);
        let id = first["id"].as_str().expect("an id").to_owned();
        assert!(!ids.contains(&id), "{ids:?} {id}");
        ids.push(id);
    }
}

#[tokio::test]
async fn a_read_that_is_older_than_what_is_remembered_hands_on_what_is_remembered() {
    let ground = ground().await;
    let older = ground.emulator.opportunity(ID).expect("the opportunity");
    ground.event().await;
    ground.enter("Committed");
    let newest = ground.event().await;
    ground.emulator.seed(older);
    ground
        .emulator
        .seed_summary(ID, json!({"RelatedOpportunityId": ID, "Score": 0}));
    let late = ground.event().await;
    for name in ["id", "sequence", "data"] {
        assert_eq!(late[name], newest[name], "{name}");
    }
}

#[tokio::test]
async fn the_bridges_own_write_is_marked_with_the_id_of_its_request() {
    let ground = ground().await;
    ground.event().await;
    for steps in ["Call", "Write"] {
        let request_id = ground
            .patched(&json!({"LifeCycle": {"NextSteps": steps}}))
            .await;
        let told = ground.event().await;
        let origin = json!({"actor": "bridge", "requestId": request_id});
        assert_eq!(told["data"]["origin"], origin);
        assert_eq!(changes(&told)[0].2, steps);
        assert_eq!(ground.event().await["data"], told["data"]);
    }
}

#[tokio::test]
async fn a_write_of_what_the_review_leaves_open_is_the_bridges_too() {
    let ground = ground().await;
    ground.event().await;
    // `Approved` closes the title.
    let patch = json!({"Project": {"Title": "New"}, "LifeCycle": {"NextSteps": "Call"}});
    let request = Request::patch(ID, &patch).header("prefer", "locked=skip");
    let answer = ground.patch.send(&request).await;
    assert_eq!(answer.body["outcome"], "updated-in-part", "{answer:?}");
    let told = ground.event().await;
    assert_eq!(told["data"]["origin"]["actor"], "bridge");

    ground.table.cut_all(Cut::Before, 2);
    let patch = json!({"Project": {"Title": "New"}, "LifeCycle": {"NextSteps": "Write"}});
    let request = Request::patch(ID, &patch).header("prefer", "locked=skip");
    let answer = ground.patch.send(&request).await;
    let warnings = answer.body["warnings"].as_array().expect("warnings");
    assert!(warnings.iter().any(|it| it["code"] == "not-remembered"));
}

#[tokio::test]
async fn two_writes_of_the_bridge_that_one_event_tells_of_are_the_bridges() {
    let ground = ground().await;
    ground.event().await;
    ground
        .patched(&json!({"LifeCycle": {"NextSteps": "Call"}}))
        .await;
    let last = ground
        .patched(&json!({"LifeCycle": {"Stage": "Committed"}}))
        .await;
    let told = ground.event().await;
    assert_eq!(
        told["data"]["origin"],
        json!({"actor": "bridge", "requestId": last})
    );
}

#[tokio::test]
async fn what_somebody_else_wrote_meanwhile_is_not_the_bridges() {
    let ground = ground().await;
    ground.event().await;
    ground.edit(|document| document["LifeCycle"]["NextSteps"] = json!("Theirs"));
    ground
        .patched(&json!({"LifeCycle": {"Stage": "Committed"}}))
        .await;
    let told = ground.event().await;
    assert_eq!(told["data"]["origin"], json!({"actor": "other"}));
    assert_eq!(changes(&told).len(), 2);

    ground
        .patched(&json!({"LifeCycle": {"Stage": "Qualified"}}))
        .await;
    ground.edit(|document| document["LifeCycle"]["NextSteps"] = json!("Theirs again"));
    let told = ground.event().await;
    assert_eq!(told["data"]["origin"], json!({"actor": "other"}));
}

#[tokio::test]
async fn what_aws_alone_changed_is_awss() {
    let ground = ground().await;
    ground.event().await;
    ground.edit(|document| {
        document["LifeCycle"]["ReviewStatus"] = json!("In review");
        document["LifeCycle"]["ReviewComments"] = json!("Soon");
    });
    let told = ground.event().await;
    assert_eq!(told["data"]["origin"], json!({"actor": "aws"}));

    ground
        .emulator
        .seed_summary(ID, json!({"RelatedOpportunityId": ID, "Score": 2}));
    let told = ground.event().await;
    assert_eq!(told["data"]["origin"], json!({"actor": "aws"}));
    assert_eq!(
        changes(&told),
        [("/awsSummary/Score", &json!(1), &json!(2))]
    );

    ground.edit(|document| {
        document["LifeCycle"]["ReviewStatus"] = json!("Approved");
        document["LifeCycle"]["NextSteps"] = json!("Call");
    });
    let told = ground.event().await;
    assert_eq!(told["data"]["origin"], json!({"actor": "other"}));
}

#[tokio::test]
async fn without_an_answer_of_the_table_the_event_goes_out_and_says_so_and_no_change_is_lost() {
    let ground = ground().await;
    ground.event().await;
    ground.enter("Committed");
    ground.table.cut_all(Cut::Before, 2);
    let told = ground.event().await;
    assert_eq!(
        told["data"]["opportunity"]["LifeCycle"]["Stage"],
        "Committed"
    );
    assert_eq!(problems(&told), [("/changes", "unavailable")]);
    assert_eq!(
        (told["data"].get("changes"), told["data"].get("origin")),
        (None, None)
    );
    ground.enrich.log_with(&["\"MemoryUnavailable\":1"]).await;

    ground.enter("Launched");
    let told = ground.event().await;
    let stages = (&json!("Qualified"), &json!("Launched"));
    assert_eq!(
        changes(&told),
        [("/opportunity/LifeCycle/Stage", stages.0, stages.1)]
    );
}

#[tokio::test]
async fn an_event_whose_function_died_after_it_was_remembered_is_told_whole() {
    let ground = ground().await;
    ground.event().await;
    ground.enter("Committed");
    // It is remembered, and nobody is told.
    ground.table.cut_all(Cut::After, 2);
    let lost = ground.event().await;
    assert_eq!(problems(&lost), [("/changes", "unavailable")]);
    let told = ground.event().await;
    assert_eq!(changes(&told)[0].0, "/opportunity/LifeCycle/Stage");

    // Where the next change is quicker than the retry, it can be seen that something is missing.
    ground.enter("Launched");
    ground.table.cut_all(Cut::After, 2);
    ground.event().await;
    ground.edit(|document| document["LifeCycle"]["NextSteps"] = json!("Call"));
    let next = ground.event().await;
    assert_eq!(changes(&next).len(), 1);
    assert!(next["data"]["since"].as_str() > told["sequence"].as_str());
}

#[tokio::test]
async fn a_summary_that_could_not_be_read_is_no_change() {
    let ground = ground().await;
    ground.event().await;
    ground.enter("Committed");
    ground.emulator.inject(SUMMARY, 1, Fault::AccessDenied);
    let unread = ground.event().await;
    assert_eq!(problems(&unread), [("/awsSummary", "access-denied")]);
    assert_eq!(changes(&unread)[0].0, "/opportunity/LifeCycle/Stage");
    assert_eq!(changes(&unread).len(), 1);
    let read = ground.event().await;
    assert_eq!(changes(&read), []);
    ground
        .emulator
        .seed_summary(ID, json!({"RelatedOpportunityId": ID, "Score": 2}));
    let read = ground.event().await;
    assert_eq!(
        changes(&read),
        [("/awsSummary/Score", &json!(1), &json!(2))]
    );
}

#[tokio::test]
async fn what_is_too_large_to_keep_is_handed_on_and_named() {
    let ground = ground().await;
    ground.edit(|document| {
        let mut dice = fastrand::Rng::with_seed(7);
        let noise: String = (0..245_000).map(|_| dice.alphanumeric()).collect();
        document["Tomorrow"] = json!(noise);
    });
    let first = ground.event().await;
    assert_eq!(problems(&first), [("/changes", "too-large")]);
    let again = ground.event().await;
    assert_eq!(
        (&again["id"], &again["sequence"]),
        (&first["id"], &first["sequence"])
    );
    ground.edit(|document| document["Tomorrow"] = json!(null));
    let second = ground.event().await;
    assert_eq!(problems(&second), [("/changes", "too-large")]);
    ground.enter("Committed");
    let third = ground.event().await;
    assert_eq!(changes(&third)[0].0, "/opportunity/LifeCycle/Stage");
}

#[tokio::test]
async fn a_sweep_hands_on_only_what_is_newer_than_what_is_remembered_and_begins_where_the_last_one_ended()
 {
    let ground = ground().await;
    let sweep = ground.sweep().await;
    let swept = async || {
        // A run takes what was modified in the milliseconds before its own.
        tokio::time::sleep(Duration::from_millis(2)).await;
        sweep.invoke(json!({})).await.expect("no function error")
    };
    ground.edit(|document| document["LifeCycle"]["NextSteps"] = json!("One"));
    let first = swept().await;
    assert_eq!(first["handedOn"], 1, "nothing is remembered yet");
    let event = ground.event().await;
    // A date on a whole second may have been cut to it, and is handed on once more.
    let date = event["data"]["opportunity"]["LastModifiedDate"].as_str();
    let is_cut = date.is_some_and(|date| date.contains(".000"));
    let second = swept().await;
    assert_eq!(second["handedOn"], u64::from(is_cut));
    let instant = |swept: &Value, name: &str| {
        model::Instant::parse(swept[name].as_str().expect("a date")).expect("a date")
    };
    let overlap = instant(&first, "until").since(instant(&second, "since"));
    assert_eq!(overlap.map(|it| it.as_secs()), Some(300));
    ground.edit(|document| document["LifeCycle"]["NextSteps"] = json!("Two"));
    assert_eq!(swept().await["handedOn"], 1, "its event is lost");
    // A fill is for a CRM that has lost what it had.
    let fill = json!({"since": "2020-01-01T00:00:00Z"});
    let filled = sweep.invoke(fill).await.expect("no function error");
    assert_eq!(filled["handedOn"], 1);
    // Without an answer of the memory, a run is as one without a memory.
    ground.event().await;
    ground.table.cut_all(Cut::Before, 40);
    assert_eq!(swept().await["handedOn"], 1);
    sweep
        .log_with(&["WARN", "the memory does not answer"])
        .await;
}

#[tokio::test]
async fn a_run_that_could_not_read_where_the_last_one_ended_does_not_say_that_it_came_from_there() {
    let ground = ground().await;
    let sweep = ground.sweep().await;
    let swept = async || sweep.invoke(json!({})).await.expect("no function error");
    let first = swept().await;
    // The memory does not answer when it begins, and does when it ends.
    ground.table.cut_all(Cut::Before, 2);
    swept().await;
    let third = swept().await;
    let instant = |swept: &Value, name: &str| {
        model::Instant::parse(swept[name].as_str().expect("a date")).expect("a date")
    };
    let overlap = instant(&first, "until").since(instant(&third, "since"));
    assert_eq!(overlap.map(|it| it.as_secs()), Some(300));
}

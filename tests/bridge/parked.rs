//! Patches that wait for a review: parked, shown, withdrawn, and carried out once it is over.

use bridge_tests::{Cut, Function, Request, Response};
use partner_central_emulator::{Emulator, Fault};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::{
    documents,
    ground::{Ground, ID, ONE_ATTEMPT, OPEN, SECRET},
    patch::VARIABLES,
};

/// Both functions, with the opportunity in review.
async fn in_review(auth: &[(&str, &str)]) -> Ground {
    let mut document = documents::sample();
    document["LifeCycle"]["ReviewStatus"] = json!("In review");
    document["LifeCycle"]["NextSteps"] = json!("Wait");
    Ground::with(document, &[auth, &[ONE_ATTEMPT]].concat()).await
}

impl Ground {
    /// Sends a patch that may wait.
    async fn park(&self, patch: &Value) -> Response {
        self.patch.send(&may_wait(patch)).await
    }

    /// Parks a patch, and gives its id.
    async fn parked(&self, patch: &Value) -> String {
        id_of(&self.park(patch).await)
    }

    async fn get(&self, path: &str) -> Response {
        self.patch.send(&Request::new("GET", path)).await
    }

    async fn waiting(&self) -> Vec<String> {
        let listed = self.get(&format!("/opportunities/{ID}/parked")).await;
        let listed = listed.body["parked"].as_array().expect("a list").clone();
        let id = |parked: &Value| parked["patch"].as_str().expect("an id").to_owned();
        listed.iter().map(id).collect()
    }

    fn review(&self, status: &'static str) {
        self.emulator.edit(ID, |document| {
            document["LifeCycle"]["ReviewStatus"] = json!(status);
        });
    }

    /// What the rule on the bus does with an event that names parked patches, until none does: the events of how
    /// they ended.
    async fn woken(&self, event: Value) -> Vec<Value> {
        let mut ended = Vec::new();
        let mut event = event;
        while event["data"]["parked"].is_array() {
            event = self.patch.invoke(event).await.expect("no function error");
            if event.is_null() {
                break;
            }
            is_valid(&event);
            ended.push(event.clone());
        }
        ended
    }

    /// What comes of an event.
    async fn ended(&self) -> Vec<Value> {
        self.woken(self.event().await).await
    }

    /// What a run of the schedule comes to.
    async fn swept(&self) -> Value {
        let swept = self.sweep().await.invoke(json!({})).await;
        swept.expect("no function error")
    }

    /// Lets everything that was parked be 31 days old; gives the new ids by age.
    async fn a_month_later(&self) -> Vec<String> {
        let mut ids = Vec::new();
        for mut item in self.table.items().await {
            let Some(at) = item["at"]["N"].as_str() else {
                continue;
            };
            let at: u64 = at.parse::<u64>().unwrap() - 31 * 24 * 3600 * 1000;
            item["at"] = json!({"N": at.to_string()});
            let (_, digest) = item["sk"]["S"].as_str().unwrap().split_once('#').unwrap();
            ids.push(format!("{at:013}-{digest}"));
            self.table.put(&item).await;
        }
        ids.sort();
        for mut item in self.table.items().await {
            if item["waiting"].get("SS").is_some() {
                item["waiting"] = json!({"SS": ids});
                self.table.put(&item).await;
            }
        }
        ids
    }
}

fn may_wait(patch: &Value) -> Request {
    Request::patch(ID, patch).header("prefer", "respond-async")
}

fn steps(steps: &str) -> Value {
    json!({"LifeCycle": {"NextSteps": steps}})
}

fn id_of(answer: &Response) -> String {
    assert_eq!((answer.status, outcome(&answer.body)), (202, "parked"));
    let location = answer.headers["location"].as_str().expect("a location");
    let (path, id) = location.rsplit_once('/').expect("a path");
    assert_eq!(path, format!("/opportunities/{ID}/parked"));
    id.to_owned()
}

fn outcome(body: &Value) -> &str {
    body["outcome"].as_str().unwrap_or_default()
}

fn problem(answer: &Response) -> (u64, &str) {
    let name = answer.body["type"].as_str().unwrap_or_default();
    (answer.status, name.rsplit('/').next().unwrap_or_default())
}

/// How each ended: the patch and its outcome.
fn ends(events: &[Value]) -> Vec<(&str, &str)> {
    events
        .iter()
        .map(|event| (event["id"].as_str().unwrap(), outcome(&event["data"])))
        .collect()
}

fn is_valid(event: &Value) {
    let schema = include_str!("../../shared/model/schema/patch-event.schema.json");
    jsonschema::validate(&schema.parse().unwrap(), event).unwrap();
}

/// One answer of each problem that there is with parked patches alone.
pub(crate) async fn problems() -> Vec<Response> {
    let ground = in_review(&[OPEN]).await;
    let path = format!("/opportunities/{ID}/parked/1772600767250-0123456789abcdef");
    vec![ground.get(&path).await]
}

#[tokio::test]
async fn a_patch_that_a_review_closes_waits_and_arrives_when_the_review_is_over() {
    let ground = in_review(&[OPEN]).await;
    let answer = ground.park(&steps("Call them")).await;
    let id = id_of(&answer);
    assert_eq!(answer.headers["preference-applied"], "respond-async");
    let change = json!({"pointer": "/LifeCycle/NextSteps", "before": "Wait", "after": "Call them"});
    let mut told = change.clone();
    told["source"] = json!("patch");
    assert_eq!(answer.body["changes"], json!([told]));
    assert_eq!(ground.writes(), 0);

    let shown = ground
        .get(&format!("/opportunities/{ID}/parked/{id}"))
        .await;
    assert_eq!(outcome(&shown.body), "parked");
    assert_eq!(shown.body["reviewStatus"], "In review");
    assert_eq!(shown.body["changes"], json!([change]));
    assert_eq!(ground.waiting().await, [id.as_str()]);

    let event = ground.event().await;
    assert_eq!(event["data"].get("parked"), None, "the review goes on");
    ground.review("Approved");
    let event = ground.event().await;
    assert_eq!(event["data"]["parked"], json!([id]));
    let ended = ground.woken(event).await;
    assert_eq!(ends(&ended), [(id.as_str(), "applied")]);
    let ended = &ended[0];
    assert_eq!(ended["type"], "opportunity-bridge.patch.applied");
    assert_eq!(ended["subject"], ID);
    assert_eq!(ended["data"]["answer"]["outcome"], "updated");
    assert_eq!(ended["data"]["changes"], json!([change]));
    assert_eq!(ground.at("/LifeCycle/NextSteps"), "Call them");
    assert_eq!(ground.writes(), 1);

    let echo = ground.event().await;
    assert_eq!(echo["data"]["origin"]["actor"], "bridge");
    assert_eq!(
        echo["data"]["origin"]["requestId"],
        ended["data"]["requestId"]
    );
    assert_eq!(echo["data"].get("parked"), None);
    assert_eq!(ground.waiting().await, Vec::<String>::new());
    let shown = ground
        .get(&format!("/opportunities/{ID}/parked/{id}"))
        .await;
    assert_eq!(shown.body, ended["data"]);
}

#[tokio::test]
async fn that_a_patch_waits_is_told_whatever_answer_a_write_would_have_had() {
    for preference in ["return=minimal", "return=representation"] {
        let ground = in_review(&[OPEN]).await;
        let request = may_wait(&steps("Call them"));
        let answer = ground
            .patch
            .send(&request.header("prefer", &format!("respond-async, {preference}")))
            .await;
        id_of(&answer);
        assert_eq!(answer.headers["preference-applied"], "respond-async");
        assert_eq!(answer.body["changes"][0]["after"], "Call them");
    }
}

#[tokio::test]
async fn those_that_wait_are_carried_out_in_their_order_also_on_the_same_field() {
    let ground = in_review(&[OPEN]).await;
    let mut ids = Vec::new();
    for text in ["One", "Two", "Three"] {
        ids.push(ground.parked(&steps(text)).await);
    }
    assert_eq!(ground.waiting().await, ids);
    ground.review("Approved");
    let ended = ground.ended().await;
    let expected: Vec<_> = ids.iter().map(|id| (id.as_str(), "applied")).collect();
    assert_eq!(ends(&ended), expected);
    assert_eq!(ended[0]["data"]["parked"], json!(ids[1..]));
    assert_eq!(ground.at("/LifeCycle/NextSteps"), "Three");
    assert_eq!(ground.writes(), 3);
}

#[tokio::test]
async fn what_somebody_has_changed_since_is_not_overwritten_and_the_field_is_named() {
    let ground = in_review(&[OPEN]).await;
    let both = json!({
        "LifeCycle": {"NextSteps": "Call them"},
        "Project": {"AdditionalComments": "Urgent"},
    });
    let overtaken = ground.parked(&both).await;
    let other = ground
        .parked(&json!({"Project": {"OtherSolutionDescription": "Ours"}}))
        .await;
    ground.emulator.edit(ID, |document| {
        document["LifeCycle"]["ReviewStatus"] = json!("Approved");
        document["LifeCycle"]["NextSteps"] = json!("Somebody else's");
    });
    let comments = ground.at("/Project/AdditionalComments");
    let ended = ground.ended().await;
    assert_eq!(
        ends(&ended),
        [
            (overtaken.as_str(), "overtaken"),
            (other.as_str(), "applied")
        ]
    );
    let errors = ended[0]["data"]["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0]["pointer"], "/LifeCycle/NextSteps");
    assert_eq!(errors[0]["code"], "overtaken");
    assert_eq!(ground.at("/LifeCycle/NextSteps"), "Somebody else's");
    assert_eq!(ground.at("/Project/AdditionalComments"), comments);
}

#[tokio::test]
async fn a_value_that_the_patch_found_as_it_wants_it_is_not_set_back() {
    let ground = in_review(&[OPEN]).await;
    let stage = ground.at("/LifeCycle/Stage");
    let patch = json!({"LifeCycle": {"NextSteps": "Call them", "Stage": stage}});
    let id = ground.parked(&patch).await;
    ground.emulator.edit(ID, |document| {
        document["LifeCycle"]["ReviewStatus"] = json!("Approved");
        document["LifeCycle"]["Stage"] = json!("Committed");
    });
    let ended = ground.ended().await;
    assert_eq!(ends(&ended), [(id.as_str(), "overtaken")]);
    assert_eq!(ended[0]["data"]["errors"][0]["pointer"], "/LifeCycle/Stage");
    assert_eq!(ground.at("/LifeCycle/Stage"), "Committed");
}

#[tokio::test]
async fn what_is_there_already_is_applied_without_a_write() {
    let ground = in_review(&[OPEN]).await;
    let id = ground.parked(&steps("Call them")).await;
    ground.emulator.edit(ID, |document| {
        document["LifeCycle"]["ReviewStatus"] = json!("Approved");
        document["LifeCycle"]["NextSteps"] = json!("Call them");
    });
    let ended = ground.ended().await;
    assert_eq!(ends(&ended), [(id.as_str(), "applied")]);
    assert_eq!(ended[0]["data"]["answer"]["outcome"], "unchanged");
    assert_eq!(ground.writes(), 0);
}

#[tokio::test]
async fn what_aws_refuses_ends_with_its_problem_and_what_passes_is_tried_again() {
    let ground = in_review(&[OPEN]).await;
    let id = ground.parked(&steps("Call them")).await;
    ground.review("Approved");
    let event = ground.event().await;
    ground
        .emulator
        .inject("GetOpportunity", 10, Fault::Throttling);
    ground
        .patch
        .invoke(event.clone())
        .await
        .expect_err("throttled");
    ground.emulator.clear_faults();
    // The operator finds the reason.
    ground
        .emulator
        .inject("GetOpportunity", 1, Fault::AccessDenied);
    let error = ground.patch.invoke(event.clone()).await;
    let message = error.expect_err("no access").message;
    let expected =
        format!("the parked patch `{id}` could not be carried out: AWS denied the call: ");
    assert!(message.starts_with(&expected), "{message}");
    for outcome in ["throttled", "access-denied"] {
        let outcome = format!("outcome=\"{outcome}\"");
        let line = [
            "ERROR",
            "not woken",
            &format!("opportunity.id=\"{ID}\""),
            &outcome,
        ];
        ground.patch.log_with(&line).await;
    }
    assert_eq!(ground.waiting().await, [id.as_str()]);
    // Others write before each of its writes, and never what it changes.
    let others = Fault::ConcurrentEdit(|document| {
        document["Project"]["AdditionalComments"] = json!("Somebody else's");
    });
    ground.emulator.inject("UpdateOpportunity", 99, others);
    let error = ground.patch.invoke(event.clone()).await.unwrap_err();
    assert_eq!(
        error.message,
        format!(
            "the parked patch `{id}` could not be carried out: the opportunity was changed since it was read"
        )
    );
    ground.emulator.clear_faults();
    assert_eq!(ground.waiting().await, [id.as_str()]);
    ground
        .emulator
        .inject("UpdateOpportunity", 1, Fault::NotFound);
    let ended = ground.woken(event).await;
    assert_eq!(ends(&ended), [(id.as_str(), "refused")]);
    let problem = &ended[0]["data"]["problem"];
    assert_eq!(
        problem["type"],
        "urn:opportunity-bridge:problems/opportunity-not-found"
    );
    assert_eq!(ground.waiting().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_lenient_patch_is_carried_out_leniently_after_its_wait() {
    let ground = in_review(&[OPEN]).await;
    let unknown = json!({"LifeCycle": {"NextSteps": "Call"}, "Project": {"Tomorrow": "New"}});
    let prefer = "respond-async, handling=lenient, locked=skip";
    let request = Request::patch(ID, &unknown).header("prefer", prefer);
    let id = id_of(&ground.patch.send(&request).await);
    ground.review("Approved");
    let ended = ground.ended().await;
    assert_eq!(ends(&ended), [(id.as_str(), "applied")]);
    assert_eq!(ground.at("/Project/Tomorrow"), "New");
}

#[tokio::test]
async fn after_thirty_days_a_patch_expires_also_while_the_review_goes_on() {
    let ground = in_review(&[OPEN]).await;
    ground.parked(&steps("Call them")).await;
    let ids = ground.a_month_later().await;
    let event = ground.event().await;
    assert_eq!(event["data"]["parked"], json!(ids));
    let ended = ground.woken(event).await;
    assert_eq!(ends(&ended), [(ids[0].as_str(), "expired")]);
    ground.review("Approved");
    assert_eq!(ground.ended().await, Vec::<Value>::new());
    assert_eq!(ground.writes(), 0);
}

#[tokio::test]
async fn one_that_is_withdrawn_is_not_carried_out() {
    let ground = in_review(&[OPEN]).await;
    let withdrawn = ground.parked(&steps("One")).await;
    let stays = ground
        .parked(&json!({"Project": {"AdditionalComments": "Two"}}))
        .await;
    let path = format!("/opportunities/{ID}/parked/{withdrawn}");
    let answer = ground.patch.send(&Request::new("DELETE", &path)).await;
    assert_eq!(answer.status, 204);
    for method in ["GET", "DELETE"] {
        let answer = ground.patch.send(&Request::new(method, &path)).await;
        assert_eq!(problem(&answer), (404, "parked-patch-not-found"));
    }
    ground.review("Approved");
    let ended = ground.ended().await;
    assert_eq!(ends(&ended), [(stays.as_str(), "applied")]);
    assert_eq!(ground.at("/LifeCycle/NextSteps"), "Wait");
    let path = format!("/opportunities/{ID}/parked/{stays}");
    let answer = ground.patch.send(&Request::new("DELETE", &path)).await;
    assert_eq!(problem(&answer), (404, "parked-patch-not-found"));
}

#[tokio::test]
async fn one_that_is_being_carried_out_is_not_carried_out_again_and_cannot_be_withdrawn() {
    let ground = in_review(&[OPEN]).await;
    let id = ground.parked(&steps("One")).await;
    ground.review("Approved");
    let event = ground.event().await;
    let other = ground.another_patch().await;
    let slow = Fault::Delay(std::time::Duration::from_secs(1));
    ground.emulator.inject("UpdateOpportunity", 1, slow);
    let withdrawn = async {
        while ground.writes() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let again = other.invoke(event.clone()).await;
        assert_eq!(again, Ok(Value::Null));
        let path = format!("/opportunities/{ID}/parked/{id}");
        other.send(&Request::new("DELETE", &path)).await
    };
    let (ended, withdrawn) = tokio::join!(ground.woken(event.clone()), withdrawn);
    assert_eq!(problem(&withdrawn), (409, "request-running"));
    assert_eq!(ends(&ended), [(id.as_str(), "applied")]);
}

#[tokio::test]
async fn a_withdrawal_that_died_halfway_is_finished_by_whoever_comes_next() {
    let ground = in_review(&[OPEN]).await;
    let id = ground.parked(&steps("One")).await;
    let path = format!("/opportunities/{ID}/parked/{id}");
    // It says that nobody may carry the patch out, and does not come to delete it.
    ground
        .table
        .cut(&[None, None, Some(Cut::Before), Some(Cut::Before)]);
    let answer = ground.patch.send(&Request::new("DELETE", &path)).await;
    assert_eq!(problem(&answer), (503, "memory-unavailable"));
    ground.review("Approved");
    assert_eq!(ground.ended().await, Vec::<Value>::new());
    assert_eq!(ground.waiting().await, Vec::<String>::new());
    assert_eq!(ground.writes(), 0);
}

#[tokio::test]
async fn one_that_is_parked_while_others_are_carried_out_is_not_lost() {
    let ground = in_review(&[OPEN]).await;
    let first = ground.parked(&steps("One")).await;
    ground.review("Approved");
    let event = ground.event().await;
    ground.review("In review");
    let second = ground
        .parked(&json!({"Project": {"AdditionalComments": "Two"}}))
        .await;
    // The review has begun again, so both wait.
    assert_eq!(ground.woken(event.clone()).await, Vec::<Value>::new());
    assert_eq!(ground.waiting().await, [first.clone(), second.clone()]);
    ground.review("Approved");
    let ended = ground.woken(event).await;
    assert_eq!(ends(&ended), [(first.as_str(), "applied")]);
    let ended = ground.ended().await;
    assert_eq!(ends(&ended), [(second.as_str(), "applied")]);
}

#[tokio::test]
async fn a_patch_that_meets_one_that_waits_on_keeps_its_place() {
    let ground = in_review(&[OPEN]).await;
    let title = ground
        .parked(&json!({"Project": {"Title": "New"}, "PartnerOpportunityIdentifier": "deal-1"}))
        .await;
    let second = ground
        .parked(&json!({"PartnerOpportunityIdentifier": "deal-2"}))
        .await;
    let free = ground
        .parked(&json!({"LifeCycle": {"TargetCloseDate": "2030-01-31"}}))
        .await;
    // It closes the title, and leaves the identifier and the date open.
    ground.review("Action Required");
    let ended = ground.ended().await;
    assert_eq!(ends(&ended), [(free.as_str(), "applied")]);
    assert_eq!(ground.waiting().await, [title.clone(), second.clone()]);
    ground.review("Pending Submission");
    let ended = ground.ended().await;
    assert_eq!(
        ends(&ended),
        [(title.as_str(), "applied"), (second.as_str(), "applied")]
    );
    assert_eq!(ground.at("/PartnerOpportunityIdentifier"), "deal-2");
}

#[tokio::test]
async fn what_the_end_of_a_review_closes_for_good_is_refused_and_does_not_wait() {
    for (status, patch) in [
        ("Approved", json!({"Project": {"Title": "New"}})),
        ("Rejected", steps("Call them")),
    ] {
        let ground = in_review(&[OPEN]).await;
        let id = ground.parked(&patch).await;
        ground.review(status);
        let ended = ground.ended().await;
        assert_eq!(ends(&ended), [(id.as_str(), "refused")], "{status}");
        let problem = &ended[0]["data"]["problem"];
        assert_eq!(problem["errors"][0]["code"], "locked", "{problem}");
        assert_eq!(ground.waiting().await, Vec::<String>::new());

        let answer = ground.park(&patch).await;
        assert_eq!(answer.status, 409, "{status}: {answer:?}");
        assert_eq!(answer.body["errors"], problem["errors"]);
        assert_eq!(ground.waiting().await, Vec::<String>::new());
        assert_eq!(ground.writes(), 0);
    }
}

#[tokio::test]
async fn the_last_word_of_a_sender_counts_also_where_it_changes_nothing_yet() {
    let ground = in_review(&[OPEN]).await;
    let first = ground.parked(&steps("Call")).await;
    // It is what the opportunity has, until the first one is carried out.
    let answer = ground.park(&steps("Wait")).await;
    let second = id_of(&answer);
    assert_eq!(
        answer.body["changes"],
        json!([{"pointer": "/LifeCycle/NextSteps", "before": "Call", "after": "Wait", "source": "patch"}])
    );
    let unrelated = ground
        .park(&json!({"Project": {"Title": ground.at("/Project/Title")}}))
        .await;
    assert_eq!(outcome(&unrelated.body), "unchanged");
    ground.review("Approved");
    let ended = ground.ended().await;
    assert_eq!(
        ends(&ended),
        [(first.as_str(), "applied"), (second.as_str(), "applied")]
    );
    assert_eq!(ground.at("/LifeCycle/NextSteps"), "Wait");
}

#[tokio::test]
async fn a_patch_keeps_its_place_behind_one_whose_change_it_takes_back() {
    let ground = in_review(&[OPEN]).await;
    let first = ground.parked(&steps("Call")).await;
    let back = json!({"LifeCycle": {"NextSteps": "Wait", "TargetCloseDate": "2030-01-31"}});
    let second = ground.parked(&back).await;
    // It leaves the date open, and few other fields.
    ground.review("Action Required");
    assert_eq!(ground.ended().await, Vec::<Value>::new());
    ground.review("Approved");
    let ended = ground.ended().await;
    assert_eq!(
        ends(&ended),
        [(first.as_str(), "applied"), (second.as_str(), "applied")]
    );
    assert_eq!(ground.at("/LifeCycle/NextSteps"), "Wait");
    assert_eq!(ground.at("/LifeCycle/TargetCloseDate"), "2030-01-31");
}

#[tokio::test]
async fn a_whole_document_with_one_field_edited_can_wait() {
    for (is_edited, end) in [(false, "applied"), (true, "overtaken")] {
        let ground = in_review(&[OPEN]).await;
        let mut document = ground.get(&format!("/opportunities/{ID}")).await.body;
        document["LifeCycle"]["NextSteps"] = json!("Call");
        let id = ground.parked(&document).await;
        // AWS keeps its side of the review itself.
        ground.review("Approved");
        if is_edited {
            ground.emulator.edit(ID, |document| {
                document["Project"]["AdditionalComments"] = json!("Theirs");
            });
        }
        let ended = ground.ended().await;
        assert_eq!(ends(&ended), [(id.as_str(), end)], "{ended:?}");
        let steps = if is_edited { "Wait" } else { "Call" };
        assert_eq!(ground.at("/LifeCycle/NextSteps"), steps);
        if is_edited {
            let overtaken = &ended[0]["data"]["errors"];
            assert_eq!(overtaken[0]["pointer"], "/Project/AdditionalComments");
        }
    }
}

#[tokio::test]
async fn a_patch_that_skips_what_is_locked_does_so_after_its_wait_too() {
    let ground = in_review(&[OPEN]).await;
    let both = json!({"Project": {"Title": "New"}, "LifeCycle": {"NextSteps": "Call"}});
    let both = Request::patch(ID, &both).header("prefer", "respond-async, locked=skip");
    let id = id_of(&ground.patch.send(&both).await);
    ground.review("Approved");
    let ended = ground.ended().await;
    assert_eq!(ends(&ended), [(id.as_str(), "applied")], "{ended:?}");
    let answer = &ended[0]["data"]["answer"];
    assert_eq!(outcome(answer), "updated-in-part");
    assert_eq!(answer["skipped"][0]["pointer"], "/Project/Title");
    assert_eq!(ground.at("/LifeCycle/NextSteps"), "Call");
}

#[tokio::test]
async fn a_key_that_is_forgotten_stands_for_a_new_request() {
    let ground = in_review(&[OPEN]).await;
    let request = may_wait(&steps("Call")).header("idempotency-key", "k-1");
    let first = id_of(&ground.patch.send(&request).await);
    ground.review("Approved");
    assert_eq!(ends(&ground.ended().await), [(first.as_str(), "applied")]);
    // A day passes for the key, and for how its patch ended.
    for mut item in ground.table.items().await {
        if item["pk"]["S"].as_str().unwrap().starts_with("request#") {
            item["expires"] = json!({"N": "1"});
        } else if let Some(at) = item["at"]["N"].as_str() {
            let at: u64 = at.parse::<u64>().unwrap() - 25 * 3600 * 1000;
            item["at"] = json!({"N": at.to_string()});
        }
        ground.table.put(&item).await;
    }
    ground.emulator.edit(ID, |document| {
        document["LifeCycle"]["NextSteps"] = json!("Theirs");
        document["LifeCycle"]["ReviewStatus"] = json!("In review");
    });
    let second = id_of(&ground.patch.send(&request).await);
    assert_ne!(second, first);
    assert_eq!(ground.waiting().await, [second.as_str()]);
    ground.review("Approved");
    assert_eq!(ends(&ground.ended().await), [(second.as_str(), "applied")]);
    assert_eq!(ground.at("/LifeCycle/NextSteps"), "Call");
}

#[tokio::test]
async fn a_crash_between_any_two_steps_carries_nothing_out_twice_and_tells_the_end() {
    for step in 0..8 {
        for cut in [Cut::Before, Cut::After] {
            let ground = in_review(&[OPEN]).await;
            let id = ground.parked(&steps("Call them")).await;
            ground.review("Approved");
            let event = ground.event().await;
            let mut cuts = vec![None; step];
            cuts.extend([Some(cut), Some(cut)]);
            ground.table.cut(&cuts);
            let first = ground.patch.invoke(event.clone()).await;
            ground.table.mend();
            ground.pass_leases().await;
            let told = match first {
                Ok(told) if !told.is_null() => told,
                _ => ground.patch.invoke(event.clone()).await.expect("no error"),
            };
            assert_eq!(
                ends(std::slice::from_ref(&told)),
                [(id.as_str(), "applied")],
                "{step} {cut:?}"
            );
            // Lambda may bring the same event again.
            let again = ground.patch.invoke(event).await.expect("no error");
            assert_eq!(again["data"], told["data"], "{step} {cut:?}");
            assert_eq!(ground.writes(), 1, "{step} {cut:?}");
            assert_eq!(ground.waiting().await, Vec::<String>::new());
            assert_eq!(ground.event().await["data"].get("parked"), None);
        }
    }
}

#[tokio::test]
async fn a_write_whose_function_died_is_not_carried_out_again() {
    let ground = in_review(&[OPEN]).await;
    let id = ground.parked(&steps("Call them")).await;
    ground.review("Approved");
    let event = ground.event().await;
    // The write lands; its answer, and all that would be noted of it, is lost.
    ground
        .emulator
        .inject("UpdateOpportunity", 1, Fault::AnswerLost);
    ground
        .emulator
        .inject("GetOpportunity", 0, Fault::Throttling);
    ground.table.cut(&[
        None,
        None,
        Some(Cut::Before),
        Some(Cut::Before),
        Some(Cut::Before),
        Some(Cut::Before),
    ]);
    let _died = ground.patch.invoke(event.clone()).await;
    ground.table.mend();
    ground.pass_leases().await;
    ground.emulator.edit(ID, |document| {
        document["Project"]["AdditionalComments"] = json!("Somebody else's");
    });
    let told = ground.patch.invoke(event).await.expect("no error");
    assert_eq!(ends(&[told]), [(id.as_str(), "applied")]);
    assert_eq!(ground.at("/LifeCycle/NextSteps"), "Call them");
}

#[tokio::test]
async fn a_request_with_a_key_is_parked_once_and_answered_the_same() {
    let ground = in_review(&[OPEN]).await;
    let keyed = may_wait(&steps("Call them")).header("idempotency-key", "k-1");
    let first = ground.patch.send(&keyed).await;
    let id = id_of(&first);
    let again = ground.patch.send(&keyed).await;
    assert_eq!((id_of(&again), &again.body), (id.clone(), &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other = may_wait(&steps("Other")).header("idempotency-key", "k-1");
    assert_eq!(
        problem(&ground.patch.send(&other).await),
        (422, "key-reused")
    );
    assert_eq!(ground.waiting().await, [id]);
}

#[tokio::test]
async fn a_request_whose_function_died_after_it_was_parked_is_not_parked_or_written_again() {
    for (is_over, calls) in [(false, 5), (true, 4), (true, 5)] {
        let ground = in_review(&[OPEN]).await;
        let keyed = may_wait(&steps("Call them")).header("idempotency-key", "k-1");
        // The patch is parked; that it was is not noted under its key, nor perhaps in the opportunity's item.
        let mut cuts = vec![None; calls];
        cuts.extend([Some(Cut::Before); 4]);
        ground.table.cut(&cuts);
        let id = id_of(&ground.patch.send(&keyed).await);
        ground.table.mend();
        if is_over {
            ground.review("Approved");
        }
        let again = ground.patch.send(&keyed).await;
        assert_eq!(id_of(&again), id);
        let change = &again.body["changes"][0];
        assert_eq!(change["pointer"], "/LifeCycle/NextSteps");
        assert_eq!(change["after"], "Call them");
        assert_eq!(ground.waiting().await, [id]);
        assert_eq!(ground.writes(), 0);
    }
}

#[tokio::test]
async fn only_merge_patches_wait_and_only_for_a_review() {
    let ground = in_review(&[OPEN]).await;
    let operations = json!([{"op": "replace", "path": "/LifeCycle/NextSteps", "value": "x"}]);
    let operations = Request::new("PATCH", &format!("/opportunities/{ID}"))
        .header("content-type", "application/json-patch+json")
        .header("prefer", "respond-async")
        .body(&operations.to_string());
    let refused = ground.patch.send(&operations).await;
    assert_eq!(problem(&refused), (409, "opportunity-locked"));
    let refused = ground.patch.send(&Request::patch(ID, &steps("x"))).await;
    assert_eq!(problem(&refused), (409, "opportunity-locked"));
    let invalid = json!({"LifeCycle": {"NextSteps": "x".repeat(300)}});
    let refused = ground.park(&invalid).await;
    assert_eq!(problem(&refused), (422, "invalid-patch"));
    let told = ground
        .patch
        .send(&may_wait(&steps("x")).query("dry_run=true"))
        .await;
    assert_eq!(outcome(&told.body), "dry-run");
    ground.review("Approved");
    let written = ground.park(&steps("x")).await;
    assert_eq!((written.status, outcome(&written.body)), (200, "updated"));
    assert_eq!(written.headers.get("preference-applied"), None);
    assert_eq!(ground.waiting().await, Vec::<String>::new());
}

#[tokio::test]
async fn where_the_memory_does_not_answer_or_there_is_none_the_patch_is_refused_as_ever() {
    let ground = in_review(&[OPEN]).await;
    for step in 0..2 {
        let mut cuts = vec![None; step];
        cuts.extend([Some(Cut::Before); 4]);
        ground.table.cut(&cuts);
        let refused = ground.park(&steps("x")).await;
        assert_eq!(problem(&refused), (409, "opportunity-locked"), "{step}");
        ground.table.mend();
    }
    // It was parked, and nobody heard of it: what is refused must not happen later.
    ground
        .table
        .cut(&[None, Some(Cut::After), Some(Cut::After)]);
    let refused = ground.park(&steps("x")).await;
    assert_eq!(problem(&refused), (409, "opportunity-locked"));
    assert_eq!(ground.waiting().await, Vec::<String>::new());
    let emulator = Emulator::start().await;
    let mut document = documents::sample();
    document["LifeCycle"]["ReviewStatus"] = json!("In review");
    emulator.seed(document);
    let function = Function::start_without_memory("patch-opportunity", &emulator, &VARIABLES).await;
    let refused = function.send(&may_wait(&steps("x"))).await;
    assert_eq!(problem(&refused), (409, "opportunity-locked"));
    for (method, path) in [
        ("GET", ""),
        ("GET", "/1772600767250-0123456789abcdef"),
        ("DELETE", "/x"),
    ] {
        let path = format!("/opportunities/{ID}/parked{path}");
        let answer = function.send(&Request::new(method, &path)).await;
        assert_eq!(problem(&answer), (404, "route-not-found"));
    }
}

#[tokio::test]
async fn the_body_of_a_signed_withdrawal_names_the_patch() {
    let ground = in_review(&[
        ("WEBHOOK_AUTH", "standard-webhooks"),
        ("WEBHOOK_SECRETS", SECRET),
    ])
    .await;
    let signed = |request: Request, body: &str| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = i64::try_from(now.unwrap().as_secs()).unwrap();
        let id = format!("msg_{:x}", fastrand::u64(..));
        let signature = Webhook::new(SECRET)
            .unwrap()
            .sign(&id, now, body.as_bytes());
        request
            .body(body)
            .header("webhook-id", &id)
            .header("webhook-timestamp", &now.to_string())
            .header("webhook-signature", &signature.unwrap())
    };
    let parked = signed(may_wait(&steps("x")), &steps("x").to_string());
    let id = id_of(&ground.patch.send(&parked).await);
    let path = format!("/opportunities/{ID}/parked/{id}");
    for body in [String::new(), json!({"withdraw": "another"}).to_string()] {
        let answer = ground
            .patch
            .send(&signed(Request::new("DELETE", &path), &body))
            .await;
        assert_eq!(problem(&answer), (400, "malformed-request"), "{body}");
    }
    let unsigned = ground.patch.send(&Request::new("DELETE", &path)).await;
    assert_eq!(problem(&unsigned), (401, "unauthorized"));
    let body = json!({"withdraw": id}).to_string();
    let answer = ground
        .patch
        .send(&signed(Request::new("DELETE", &path), &body))
        .await;
    assert_eq!(answer.status, 204);
}

#[tokio::test]
async fn an_event_of_another_catalog_or_of_nothing_wakes_nothing() {
    let ground = in_review(&[OPEN]).await;
    let id = ground.parked(&steps("x")).await;
    ground.review("Approved");
    let event = ground.event().await;
    for (name, value) in [
        ("source", "arn:aws:partnercentral:us-east-1::catalog/AWS"),
        ("subject", "x"),
    ] {
        let mut other = event.clone();
        other[name] = json!(value);
        ground.patch.invoke(other).await.expect_err("a refusal");
    }
    let mut unknown = event.clone();
    unknown["data"]["parked"] = json!(["1772600767250-0123456789abcdef", "x"]);
    assert_eq!(ground.patch.invoke(unknown).await, Ok(Value::Null));
    ground
        .patch
        .invoke(json!({"nothing": 1}))
        .await
        .expect_err("a refusal");
    assert_eq!(ground.waiting().await, [id]);
    assert_eq!(ground.writes(), 0);
}

#[tokio::test]
async fn what_was_parked_by_a_function_that_died_just_then_is_found_by_a_sweep() {
    let ground = in_review(&[OPEN]).await;
    ground.event().await;
    // It is not named in the opportunity's own item.
    ground
        .table
        .cut(&[None, None, Some(Cut::Before), Some(Cut::Before)]);
    let id = ground.parked(&steps("Call them")).await;
    assert_eq!(ground.waiting().await, [id.as_str()]);
    ground.review("Approved");
    assert_eq!(ground.event().await["data"].get("parked"), None);
    let swept = ground.swept().await;
    assert_eq!(swept["handedOn"], 1, "{swept}");
    let ended = ground.ended().await;
    assert_eq!(ends(&ended), [(id.as_str(), "applied")]);
}

#[tokio::test]
async fn a_sweep_wakes_what_no_event_has_woken_and_leaves_what_is_still_in_review() {
    let ground = in_review(&[OPEN]).await;
    let id = ground.parked(&steps("Call them")).await;
    ground.event().await;
    let swept = ground.swept().await;
    assert_eq!(swept["handedOn"], 0, "it is in review: {swept}");
    ground.review("Approved");
    // The event of that came, and what it should have woken failed each time.
    ground.event().await;
    let swept = ground.swept().await;
    assert_eq!(swept["handedOn"], 1, "{swept}");
    let handed_on = ground.emulator.invocations().pop().expect("an invocation");
    let event = ground
        .enrich
        .invoke(handed_on.json())
        .await
        .expect("no error");
    let ended = ground.woken(event).await;
    assert_eq!(ends(&ended), [(id.as_str(), "applied")]);
    ground.event().await;
    let swept = ground.swept().await;
    assert_eq!(swept["handedOn"], 0, "{swept}");
}

//! Tests CloudEvents: content, id, sequence, and what is left out when one is too large.

use serde_json::json;

use super::*;
use crate::identifier::Catalog;

const OPPORTUNITY: &str = r#"{"Id":"O7","Arn":"arn:aws:partnercentral:us-east-1:111122223333:catalog/Sandbox/opportunity/O7","Catalog":"Sandbox","LastModifiedDate":"2026-03-04T05:06:07.25Z","Tomorrow":1.10,"Null":null,"P":{"a":1,"b":[1,2]}}"#;
const MODIFIED: &str = "2026-03-04T05:06:07.25Z";
const STARTED: &str = "2026-03-04T05:06:09.000001Z";
const SUMMARY: &str = r#"{"RelatedOpportunityId":"O7","Insights":{"EngagementScore":"High"}}"#;

/// The catalog that the opportunities are read from.
fn catalog() -> Catalog {
    Catalog::parse("Sandbox").unwrap()
}

fn event() -> OpportunityEvent {
    OpportunityEvent::parse(
        &include_str!("../../../../events/opportunity-updated.json")
            .parse()
            .unwrap(),
    )
    .unwrap()
}

fn object(text: &str) -> Object {
    serde_json::from_str(text).unwrap()
}

fn cloud_event(opportunity: &str, summary: Option<Result<Object, Problem>>) -> Value {
    valid(&made(opportunity, summary))
}

fn made(opportunity: &str, summary: Option<Result<Object, Problem>>) -> CloudEvent {
    let opportunity = Opportunity::parse(opportunity.as_bytes(), &catalog()).unwrap();
    let traceparent = "00-5e1b41515ac6c58f3e9d3b4d12345678-53995c3f42cd8ad8-01".to_owned();
    CloudEvent::new(
        &event(),
        opportunity,
        summary,
        instant(STARTED),
        Some(traceparent),
    )
}

fn valid(cloud_event: &CloudEvent) -> Value {
    let cloud_event = serde_json::to_value(cloud_event).unwrap();
    let schema = include_str!("../../schema/opportunity-event.schema.json")
        .parse()
        .unwrap();
    assert_eq!(
        jsonschema::validate(&schema, &cloud_event).map_err(|error| error.to_string()),
        Ok(())
    );
    cloud_event
}

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn unread(code: ProblemCode) -> Problem {
    Problem::without_summary(code, "AWS did not give it", &event())
}

#[test]
fn a_cloud_event_carries_the_opportunity_and_the_summary_whole() {
    let mut event = cloud_event(OPPORTUNITY, Some(Ok(object(SUMMARY))));
    let id = event.as_object_mut().unwrap().remove("id").unwrap();
    assert_eq!(id.as_str().unwrap().len(), 64);
    assert_eq!(
        event,
        json!({
            "specversion": "1.0",
            "source": "arn:aws:partnercentral:us-east-1:111122223333:catalog/Sandbox",
            "type": "aws.partnercentral.opportunity.updated",
            "subject": "O7654321",
            "sequence": "001772600767250-001772600769000001",
            "time": "2026-03-04T05:06:08Z",
            "datacontenttype": "application/json",
            "dataschema": "urn:opportunity-bridge:schemas/opportunity-event/1#/$defs/Data",
            "eventid": "7d1e9a60-5f4b-4c8d-8e72-1a2b3c4d5e6f",
            "traceparent": "00-5e1b41515ac6c58f3e9d3b4d12345678-53995c3f42cd8ad8-01",
            "data": {"opportunity": object(OPPORTUNITY), "awsSummary": object(SUMMARY)},
        })
    );
}

#[test]
fn an_event_without_the_summary_says_why_and_how_to_fetch_it() {
    let problem =
        Problem::without_summary(ProblemCode::Throttled, "AWS throttled the call", &event());
    assert_eq!(
        cloud_event(OPPORTUNITY, Some(Err(problem)))["data"],
        json!({
            "opportunity": object(OPPORTUNITY),
            "problems": [{
                "pointer": "/awsSummary",
                "code": "throttled",
                "detail": "AWS throttled the call; `GET /opportunities/O7654321/aws-summary` on the function URL fetches it",
            }],
        })
    );
    assert_eq!(
        cloud_event(OPPORTUNITY, None)["data"],
        json!({"opportunity": object(OPPORTUNITY)})
    );
}

/// `sequence` of a read that began at `started` and found this `LastModifiedDate`.
fn sequence_of(last_modified_date: &str, started: &str) -> String {
    let document = json!({"Id": "O7", "Catalog": "AWS", "LastModifiedDate": last_modified_date});
    let opportunity = Opportunity::parse(document.to_string().as_bytes(), &catalog()).unwrap();
    sequence(&opportunity, instant(started)).0
}

#[test]
fn a_sequence_orders_by_last_modified_date_and_then_by_when_the_reads_started() {
    let ascending = [
        ("1969-12-31T23:59:59Z", "2026-03-04T05:06:08Z"),
        ("2026-03-04T05:06:08Z", "2026-03-04T05:06:09Z"),
        ("2026-03-04T05:06:08.000Z", "2026-03-04T05:06:09.000001Z"),
        ("2026-03-04T06:06:08+01:00", "2026-03-04T05:06:10Z"),
        ("2026-03-04T05:06:08.001Z", "2026-03-04T05:06:07Z"),
        ("2026-03-04T05:06:08.01Z", "2026-03-04T05:06:07Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ]
    .map(|(modified, started)| sequence_of(modified, started));
    assert!(
        ascending.is_sorted_by(|one, next| one < next),
        "{ascending:#?}"
    );
    assert!(
        ascending.iter().all(|sequence| sequence.len() == 34),
        "{ascending:#?}"
    );
}

#[test]
fn an_event_with_an_unreadable_last_modified_date_counts_as_the_newest_and_reports_it() {
    let opportunity = OPPORTUNITY.replace("2026-03-04T05:06:07.25Z", "04/03/2026");
    let event = cloud_event(&opportunity, None);
    assert_eq!(event["sequence"], "001772600769000-001772600769000001");
    assert!(event["sequence"].as_str().unwrap() > sequence_of(MODIFIED, STARTED).as_str());
    assert_eq!(
        event["data"]["problems"],
        json!([{
            "pointer": "/opportunity/LastModifiedDate",
            "code": "malformed",
            "detail": "`04/03/2026` is not a date, expected RFC 3339 such as `2026-01-02T03:04:05.678Z`; `sequence` has the instant of the read in its place",
        }])
    );
}

fn id(
    event: &OpportunityEvent,
    opportunity: &str,
    summary: Option<Result<Object, Problem>>,
    started: &str,
) -> String {
    let opportunity = Opportunity::parse(opportunity.as_bytes(), &catalog()).unwrap();
    CloudEvent::new(event, opportunity, summary, instant(started), None).id
}

#[test]
fn equal_content_has_equal_ids_and_different_content_has_different_ids() {
    let id = |event: OpportunityEvent, opportunity: &str, summary: &str| {
        id(&event, opportunity, Some(Ok(object(summary))), STARTED)
    };
    let first = id(event(), OPPORTUNITY, SUMMARY);

    let twin = OpportunityEvent {
        id: Some("another".to_owned()),
        time: None,
        ..event()
    };
    let reordered = r#"{"Insights":{"EngagementScore":"High"},"RelatedOpportunityId":"O7"}"#;
    assert_eq!(id(twin, OPPORTUNITY, reordered), first);

    let created = OpportunityEvent {
        kind: EventKind::Created,
        ..event()
    };
    assert_ne!(id(created, OPPORTUNITY, SUMMARY), first);
    assert_ne!(
        id(event(), OPPORTUNITY, &SUMMARY.replace("High", "Low")),
        first
    );
    for (old, new) in [
        ("[1,2]", "[2,1]"),
        (MODIFIED, "2026-03-04T05:06:07.251Z"),
        (r#""a":1"#, r#""a":"1""#),
        ("1.10", "1.1"),
    ] {
        assert_ne!(id(event(), &OPPORTUNITY.replace(old, new), SUMMARY), first);
    }
}

#[test]
fn the_id_does_not_depend_on_when_or_why_the_content_was_read() {
    let swept =
        OpportunityEvent::of_sweep(event().catalog, event().identifier, std::time::UNIX_EPOCH);
    let summary = || Some(Ok(object(SUMMARY)));
    assert_eq!(
        id(&swept, OPPORTUNITY, summary(), "2026-03-05T00:00:00Z"),
        id(&event(), OPPORTUNITY, summary(), STARTED)
    );
}

#[test]
fn events_without_the_summary_share_an_id_only_if_aws_has_no_summary() {
    let later = "2026-03-04T05:06:10Z";
    let id = |summary, started| id(&event(), OPPORTUNITY, summary, started);
    let whole = id(Some(Ok(object(SUMMARY))), STARTED);
    let not_asked_for = id(None, STARTED);
    assert_ne!(whole, not_asked_for);
    assert_eq!(id(None, later), not_asked_for);

    for code in ProblemCode::ALL {
        let failed = id(Some(Err(unread(code))), STARTED);
        assert!(failed != whole && failed != not_asked_for, "{code:?}");
        // The summary may have changed between the two failures, unless AWS had none both times.
        let failed_again = id(Some(Err(unread(code))), later);
        assert_eq!(
            failed_again == failed,
            code == ProblemCode::NotFound,
            "{code:?}"
        );
        let failed_otherwise = ProblemCode::ALL.into_iter().filter(|other| *other != code);
        for other in failed_otherwise {
            assert_ne!(
                id(Some(Err(unread(other))), STARTED),
                failed,
                "{code:?} {other:?}"
            );
        }
    }
}

#[test]
fn the_accessors_return_what_the_event_holds() {
    let opportunity = || Opportunity::parse(OPPORTUNITY.as_bytes(), &catalog()).unwrap();
    let problem = unread(ProblemCode::Throttled);
    let summary = Some(Err(problem.clone()));
    let event = CloudEvent::new(&event(), opportunity(), summary, instant(STARTED), None);
    let written = serde_json::to_value(&event).unwrap();
    assert_eq!(
        [event.id(), event.sequence()],
        [&written["id"], &written["sequence"]]
    );
    assert_eq!(event.subject(), "O7654321");
    assert_eq!(event.time(), Some(instant("2026-03-04T05:06:08Z")));
    assert_eq!(event.problems(), [problem]);
    assert_eq!(event.without_summary(), Some(ProblemCode::Throttled));

    let timeless = OpportunityEvent {
        time: None,
        ..self::event()
    };
    let summary = Some(Ok(object(SUMMARY)));
    let event = CloudEvent::new(&timeless, opportunity(), summary, instant(STARTED), None);
    assert_eq!(event.time(), None);
    assert_eq!(event.problems(), []);
    assert_eq!(event.without_summary(), None);
}

#[test]
fn an_event_of_248_kib_stays_whole_and_one_byte_more_costs_it_the_summary() {
    let event = |comments: usize| {
        let summary = json!({"Comments": "x".repeat(comments)});
        cloud_event(OPPORTUNITY, Some(Ok(object(&summary.to_string()))))
    };
    let room = 248 * 1024 - event(0).to_string().len();
    assert_eq!(event(room).to_string().len(), 248 * 1024);
    assert_eq!(event(room + 1)["data"].get("awsSummary"), None);
    assert_eq!(
        event(room + 1)["data"]["problems"],
        json!([{
            "pointer": "/awsSummary",
            "code": "too-large",
            "detail": "left out, because the event would be larger than 253952 bytes; `GET /opportunities/O7654321/aws-summary` on the function URL fetches it",
        }])
    );
}

#[test]
fn an_event_too_large_for_event_bridge_leaves_out_one_part_after_the_other_and_says_so() {
    let large = |bytes: usize| "x".repeat(bytes);
    let opportunity = |comments: usize, history: usize| {
        let history = json!([{"Time": "2026-03-03T08:00:00.000Z", "Value": large(history)}]);
        json!({
            "Id": "O7", "Catalog": "Sandbox", "LastModifiedDate": MODIFIED,
            "LifeCycle": {"Stage": "Qualified", "NextStepsHistory": history}, "Comments": large(comments),
        })
    };
    let summary = |bytes| object(&json!({"Insights": large(bytes)}).to_string());
    let left_out = |event: &Value| -> Vec<String> {
        let problems = event["data"]["problems"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        problems
            .iter()
            .map(|problem| problem["pointer"].as_str().unwrap().to_owned())
            .collect()
    };
    for (comments, history, in_summary, expected) in [
        (1_000, 1_000, 1_000, &[][..]),
        (1_000, 1_000, 300_000, &["/awsSummary"]),
        (
            1_000,
            300_000,
            1_000,
            &["/awsSummary", "/opportunity/LifeCycle/NextStepsHistory"],
        ),
        (
            300_000,
            1_000,
            1_000,
            &[
                "/awsSummary",
                "/opportunity/LifeCycle/NextStepsHistory",
                "/opportunity",
            ],
        ),
    ] {
        let opportunity = opportunity(comments, history);
        let event = cloud_event(&opportunity.to_string(), Some(Ok(summary(in_summary))));
        assert_eq!(left_out(&event), expected);
        if let Some(history) = event["data"]["problems"].get(1) {
            assert_eq!(
                history["detail"],
                "left out, because the event would be larger than 253952 bytes; `GET /opportunities/O7654321` on the function URL fetches it"
            );
        }
        assert!(event.to_string().len() <= MAX_SIZE);
        assert_eq!(event["subject"], "O7654321");
        assert_eq!(
            event["data"]["opportunity"]["Comments"].is_null(),
            comments > 100_000
        );
    }
}

#[test]
fn an_event_with_a_memory_tells_changes_and_origin_and_has_an_id_for_its_sequence() {
    let other = OPPORTUNITY
        .replace("\"a\":1", "\"a\":2")
        .replace("07.25Z", "08Z");
    let changes = CloudEvent::changes_between(
        (object(OPPORTUNITY), None),
        (object(&other), Some(object(r#"{"Insights":null,"A":[1]}"#))),
    );
    let pointers: Vec<_> = changes
        .iter()
        .map(|change| change.pointer.as_str())
        .collect();
    assert_eq!(pointers, ["/opportunity/P/a", "/awsSummary/A"]);
    let is_of_aws: Vec<_> = changes.iter().map(CloudEvent::is_of_aws).collect();
    assert_eq!(is_of_aws, [false, true]);

    let event = made(&other, None);
    let digest = event.digest();
    let request_id = "r-1".to_owned();
    let told = event
        .clone()
        .in_sequence("000000000000001-000000000000000002".to_owned(), &digest)
        .since(Some("0".repeat(15) + "-" + &"1".repeat(18)))
        .with_changes(Ok(Some(changes)), Some(Origin::Bridge { request_id }));
    let told = valid(&told);
    assert_eq!(told["sequence"], "000000000000001-000000000000000002");
    assert_eq!(told["data"]["changes"][0]["after"], json!(2));
    let origin = json!({"actor": "bridge", "requestId": "r-1"});
    assert_eq!(told["data"]["origin"], origin);
    let again = valid(
        &event
            .clone()
            .in_sequence("3".repeat(15) + "-" + &"4".repeat(18), &digest),
    );
    assert_ne!(told["id"], again["id"]);

    let problem = Problem::without_changes(ProblemCode::Unavailable, "it did not answer");
    let told = event.with_changes(Err(problem), None);
    assert_eq!(told.without_changes(), Some(ProblemCode::Unavailable));
    valid(&told);
}

#[test]
fn the_digest_is_of_what_an_event_tells_and_of_nothing_else() {
    let of = |opportunity: &str, summary| made(opportunity, summary).digest();
    let this = of(OPPORTUNITY, Some(Ok(object(SUMMARY))));
    let mut created = event();
    created.kind = EventKind::Created;
    let opportunity = Opportunity::parse(OPPORTUNITY.as_bytes(), &catalog()).unwrap();
    let later = instant("2026-03-04T05:07:00Z");
    let created = CloudEvent::new(
        &created,
        opportunity,
        Some(Ok(object(SUMMARY))),
        later,
        None,
    );
    assert_eq!(created.digest(), this);
    for other in [
        of(
            &OPPORTUNITY.replace("1.10", "1.1"),
            Some(Ok(object(SUMMARY))),
        ),
        of(OPPORTUNITY, Some(Ok(object("{}")))),
        of(OPPORTUNITY, None),
        of(OPPORTUNITY, Some(Err(unread(ProblemCode::NotFound)))),
        of(OPPORTUNITY, Some(Err(unread(ProblemCode::Throttled)))),
    ] {
        assert_ne!(other, this);
    }
    let unread = of(OPPORTUNITY, Some(Err(unread(ProblemCode::Throttled))));
    assert_ne!(unread, of(OPPORTUNITY, None));
}

#[test]
fn an_event_tells_what_another_one_told() {
    let unread = Some(Err(unread(ProblemCode::Throttled)));
    let other = made(&OPPORTUNITY.replace("\"a\":1", "\"a\":2"), unread);
    let envelope = serde_json::to_value(other.envelope()).unwrap();
    let (opportunity, summary) = other.documents().unwrap();
    let telling = made(OPPORTUNITY, Some(Ok(object(SUMMARY)))).telling(
        serde_json::from_value(envelope).unwrap(),
        opportunity.clone(),
        summary.cloned(),
    );
    for member in ["type", "data"] {
        assert_eq!(valid(&telling)[member], valid(&other)[member]);
    }
}

#[test]
fn changes_that_make_an_event_too_large_give_way_first() {
    let change = Change {
        pointer: "/opportunity/P".to_owned(),
        before: "x".repeat(MAX_SIZE).into(),
        after: Value::Null,
    };
    let event = made(OPPORTUNITY, Some(Ok(object(SUMMARY))));
    let told = valid(&event.with_changes(Ok(Some(vec![change])), Some(Origin::Other)));
    assert_eq!(told["data"]["problems"][0]["pointer"], "/changes");
    assert_eq!(told["data"]["problems"][0]["code"], "too-large");
    assert_eq!(told["data"]["awsSummary"], json!(object(SUMMARY)));
}
const UNMAPPED: &str = "`Won` has no pair in the mapping's `values`, expected one of `Qualified`";

fn unmapped() -> Problem {
    Problem::unmapped(
        "/LifeCycle/Stage",
        "dealstage".to_owned(),
        ProblemCode::UnmappedValue,
        UNMAPPED.to_owned(),
    )
}

fn with_crm(comments: usize, crm: &Value) -> Value {
    let mut opportunity: Value = OPPORTUNITY.parse().unwrap();
    opportunity["Comments"] = json!("x".repeat(comments));
    let opportunity = Opportunity::parse(opportunity.to_string().as_bytes(), &catalog()).unwrap();
    let summary = Some(Ok(object(SUMMARY)));
    let event = CloudEvent::new(&event(), opportunity, summary, instant(STARTED), None);
    let (id, sequence) = (event.id().to_owned(), event.sequence().to_owned());
    let event = event.with_crm(crm.as_object().unwrap().clone(), [unmapped()]);
    assert_eq!((event.id(), event.sequence()), (&*id, &*sequence));
    let event = serde_json::to_value(event).unwrap();
    let schema = include_str!("../../schema/opportunity-event.schema.json");
    jsonschema::validate(&schema.parse().unwrap(), &event).unwrap();
    assert!(event.to_string().len() <= MAX_SIZE);
    event["data"].clone()
}

#[test]
fn a_body_for_the_crm_keeps_the_id_and_reports_omitted_fields_by_both_names() {
    let body = json!({"inputs": [{"properties": {"aws_stage": "Won", "amount": "1.10"}}]});
    let data = with_crm(0, &body);
    assert_eq!(data["crm"], body);
    assert_eq!(
        data["problems"],
        json!([{
            "pointer": "/opportunity/LifeCycle/Stage", "field": "dealstage", "code": "unmapped-value", "detail": UNMAPPED,
        }])
    );
}

#[test]
fn the_body_for_the_crm_is_left_out_last() {
    let body = |bytes: usize| json!({"record": "x".repeat(bytes)});
    for (comments, in_body, there) in [
        (1_000, 1_000, &["opportunity", "awsSummary", "crm"][..]),
        (252_000, 3_000, &["crm"]),
        (10_000, 250_000, &["crm"]),
        (1_000, 300_000, &[]),
    ] {
        let data = with_crm(comments, &body(in_body));
        let names = data.as_object().unwrap().keys();
        let names: Vec<_> = names.filter(|name| *name != "problems").collect();
        assert_eq!(names, there, "{comments} {in_body}");
        let problems = data["problems"].as_array().unwrap();
        let left_out = problems
            .iter()
            .filter(|problem| problem["code"] == "too-large");
        assert_eq!(left_out.count(), 3 - there.len(), "{comments} {in_body}");
    }
}

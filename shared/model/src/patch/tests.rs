//! The laws of patches, the tables of both RFCs, and an oracle for the merge.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Change;

/// RFC 7396, appendix A: original, patch, result.
const APPENDIX: [[&str; 3]; 15] = [
    [r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#],
    [r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#],
    [r#"{"a":"b"}"#, r#"{"a":null}"#, r"{}"],
    [r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#],
    [r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#],
    [r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#],
    [
        r#"{"a":{"b":"c"}}"#,
        r#"{"a":{"b":"d","c":null}}"#,
        r#"{"a":{"b":"d"}}"#,
    ],
    [r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#],
    [r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#],
    [r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#],
    [r#"{"a":"foo"}"#, "null", "null"],
    [r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#],
    [r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#],
    ["[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#],
    ["{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#],
];

fn object(value: Value) -> Object {
    let Value::Object(members) = value else {
        panic!("{value} is no object")
    };
    members
}

fn opportunity(members: Object) -> Opportunity {
    let mut document = object(json!({
        "Id": "O1", "Arn": "arn", "Catalog": "AWS", "CreatedDate": "c", "LastModifiedDate": "m",
        "RelatedEntityIdentifiers": {"Solutions": ["S-1"]}, "OpportunityTeam": [{"Email": "a@b.c"}],
    }));
    document.extend(members);
    Opportunity::from_document(document).unwrap()
}

#[test]
fn the_appendix_of_rfc_7396_holds() {
    for [original, patch, result] in APPENDIX {
        let [original, patch, result] =
            [original, patch, result].map(|text| -> Value { text.parse().unwrap() });
        // A member, because this merge takes objects only; a result of null is a member removed.
        let mut target = object(json!({"x": original}));
        merge(&mut target, &object(json!({"x": patch})));
        // Null counts as absent.
        let expected = object(json!({"x": result}));
        assert_eq!(
            Change::between(&target, &expected),
            [],
            "{original} {patch}"
        );
    }
}

#[test]
fn a_removed_member_stays_as_explicit_null_in_its_place() {
    let read = opportunity(object(json!({
        "Project": {"Title": "t", "ExpectedContractDuration": {"Term": "Months"}, "New": 1}, "Last": 1,
    })));
    let patch = Patch::parse_merge(
        br#"{"Project":{"ExpectedContractDuration":null,"Absent":null,"Added":2}}"#,
    )
    .unwrap();
    let patched = patch.apply(&read).unwrap();
    let text = serde_json::to_string(patched.document()).unwrap();
    assert!(
        text.ends_with(
            r#""Project":{"Title":"t","ExpectedContractDuration":null,"New":1,"Added":2},"Last":1}"#
        ),
        "{text}"
    );
}

#[test]
fn a_patch_is_an_object() {
    for (text, error) in [
        ("[]", "the patch is an array, expected an object"),
        ("null", "the patch is null, expected an object"),
        ("\"x\"", "the patch is a string, expected an object"),
        (
            "",
            "the patch is not JSON: EOF while parsing a value at line 1 column 0",
        ),
        (
            "{\"a\":1}x",
            "the patch is not JSON: trailing characters at line 1 column 8",
        ),
    ] {
        assert_eq!(
            Patch::parse_merge(text.as_bytes()).unwrap_err().to_string(),
            error
        );
    }
}

#[test]
fn every_read_only_member_that_a_patch_names_is_told() {
    let patch =
        Patch::parse_merge(br#"{"LastModifiedDate":"m","Project":{"Id":1},"Id":"O1"}"#).unwrap();
    let error = patch.apply(&opportunity(Object::new())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the patch names read-only members: /Id, /LastModifiedDate"
    );
}

#[test]
fn operations_do_what_rfc_6902_says() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("operations.json")).unwrap();
    for case in cases {
        let read = opportunity(object(case["to"].clone()));
        let name = &case["it"];
        let parsed = Patch::parse_operations(case["do"].to_string().as_bytes());
        if let Some(wrong) = case.get("is wrong") {
            let Err(ParsePatchError::Operation { index, .. }) = parsed else {
                panic!("{name}: {parsed:?}")
            };
            assert_eq!(wrong, index, "{name}");
            continue;
        }
        match (parsed.unwrap().apply(&read), case.get("gives")) {
            (Ok(patched), Some(gives)) => {
                let expected = opportunity(object(gives.clone()));
                assert_eq!(
                    Change::between(patched.document(), expected.document()),
                    [],
                    "{name}"
                );
            }
            (
                Err(PatchError::TestFailed { index, .. } | PatchError::Inapplicable { index, .. }),
                None,
            ) => {
                assert_eq!(case["fails"], index, "{name}");
            }
            (result, _) => panic!("{name}: {result:?}"),
        }
    }
}

#[test]
fn operations_cannot_make_more_of_an_opportunity_than_there_is_room_for() {
    let read = opportunity(object(json!({"Project": ["x".repeat(100)]})));
    let double = json!({"op": "copy", "from": "/Project", "path": "/Project/-"});
    let doubled =
        Patch::parse_operations(json!(vec![double.clone(); 26]).to_string().as_bytes()).unwrap();
    let error = doubled.apply(&read).unwrap_err().to_string();
    assert!(
        error.starts_with("operation 15 of the patch makes the opportunity too large"),
        "{error}"
    );

    let digits = opportunity(object(
        serde_json::from_str(&format!(r#"{{"Project": [{}]}}"#, "1".repeat(100))).unwrap(),
    ));
    let error = doubled.apply(&digits).unwrap_err().to_string();
    assert!(error.starts_with("operation 15 of the patch"), "{error}");

    let nest = format!("{}{}", "[".repeat(60), "]".repeat(60));
    let place = format!("/Project{}", "/0".repeat(59));
    let operations = format!(
        r#"[{{"op":"replace","path":"/Project","value":{nest}}},{{"op":"copy","from":"/Project","path":"{place}/0"}},{{"op":"copy","from":"/Project","path":"{place}{}/0"}}]"#,
        "/0".repeat(60)
    );
    let error = Patch::parse_operations(operations.as_bytes())
        .unwrap()
        .apply(&read)
        .unwrap_err()
        .to_string();
    assert!(error.contains("makes the opportunity too large"), "{error}");
}

#[test]
fn what_is_removed_from_nothing_leaves_nothing() {
    let read = opportunity(object(
        json!({"Marketing": null, "LifeCycle": {"Stage": "Prospect"}}),
    ));
    for patch in [
        r#"{"Marketing":{"Source":null}}"#,
        r#"{"New":{"a":{"b":null}}}"#,
    ] {
        let patched = Patch::parse_merge(patch.as_bytes())
            .unwrap()
            .apply(&read)
            .unwrap();
        assert_eq!(patched, read, "{patch}");
    }
}

#[test]
fn an_empty_object_that_is_asked_for_is_there() {
    let read = opportunity(object(json!({"Project": {"AwsPartition": null}})));
    let patch =
        Patch::parse_merge(br#"{"Project":{"AwsPartition":{}},"New":{"a":1,"b":{"c":null}}}"#)
            .unwrap();
    let patched = patch.apply(&read).unwrap();
    assert_eq!(patched.document()["Project"], json!({"AwsPartition": {}}));
    assert_eq!(patched.document()["New"], json!({"a": 1}));
}

#[test]
fn an_operation_keeps_the_digits_of_every_number() {
    let value = r#"{"a":[18446744073709551617,-9223372036854775809,-0,1.10,{"b":0.1000000000000000055511151231257827}]}"#;
    let patch =
        format!(r#"[{{"op":"add","path":"/Project","value":{value},"why":18446744073709551617}}]"#);
    let patched = Patch::parse_operations(patch.as_bytes())
        .unwrap()
        .apply(&opportunity(Object::new()))
        .unwrap();
    assert_eq!(patched.document()["Project"].to_string(), value);
}

#[test]
fn operations_do_not_reach_read_only_members() {
    let read = opportunity(object(json!({"Project": {"Title": "t"}})));
    let all = "the patch names read-only members: /Id, /Arn, /Catalog, /CreatedDate, /Identifier, /LastModifiedDate, /OpportunityTeam, /RelatedEntityIdentifiers";
    for (operations, error) in [
        (
            json!([{"op": "test", "path": "/Id", "value": "O1"}, {"op": "copy", "from": "/Id", "path": "/Project/Title"}]),
            None,
        ),
        (
            json!([{"op": "remove", "path": "/Arn"}]),
            Some("the patch names read-only members: /Arn"),
        ),
        (
            json!([{"op": "add", "path": "/OpportunityTeam/-", "value": {}}]),
            Some("the patch names read-only members: /OpportunityTeam"),
        ),
        (
            json!([{"op": "move", "from": "/Id", "path": "/Project/Title"}]),
            Some("the patch names read-only members: /Id"),
        ),
        (
            json!([{"op": "copy", "from": "/Project", "path": "/Catalog"}]),
            Some("the patch names read-only members: /Catalog"),
        ),
        (
            json!([{"op": "replace", "path": "", "value": {}}]),
            Some(all),
        ),
        (json!([{"op": "remove", "path": ""}]), Some(all)),
        (
            json!([{"op": "move", "from": "", "path": "/Project/Title"}]),
            Some(all),
        ),
    ] {
        let patch = Patch::parse_operations(operations.to_string().as_bytes()).unwrap();
        assert_eq!(
            patch
                .apply(&read)
                .err()
                .map(|error| error.to_string())
                .as_deref(),
            error,
            "{operations}"
        );
    }
}

#[test]
fn an_operation_that_fails_is_named_and_so_is_its_place() {
    let read = opportunity(object(json!({"Project": {"Title": "t"}})));
    for (operations, error) in [
        (
            json!([{"op": "test", "path": "/Project/Title", "value": "u"}]),
            "operation 0 of the patch failed: `/Project/Title` is not as tested",
        ),
        (
            json!([{"op": "remove", "path": "/Project/Title"}, {"op": "remove", "path": "/Project/Title"}]),
            "operation 1 of the patch failed at `/Project/Title`: there is no such place",
        ),
        (
            json!([{"op": "copy", "from": "/Nowhere", "path": "/Project/Title"}]),
            "operation 0 of the patch failed at `/Project/Title`: `from` points to nothing",
        ),
        (
            json!([{"op": "move", "from": "/Project", "path": "/Project/Title"}]),
            "operation 0 of the patch failed at `/Project/Title`: a value cannot be moved into itself",
        ),
    ] {
        let patch = Patch::parse_operations(operations.to_string().as_bytes()).unwrap();
        assert_eq!(patch.apply(&read).unwrap_err().to_string(), error);
    }
    let wrong = Patch::parse_operations(br#"[{"op":"add","path":"/a"}]"#).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "operation 0 of the patch is wrong: `value` is missing, expected any JSON"
    );
    for (operation, error) in [
        ("7", "it is a number, expected an object"),
        (r#"{"path":"/a"}"#, "`op` is missing, expected a string"),
        (
            r#"{"op":"spam","path":"/a"}"#,
            "`op` is `spam`, expected `add`, `remove`, `replace`, `move`, `copy` or `test`",
        ),
        (
            r#"{"op":"add","path":7,"value":1}"#,
            "`path` is a number, expected a string",
        ),
        (
            r#"{"op":"copy","path":"/a","from":"a"}"#,
            "`from` is `a`, expected a JSON Pointer",
        ),
    ] {
        let wrong = Patch::parse_operations(format!("[{operation}]").as_bytes()).unwrap_err();
        assert_eq!(
            wrong.to_string(),
            format!("operation 0 of the patch is wrong: {error}")
        );
    }
    let wrong = Patch::parse_operations(br#"{"op":"add"}"#).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "the patch is an object, expected an array"
    );
}

/// JSON with unknown members, nulls, empty and nested arrays, and numbers that no float holds.
fn value() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        Just("1.10"),
        Just("18446744073709551617"),
        Just("-0"),
        Just("1e+400"),
        Just("0.1000000000000000055511151231257827"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number.prop_map(|digits| digits.parse().unwrap()),
        "[a-c\u{e9}&;/~]{0,4}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((name(), inner), 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Few names, so that patches hit members; none of them read-only.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "Project",
        "LifeCycle",
        "Title",
        "Stage",
        "AddedTomorrow",
        "a/b",
        "~",
        "",
    ])
    .prop_map(str::to_owned)
}

fn members() -> impl Strategy<Value = Object> {
    prop::collection::vec((name(), value()), 0..5).prop_map(|members| members.into_iter().collect())
}

/// The values that the merge patch does not name, with their pointers.
fn unnamed(document: &Object, patch: &Object, at: &str, found: &mut Vec<(String, Value)>) {
    for (name, value) in document {
        let at = pointer::child(at, name);
        match (value, patch.get(name)) {
            (_, None) => found.push((at, value.clone())),
            (Value::Object(value), Some(Value::Object(patch))) => {
                unnamed(value, patch, &at, found);
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), text in r#"[\[\]{}":,opathvluefrm/~0-9-]{0,64}"#) {
        for bytes in [&bytes[..], text.as_bytes()] {
            let read = opportunity(Object::new());
            let _ = Patch::parse_merge(bytes).map(|patch| patch.apply(&read).map(|patched| patched.to_update()));
            let _ = Patch::parse_operations(bytes).map(|patch| patch.apply(&read).map(|patched| patched.to_update()));
        }
    }

    #[test]
    fn the_empty_patch_is_the_identity(members in members()) {
        let read = opportunity(members);
        prop_assert_eq!(Patch::Merge(Object::new()).apply(&read).unwrap(), read);
    }

    #[test]
    fn a_patch_applied_twice_is_a_patch_applied_once(members in members(), patch in members()) {
        let patch = Patch::Merge(patch);
        let once = patch.apply(&opportunity(members)).unwrap();
        prop_assert_eq!(patch.apply(&once).unwrap(), once);
    }

    #[test]
    fn what_a_patch_does_not_name_is_untouched(members in members(), patch in members()) {
        let read = opportunity(members);
        let mut untouched = Vec::new();
        unnamed(read.document(), &patch, "", &mut untouched);
        let patched = Value::Object(Patch::Merge(patch).apply(&read).unwrap().into_document());
        for (pointer, value) in untouched {
            prop_assert_eq!(patched.pointer(&pointer), Some(&value), "{}", pointer);
        }
    }

    #[test]
    fn a_merge_is_what_the_json_patch_crate_makes_of_it(members in members(), patch in members()) {
        let read = opportunity(members);
        let mut expected = Value::Object(read.document().clone());
        json_patch::merge(&mut expected, &Value::Object(patch.clone()));
        let patched = Patch::Merge(patch).apply(&read).unwrap();
        prop_assert_eq!(Change::between(patched.document(), &object(expected)), []);
    }

    #[test]
    fn an_update_sends_every_member_but_the_read_only_ones(members in members()) {
        let read = opportunity(members);
        let body = read.to_update().body;
        let mut expected = read.document().clone();
        for name in ["Id", "Arn", "CreatedDate", "RelatedEntityIdentifiers", "OpportunityTeam"] {
            expected.shift_remove(name);
        }
        expected.insert("Identifier".to_owned(), json!("O1"));
        if let Some(Value::String(use_case)) = expected.get_mut("Project").and_then(|project| project.get_mut("CustomerUseCase")) {
            *use_case = use_case.replace("&amp;", "&");
        }
        prop_assert_eq!(body, expected);
    }
}

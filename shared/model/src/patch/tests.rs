//! Tests patches: the laws, the tables of both RFCs, and an independent merge to compare with.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{arbitrary, identifier::Catalog, pointer};

/// RFC 7396, appendix A: original, patch, result, and our result if it differs.
const APPENDIX: [(&str, &str, &str, Option<&str>); 15] = [
    (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#, None),
    (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#, None),
    (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}", Some(r#"{"a":null}"#)),
    (
        r#"{"a":"b","b":"c"}"#,
        r#"{"a":null}"#,
        r#"{"b":"c"}"#,
        Some(r#"{"a":null,"b":"c"}"#),
    ),
    (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#, None),
    (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#, None),
    (
        r#"{"a":{"b":"c"}}"#,
        r#"{"a":{"b":"d","c":null}}"#,
        r#"{"a":{"b":"d"}}"#,
        None,
    ),
    (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#, None),
    (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#, None),
    (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#, None),
    (r#"{"a":"foo"}"#, "null", "null", None),
    (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#, None),
    (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#, None),
    ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#, None),
    (
        "{}",
        r#"{"a":{"bb":{"ccc":null}}}"#,
        r#"{"a":{"bb":{}}}"#,
        Some("{}"),
    ),
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
    Opportunity::from_document(document, &Catalog::parse("AWS").unwrap()).unwrap()
}

/// RFC 7396, section 2, line by line.
fn merge_patch(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    let mut target = match target {
        Value::Object(target) => target,
        _ => Object::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            target.shift_remove(name);
        } else {
            let before = target.get(name).cloned().unwrap_or_default();
            target.insert(name.clone(), merge_patch(before, value));
        }
    }
    Value::Object(target)
}

#[test]
fn the_examples_of_rfc_7396_hold_except_that_nulls_stay_and_no_empty_object_is_made() {
    for (original, patch, result, here) in APPENDIX {
        // Wrapped in a member, because here a patch must be an object.
        let member = |text: &str| format!(r#"{{"x":{text}}}"#);
        let [original, expected] =
            [original, here.unwrap_or(result)].map(|text| object(member(text).parse().unwrap()));
        let read = opportunity(original);
        let patched = Patch::parse_merge(member(patch).as_bytes())
            .unwrap()
            .apply(&read);
        assert_eq!(
            patched.unwrap(),
            *opportunity(expected).document(),
            "{patch}"
        );

        let rfc = merge_patch(original_of(&read), &patch.parse().unwrap());
        assert_eq!(rfc, result.parse::<Value>().unwrap(), "the oracle: {patch}");
    }
}

fn original_of(read: &Opportunity) -> Value {
    read.document()["x"].clone()
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
    let text = serde_json::to_string(&patched).unwrap();
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
                assert_eq!(patched, *expected.document(), "{name}");
            }
            (Err(PatchError::TestFailed { index, .. }), None) => {
                assert_eq!(case["fails"], index, "{name}");
                assert_eq!(case["do"][index]["op"], "test", "{name}");
            }
            (Err(PatchError::Inapplicable { index, .. }), None) => {
                assert_eq!(case["fails"], index, "{name}");
                assert_ne!(case["do"][index]["op"], "test", "{name}");
            }
            (result, _) => panic!("{name}: {result:?}"),
        }
    }
}

/// The code and the index of the refused operation, if any.
fn refused(operations: &Value, read: &Opportunity) -> Option<String> {
    let patch = Patch::parse_operations(operations.to_string().as_bytes()).unwrap();
    patch.apply(read).err().map(|error| error.to_string())
}

const TOO_LARGE: &str =
    "makes the opportunity too large, expected at most 120 levels and 16 MiB in memory";

#[test]
fn copies_cannot_double_an_opportunity_beyond_the_limit() {
    // Each value costs somewhat more than its text.
    let text = "x".repeat(cost::MAX / 4);
    let read = opportunity(object(json!({"Project": [text]})));
    let double = json!({"op": "copy", "from": "/Project", "path": "/Project/-"});
    assert_eq!(refused(&json!(vec![&double; 2]), &read), None);
    assert_eq!(
        refused(&json!(vec![&double; 3]), &read).unwrap(),
        format!("operation 2 of the patch {TOO_LARGE}")
    );
    let small = json!([
        {"op": "copy", "from": "/Project", "path": "/LifeCycle"},
        {"op": "remove", "path": "/LifeCycle"},
        {"op": "copy", "from": "/Project", "path": "/LifeCycle"},
        {"op": "remove", "path": "/LifeCycle"},
        {"op": "copy", "from": "/Project", "path": "/LifeCycle"},
        {"op": "remove", "path": "/LifeCycle"},
        {"op": "copy", "from": "/Project", "path": "/LifeCycle"},
    ]);
    assert_eq!(
        refused(&small, &read).unwrap(),
        format!("operation 6 of the patch {TOO_LARGE}"),
        "what is removed again is counted too"
    );
}

#[test]
fn values_in_a_long_list_cannot_be_moved_without_limit() {
    let read = opportunity(object(json!({"Project": vec![0; 20_000]})));
    for operation in [
        json!({"op": "add", "path": "/Project/0", "value": 1}),
        json!({"op": "remove", "path": "/Project/0"}),
        json!({"op": "replace", "path": "/Project/0", "value": 2}),
        json!({"op": "copy", "from": "/Id", "path": "/Project/0"}),
        json!({"op": "move", "from": "/Project/0", "path": "/Project/7"}),
        json!({"op": "move", "from": "/Project/0", "path": "/New"}),
    ] {
        assert_eq!(refused(&json!(vec![&operation; 2]), &read), None);
        let error = refused(&json!(vec![&operation; 20]), &read).unwrap();
        assert!(error.ends_with(TOO_LARGE), "{operation}: {error}");
    }
    let test = json!({"op": "test", "path": "/Project/0", "value": 0});
    assert_eq!(refused(&json!(vec![test; 20]), &read), None);
}

#[test]
fn operations_cannot_nest_an_opportunity_too_deeply() {
    let nested = |levels: usize| -> Value {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
            .parse()
            .unwrap()
    };
    let read = opportunity(object(json!({"Project": nested(60)})));
    let place = |levels: usize| format!("/Project{}", "/0".repeat(levels));
    // The opportunity itself is the first level.
    for (operation, is_refused) in [
        (
            json!({"op": "add", "path": "/Project", "value": nested(100)}),
            false,
        ),
        (
            json!({"op": "add", "path": format!("{}/-", place(59)), "value": nested(59)}),
            false,
        ),
        (
            json!({"op": "add", "path": format!("{}/-", place(59)), "value": nested(60)}),
            true,
        ),
        (
            json!({"op": "replace", "path": place(59), "value": nested(60)}),
            false,
        ),
        (
            json!({"op": "replace", "path": place(59), "value": nested(61)}),
            true,
        ),
        (
            json!({"op": "copy", "from": "/Project/0", "path": format!("{}/-", place(59))}),
            false,
        ),
        (
            json!({"op": "copy", "from": "/Project", "path": format!("{}/-", place(59))}),
            true,
        ),
        (json!({"op": "remove", "path": place(200)}), true),
    ] {
        let error = refused(&json!([operation]), &read);
        let expected = is_refused.then(|| format!("operation 0 of the patch {TOO_LARGE}"));
        assert_eq!(error, expected, "{operation}");
    }
}

#[test]
fn a_patch_that_would_cost_too_much_is_refused_before_it_is_applied() {
    let too_large =
        "the patch is too large, expected at most 120 levels and 16 MiB in memory".to_owned();
    let levels = |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    let numbers = |count: usize| format!(r#"{{"a":[{}]}}"#, vec!["0"; count].join(","));
    for (patch, error) in [
        (levels(120), None),
        (levels(121), Some(&too_large)),
        (numbers(10_000), None),
        (numbers(100_000), Some(&too_large)),
    ] {
        let told = Patch::parse_merge(patch.as_bytes())
            .err()
            .map(|error| error.to_string());
        assert_eq!(told.as_ref(), error);
    }
    let operations = format!(
        r#"[{{"op":"add","path":"/a","value":{}}}]"#,
        numbers(100_000)
    );
    let error = Patch::parse_operations(operations.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), too_large);
    assert_eq!(error.code(), Some(Code::TooLarge));
}

#[test]
fn names_that_the_parser_interprets_are_refused() {
    let raw = "$serde_json::private::RawValue";
    for (patch, pointer) in [
        (json!({raw: "{}"}), format!("/{raw}")),
        (
            json!({"a": [{"b": {raw: "{\"c\":1,\"c\":2}"}}]}),
            format!("/a/0/b/{raw}"),
        ),
        (json!({"a": {"b": 1, raw: 2}}), format!("/a/{raw}")),
        (
            json!({"a": {"$serde_json::private::Number": "1"}}),
            "/a/$serde_json::private::Number".to_owned(),
        ),
    ] {
        for text in [
            patch.to_string(),
            patch.to_string().replace("$s", "\\u0024\\u0073"),
        ] {
            let error = Patch::parse_merge(text.as_bytes()).unwrap_err();
            assert_eq!(error.code(), Some(Code::ReservedMember), "{text}");
            assert_eq!(error.pointer(), pointer);

            let text = format!(r#"[{{"op":"test","path":"/a","value":{text}}}]"#);
            let error = Patch::parse_operations(text.as_bytes()).unwrap_err();
            assert_eq!(error.code(), Some(Code::ReservedMember), "{text}");
            assert_eq!(error.pointer(), format!("/0/value{pointer}"));
        }
    }
    let path =
        format!(r#"[{{"op":"remove","path":"/b"}},{{"op":"add","path":"/a/{raw}/b","value":1}}]"#);
    let error = Patch::parse_operations(path.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the patch names `/1/path`, expected no name that begins with `$serde_json::private::`"
    );
}

#[test]
fn a_patch_that_only_removes_leaves_null_and_absent_members_alone() {
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
        assert_eq!(patched, *read.document(), "{patch}");
    }
}

#[test]
fn no_kind_of_patch_replaces_null_with_an_empty_object() {
    let read = opportunity(object(
        json!({"SoftwareRevenue": null, "Project": {"Title": "t", "AwsPartition": null}}),
    ));
    let merge = br#"{"SoftwareRevenue":{},"Project":{"Title":"u","AwsPartition":{"x":{}}},"New":{"a":1,"b":{"c":null}}}"#;
    let operations = br#"[{"op":"replace","path":"/SoftwareRevenue","value":{}},{"op":"replace","path":"/Project/Title","value":"u"},
        {"op":"add","path":"/Project/AwsPartition","value":{"x":{}}},{"op":"add","path":"/New","value":{"a":1,"b":{}}}]"#;
    for patch in [
        Patch::parse_merge(merge),
        Patch::parse_operations(operations),
    ] {
        let patched = patch.unwrap().apply(&read).unwrap();
        let expected = opportunity(object(json!({
            "SoftwareRevenue": null, "Project": {"Title": "u", "AwsPartition": null}, "New": {"a": 1},
        })));
        assert_eq!(patched, *expected.document());
    }
}

#[test]
fn operations_may_replace_the_whole_opportunity_but_only_with_an_object() {
    let read = opportunity(object(json!({"Project": {"Title": "t"}})));
    for (value, error) in [
        (
            json!([]),
            "the patch makes the opportunity an array, expected an object",
        ),
        (
            json!(null),
            "the patch makes the opportunity null, expected an object",
        ),
    ] {
        for op in ["add", "replace"] {
            let operations = json!([{"op": op, "path": "", "value": value}]);
            assert_eq!(refused(&operations, &read).unwrap(), error);
        }
    }
    let copied = json!([{"op": "copy", "from": "/Id", "path": ""}]);
    let error = "the patch makes the opportunity a string, expected an object";
    assert_eq!(refused(&copied, &read).unwrap(), error);

    let whole = json!([
        {"op": "test", "path": "", "value": read.document()},
        {"op": "replace", "path": "", "value": []},
        {"op": "replace", "path": "", "value": {"Project": {"New": 1}}},
    ]);
    let patch = Patch::parse_operations(whole.to_string().as_bytes()).unwrap();
    let mut expected: Object = read
        .document()
        .keys()
        .map(|name| (name.clone(), Value::Null))
        .collect();
    expected.insert("Project".to_owned(), json!({"Title": null, "New": 1}));
    assert_eq!(patch.apply(&read).unwrap(), expected);
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
    assert_eq!(patched["Project"].to_string(), value);
}

#[test]
fn an_error_names_the_failed_operation_and_its_place() {
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

#[test]
fn an_error_has_a_code_and_a_place() {
    for (patch, code, pointer) in [
        ("[", None, ""),
        ("{}", Some(Code::WrongType), ""),
        (r#"[{"a":1,"a":2}]"#, Some(Code::DuplicateMember), "/0/a"),
        (
            r#"[{"op":"remove","path":"/a"},7]"#,
            Some(Code::WrongOperation),
            "/1",
        ),
    ] {
        let error = Patch::parse_operations(patch.as_bytes()).unwrap_err();
        assert_eq!(
            (error.code(), &*error.pointer()),
            (code, pointer),
            "{patch}"
        );
    }
    let read = opportunity(Object::new());
    for (patch, code, pointer) in [
        (
            json!([{"op": "test", "path": "/Id", "value": 1}]),
            Code::TestFailed,
            "/Id",
        ),
        (
            json!([{"op": "remove", "path": "/a~1b"}]),
            Code::Inapplicable,
            "/a~1b",
        ),
        (
            json!([{"op": "replace", "path": "", "value": 1}]),
            Code::WrongType,
            "",
        ),
        (
            json!([{"op": "remove", "path": "/a".repeat(121)}]),
            Code::TooLarge,
            "",
        ),
    ] {
        let operations = Patch::parse_operations(patch.to_string().as_bytes()).unwrap();
        let error = operations.apply(&read).unwrap_err();
        assert_eq!((error.code(), error.pointer()), (code, pointer), "{patch}");
    }
}

/// Few names, so that patches hit existing members; none is read-only.
const NAMES: [&str; 8] = [
    "Project",
    "LifeCycle",
    "Title",
    "Stage",
    "AddedTomorrow",
    "a/b",
    "~",
    "",
];

fn members() -> impl Strategy<Value = Object> {
    arbitrary::members(&NAMES)
}

/// The value without members that are null or objects that hold no value.
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_empty).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), without_empty(value)))
            .filter(|(_, value)| !value.is_null() && *value != json!({}))
            .collect(),
        other => other.clone(),
    }
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
            for patch in [Patch::parse_merge(bytes), Patch::parse_operations(bytes)] {
                let _ = patch.map(|patch| patch.apply(&read).map(|after| crate::review(&read, after, "2026-01-02")));
            }
        }
    }

    #[test]
    fn an_empty_patch_changes_nothing(members in members()) {
        let read = opportunity(members);
        let nothing = json_patch::Patch(Vec::new());
        prop_assert_eq!(&Patch::Merge(Object::new()).apply(&read).unwrap(), read.document());
        prop_assert_eq!(&Patch::Operations(nothing).apply(&read).unwrap(), read.document());
    }

    #[test]
    fn a_patch_applied_twice_is_a_patch_applied_once(members in members(), patch in members()) {
        let patch = Patch::Merge(patch);
        let once = patch.apply(&opportunity(members)).unwrap();
        prop_assert_eq!(patch.apply(&opportunity(once.clone())).unwrap(), once);
    }

    #[test]
    fn a_patch_leaves_everything_untouched_that_it_does_not_name(members in members(), patch in members()) {
        let read = opportunity(members);
        let mut untouched = Vec::new();
        unnamed(read.document(), &patch, "", &mut untouched);
        let patched = Value::Object(Patch::Merge(patch).apply(&read).unwrap());
        for (pointer, value) in untouched {
            prop_assert_eq!(patched.pointer(&pointer), Some(&value), "{}", pointer);
        }
    }

    #[test]
    fn a_merge_patch_changes_exactly_what_rfc_7396_changes(members in members(), patch in members()) {
        let read = opportunity(members);
        let expected = object(merge_patch(Value::Object(read.document().clone()), &Value::Object(patch.clone())));
        let patched = Patch::Merge(patch).apply(&read).unwrap();
        prop_assert_eq!(without_empty(&Value::Object(patched.clone())), without_empty(&Value::Object(expected)));
        // There, removed members are absent; here, everything that was read is still in its place.
        prop_assert!(read.document().keys().eq(patched.keys().take(read.document().len())));
    }

    #[test]
    fn an_update_sends_every_member_except_the_read_only_ones(members in members()) {
        let read = opportunity(members);
        let body = crate::Update::of(read.document().clone(), &read).body;
        let mut expected = read.document().clone();
        for name in ["Id", "Arn", "CreatedDate", "RelatedEntityIdentifiers", "OpportunityTeam"] {
            expected.shift_remove(name);
        }
        expected.insert("Identifier".to_owned(), json!("O1"));
        prop_assert_eq!(body, expected);
    }
}

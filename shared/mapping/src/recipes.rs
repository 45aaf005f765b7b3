//! Sends each body in `docs/crm.md` through the mapping that it names, so that an outdated recipe fails.

use std::collections::BTreeMap;

use model::{Change, Object};
use serde_json::Value;

use crate::mapping::Mapping;

/// The JSON blocks whose info string has a second word, by that word.
fn blocks() -> BTreeMap<&'static str, Vec<&'static str>> {
    let text = include_str!("../../../docs/crm.md");
    let mut blocks: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for block in text.split("```json ").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        let (body, _) = rest.split_once("```").unwrap();
        blocks.entry(name).or_default().push(body);
    }
    blocks
}

fn sample() -> Object {
    let sample: Value = include_str!("../../../events/opportunity.json")
        .parse()
        .unwrap();
    sample.as_object().unwrap().clone()
}

#[test]
fn the_example_mapping_in_the_docs_is_valid() {
    let example = blocks()["example"][0];
    let mapping = Mapping::parse(example.as_bytes()).unwrap();
    assert_eq!(mapping.crm(), "hubspot");
}

#[test]
fn each_documented_body_changes_the_sample_once_and_nothing_when_repeated() {
    let blocks = blocks();
    let hubspot = include_str!("../../../mappings/hubspot.json");
    let salesforce = include_str!("../../../mappings/salesforce.json");
    let pipedrive = blocks["pipedrive-mapping"][0];
    let mut changed = Vec::new();
    for (name, file) in [
        ("hubspot", hubspot),
        ("salesforce", salesforce),
        ("pipedrive", pipedrive),
    ] {
        let mapping = Mapping::parse(file.as_bytes()).unwrap();
        for body in &blocks[name] {
            let received = mapping.receive(body.as_bytes()).unwrap();
            assert_eq!(received.identifier.as_str(), "O7654321");
            let put = mapping.put(&sample(), &received.record).unwrap();
            let differences = Change::between(&sample(), &put.document).into_iter();
            changed.extend(
                differences.map(|change| format!("{name} {} {}", change.pointer, change.after)),
            );
            let again = mapping.put(&put.document, &received.record).unwrap();
            assert_eq!(again.document, put.document, "{body}");
        }
    }
    assert_eq!(
        changed,
        [
            r#"hubspot /LifeCycle/NextSteps "Sign on Monday""#,
            r#"hubspot /LifeCycle/ClosedLostReason "Price""#,
            r#"hubspot /LifeCycle/Stage "Closed Lost""#,
            r#"hubspot /LifeCycle/TargetCloseDate "2030-01-01""#,
            r#"hubspot /Project/ExpectedCustomerSpend/0/Amount "13333.33""#,
            r#"salesforce /LifeCycle/Stage "Business Validation""#,
            r#"salesforce /LifeCycle/TargetCloseDate "2030-01-31""#,
            r#"salesforce /LifeCycle/NextSteps "Sign on Monday""#,
            "salesforce /LifeCycle/NextSteps null",
            r#"salesforce /PrimaryNeedsFromAws ["Co-Sell - Pricing Assistance","Co-Sell - Deal Support"]"#,
            r#"pipedrive /LifeCycle/Stage "Technical Validation""#,
            r#"pipedrive /LifeCycle/TargetCloseDate "2030-01-31""#,
            r#"pipedrive /Project/ExpectedCustomerSpend/0/Amount "13333.33""#,
        ]
    );
}

//! `mapping-check` as `make mapping` runs it.

use std::{path::Path, process::Command};

#[expect(
    clippy::unwrap_used,
    reason = "a test that cannot run the program fails"
)]
fn check(arguments: &[&Path]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_mapping-check"))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_mapping_that_is_right_is_told_there_and_back() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mappings/hubspot.json");
    let (is_right, told, errors) = check(&[&file]);
    assert!(is_right && errors.is_empty(), "{errors}");
    for line in [
        "/LifeCycle/ClosedLostReason                    <->  aws_closed_lost_reason  text; only with changed_dealstage",
        "/Project/ExpectedCustomerSpend/0/Amount        <--  changed_amount          number, times 12; made with CurrencyCode `USD`, Frequency `Monthly`, TargetCompany `AWS`",
        "(event's sequence)                             -->  aws_sequence",
        r#"        "aws_monthly_spend": "12500.50","#,
        "changes nothing",
        r#"/LifeCycle/Stage = "Qualified"  (changed_dealstage)"#,
    ] {
        assert!(told.lines().any(|told| told == line), "{line}\n{told}");
    }
}

#[test]
fn a_mapping_that_is_wrong_fails_and_names_the_place() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("wrong.json");
    let text = include_str!("../../../mappings/salesforce.json");
    std::fs::write(
        &file,
        text.replace("/LifeCycle/NextSteps", "/LifeCycle/NextStep"),
    )
    .unwrap();
    let (is_right, told, error) = check(&[&file]);
    assert!(!is_right && told.is_empty(), "{told}");
    assert_eq!(
        error,
        format!(
            "`{}`: the mapping's `/fields/8/aws` is `/LifeCycle/NextStep`, and `/LifeCycle/NextStep` is not a member that AWS knows, nearest is `NextSteps`\n",
            file.display()
        )
    );
    let missing = folder.join("missing.json");
    assert!(!check(&[&missing]).0);
    assert!(!check(&[]).0);
    assert!(!check(&[&file, &file]).0);
}

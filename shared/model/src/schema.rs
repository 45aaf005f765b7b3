//! Checks an opportunity against AWS's model before a write: members, types, lengths, formats, value lists.
//!
//! The rules are data, `schema/opportunity.schema.json`: a JSON Schema 2020-12 made from AWS's service
//! model. A caller learns of everything that is wrong in one answer, before it costs one of the day's
//! writes, and is not blamed for what was wrong before.

mod nearest;
#[cfg(test)]
mod oracle;
mod rules;
mod validate;

use std::sync::LazyLock;

pub use self::nearest::meant;
use self::{rules::SCHEMA, validate::Found};
use crate::{
    code::Code,
    finding::{Finding, Source},
    update,
    value::Object,
};

#[cfg(test)]
const FILE: &str = include_str!("../schema/opportunity.schema.json");

/// The judgement of what a patch did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// What the patch made wrong.
    pub(crate) errors: Vec<Finding>,
    /// What was wrong before, and what AWS's documentation leaves unclear.
    pub(crate) warnings: Vec<Finding>,
}

/// Compiles the patterns now, so that the first [`review`](fn@crate::review) does not have to.
pub fn load_rules() {
    for pattern in rules::PATTERNS {
        LazyLock::force(pattern);
    }
}

/// Judges what a patch did to an opportunity: both are the bodies of an [`Update`](crate::Update).
///
/// What was equally wrong before, in the same member and with the same value, is a warning, even if an item
/// of an array moved. A member that AWS's model lacks is no finding if it is unchanged: AWS added it after
/// this release. Null counts as absent.
#[must_use]
pub(crate) fn judge(before: &Object, after: &Object) -> Judgement {
    let findings = SCHEMA.findings(after);
    let mut judgement = Judgement::default();
    if findings.is_empty() {
        return judgement;
    }
    let mut earlier = SCHEMA.findings(before);
    for found in findings {
        let twin = earlier.iter().position(|earlier| earlier.is_as(&found));
        let was_before = twin.map(|twin| earlier.swap_remove(twin)).is_some();
        let is_absent = || found.value.is_null() && !earlier.iter().any(|one| one.is_at(&found));
        match found.finding.code {
            Code::UnknownMember if was_before || is_absent() => {}
            Code::UndocumentedValue if was_before => {}
            Code::UndocumentedValue => judgement.warnings.push(found.finding),
            _ if was_before => judgement.warnings.push(Finding {
                source: Source::Opportunity,
                ..found.finding
            }),
            _ => judgement.errors.push(found.finding),
        }
    }
    judgement
}

impl Found<'_> {
    fn is_as(&self, other: &Self) -> bool {
        self.is_at(other) && update::are_sent_alike(&self.finding.pointer, self.value, other.value)
    }

    /// Whether both findings say the same about the same place, whatever the array indexes.
    fn is_at(&self, other: &Self) -> bool {
        self.finding.code == other.finding.code
            && names(&self.finding.pointer).eq(names(&other.finding.pointer))
    }
}

/// The tokens of a pointer that are not indexes.
fn names(pointer: &str) -> impl Iterator<Item = &str> {
    let tokens = pointer.split('/');
    tokens.filter(|token| token.parse::<usize>().is_err())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn object(value: Value) -> Object {
        let Value::Object(members) = value else {
            panic!("{value} is no object")
        };
        members
    }

    fn judged(before: &Value, after: &Value) -> Judgement {
        judge(&object(before.clone()), &object(after.clone()))
    }

    /// The findings, each as `code pointer: detail`, with `(suggestion)` if there is one.
    fn lines(findings: &[Finding]) -> Vec<String> {
        let line = |finding: &Finding| {
            let (code, at, detail) = (finding.code.as_str(), &finding.pointer, &finding.detail);
            match &finding.suggestion {
                Some(suggestion) => format!("{code} {at}: {detail} ({suggestion})"),
                None => format!("{code} {at}: {detail}"),
            }
        };
        findings.iter().map(line).collect()
    }

    fn spend(items: &[Value]) -> Value {
        json!({"Project": {"ExpectedCustomerSpend": items}})
    }

    fn address(state: &str, country: &str) -> Value {
        let address = json!({"StateOrRegion": state, "CountryCode": country});
        json!({"Customer": {"Account": {"CompanyName": "c", "Address": address}}})
    }

    #[test]
    fn an_error_names_the_place_the_value_and_what_was_expected() {
        for (after, error) in [
            (
                json!({"Lifecycle": {"Stage": "Won"}}),
                "unknown-member /Lifecycle: `/Lifecycle` is not a member that AWS knows, nearest is `LifeCycle` (LifeCycle)",
            ),
            (
                json!({"LifeCycle": {"a/b": 1}}),
                "unknown-member /LifeCycle/a~1b: `/LifeCycle/a~1b` is not a member that AWS knows, expected one of `ClosedLostReason`, `NextSteps`, `NextStepsHistory`, `ReviewComments`, `ReviewStatus`, `ReviewStatusReason`, `Stage`, `TargetCloseDate`",
            ),
            (
                json!({"Project": []}),
                "wrong-type /Project: `/Project` is an array, expected an object",
            ),
            (
                json!({"Project": {"DeliveryModels": "Resell"}}),
                "wrong-type /Project/DeliveryModels: `/Project/DeliveryModels` is a string, expected an array",
            ),
            (
                json!({"Project": {"DeliveryModels": [null]}}),
                "wrong-type /Project/DeliveryModels/0: `/Project/DeliveryModels/0` is null, expected a string",
            ),
            (
                json!({"NationalSecurity": true}),
                "wrong-type /NationalSecurity: `/NationalSecurity` is a boolean, expected a string",
            ),
            (
                json!({"Project": {"CustomerBusinessProblem": "Slow \u{1f422}"}}),
                "too-short /Project/CustomerBusinessProblem: `/Project/CustomerBusinessProblem` has 6 characters, expected at least 20",
            ),
            (
                json!({"PartnerOpportunityIdentifier": "\u{1f422}".repeat(65)}),
                "too-long /PartnerOpportunityIdentifier: `/PartnerOpportunityIdentifier` has 65 characters, expected at most 64",
            ),
            (
                json!({"LifeCycle": {"TargetCloseDate": "31.12.2029"}}),
                "wrong-format /LifeCycle/TargetCloseDate: `31.12.2029` is not well-formed, expected a date as `YYYY-MM-DD`",
            ),
            (
                json!({"LifeCycle": {"Stage": "qualified"}}),
                "unlisted-value /LifeCycle/Stage: `qualified` is not in AWS's list, expected one of `Prospect`, `Qualified`, `Technical Validation`, `Business Validation`, `Committed`, `Launched`, `Closed Lost` (Qualified)",
            ),
            (
                address("Texas", "USA"),
                "unlisted-value /Customer/Account/Address/CountryCode: `USA` is not in AWS's list, nearest are `US`, `AS`, `BS` (US)",
            ),
            (
                spend(&[
                    json!({"CurrencyCode": "EUR", "Frequency": "Yearly", "TargetCompany": "AWS"}),
                ]),
                "unlisted-value /Project/ExpectedCustomerSpend/0/Frequency: `Yearly` is not in AWS's list, expected `Monthly`",
            ),
            (
                json!({"LifeCycle": {"NextStepsHistory": vec![json!({"Value": "v", "Time": "t"}); 51]}}),
                "too-many-items /LifeCycle/NextStepsHistory: `/LifeCycle/NextStepsHistory` has 51 items, expected at most 50",
            ),
            (
                json!({"Project": {"ExpectedContractDuration": {"Value": "24"}}}),
                "required-member /Project/ExpectedContractDuration/Term: `/Project/ExpectedContractDuration/Term` is missing, AWS requires it",
            ),
            (
                json!({"SoftwareRevenue": {"Value": {"Amount": null, "CurrencyCode": "EUR"}}}),
                "required-member /SoftwareRevenue/Value/Amount: `/SoftwareRevenue/Value/Amount` is null, AWS requires it",
            ),
        ] {
            let judgement = judged(&json!({}), &after);
            assert_eq!(lines(&judgement.errors), [error]);
            assert_eq!(judgement.warnings, []);
        }
    }

    #[test]
    fn only_the_beginning_of_a_long_value_is_quoted() {
        let after = json!({"LifeCycle": {"TargetCloseDate": "\u{e9}".repeat(101)}});
        let detail = format!(
            "`{}…` is not well-formed, expected a date as `YYYY-MM-DD`",
            "\u{e9}".repeat(100)
        );
        assert_eq!(judged(&json!({}), &after).errors[0].detail, detail);
    }

    #[test]
    fn every_error_is_listed_in_document_order() {
        let after = json!({
            "Project": {"titel": 1, "AdditionalComments": "", "Title": "t".repeat(256)},
            "Customer": {"Contacts": [{"Email": "A".repeat(81), "Phone": "0170"}], "Account": {}},
        });
        let errors = judged(&json!({}), &after).errors;
        let told: Vec<_> = errors
            .iter()
            .map(|error| (error.code.as_str(), error.pointer.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("unknown-member", "/Project/titel"),
                ("too-short", "/Project/AdditionalComments"),
                ("too-long", "/Project/Title"),
                ("too-long", "/Customer/Contacts/0/Email"),
                ("wrong-format", "/Customer/Contacts/0/Email"),
                ("wrong-format", "/Customer/Contacts/0/Phone"),
                ("required-member", "/Customer/Account/CompanyName"),
            ]
        );
    }

    #[test]
    fn a_new_value_missing_only_from_the_documentation_is_a_warning() {
        for (after, warning) in [
            (
                json!({"Project": {"CustomerUseCase": "Databases"}}),
                "undocumented-value /Project/CustomerUseCase: `Databases` is not in the list that AWS documents, nearest are `Database`, `Migration/Database Migration`, `Healthcare and Life Sciences` (Database)",
            ),
            (
                json!({"Project": {"ApnPrograms": ["P3", "window"]}}),
                "undocumented-value /Project/ApnPrograms/1: `window` is not in the list that AWS documents, nearest are `Windows`, `WWPS NDPP`, `IS Immersion Day SFID Program` (Windows)",
            ),
            (
                json!({"Marketing": {"UseCases": ["IOT", "IoT"]}}),
                "undocumented-value /Marketing/UseCases/0: `IOT` is not in the list that AWS documents, nearest are `IoT`, `Robotics`, `Containers` (IoT)",
            ),
            (
                address("NY", "US"),
                "undocumented-value /Customer/Account/Address/StateOrRegion: `NY` is not in the list that AWS documents, nearest are `New York`, `Pennsylvania`, `Kansas`",
            ),
        ] {
            let judgement = judged(&json!({}), &after);
            assert_eq!(lines(&judgement.warnings), [warning]);
            assert_eq!(judgement.errors, []);
            assert_eq!(judged(&after, &after), Judgement::default());
        }
        let abroad = address("Zuid-Holland", "NL");
        assert_eq!(judged(&json!({}), &abroad), Judgement::default());
    }

    /// AWS sends values that its own model does not list.
    #[test]
    fn what_was_wrong_before_is_a_warning() {
        const ALONE: &str = "Do Not Need Support from AWS Sales Rep";
        const WITH: &str = "Co-Sell - Deal Support";
        let needs = |needs: &[&str]| json!({"PrimaryNeedsFromAws": needs});
        let item = |amount| {
            json!({
                "Amount": amount, "CurrencyCode": "USD", "Frequency": "None", "TargetCompany": "Self",
            })
        };
        let other = json!({
            "Amount": "1", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS",
        });
        for (before, after, errors, warnings) in [
            (needs(&[ALONE]), needs(&[ALONE]), 0, 1),
            (needs(&[ALONE]), needs(&[ALONE, WITH]), 0, 1),
            (needs(&[ALONE]), needs(&[WITH, ALONE]), 0, 1),
            (needs(&[ALONE]), needs(&[ALONE, ALONE]), 1, 1),
            (needs(&[ALONE]), needs(&[WITH]), 0, 0),
            (needs(&[WITH]), needs(&[ALONE]), 1, 0),
            (needs(&[ALONE]), needs(&["No Support"]), 1, 0),
            (spend(&[item("1")]), spend(&[item("2")]), 0, 1),
            (spend(&[item("1")]), spend(&[other, item("1")]), 0, 1),
            (
                json!({"Customer": {"Account": {}}}),
                json!({"Customer": {"Account": {"Duns": "1"}}}),
                1,
                1,
            ),
            (
                json!({"Customer": null}),
                json!({"Customer": {"Account": {}}}),
                1,
                0,
            ),
        ] {
            let judgement = judged(&before, &after);
            let counts = (judgement.errors.len(), judgement.warnings.len());
            assert_eq!(counts, (errors, warnings), "{after}");
        }
    }

    #[test]
    fn an_unknown_member_is_an_error_if_it_changes() {
        for (before, after, pointers) in [
            (json!({"New": [1.10]}), json!({"New": [1.10]}), vec![]),
            (json!({"New": 1}), json!({"New": 2}), vec!["/New"]),
            (json!({"New": 1}), json!({"New": null}), vec!["/New"]),
            (json!({}), json!({"New": null}), vec![]),
            (json!({"New": null}), json!({"New": null}), vec![]),
            (json!({"New": null}), json!({}), vec![]),
            (json!({"New": null}), json!({"New": 1}), vec!["/New"]),
            (json!({"New": 1}), json!({"Newer": 1}), vec!["/Newer"]),
            (
                json!({"Customer": {"Contacts": [{"New": 1}]}}),
                json!({"Customer": {"Contacts": [{}, {"New": 1}, {"New": 1}]}}),
                vec!["/Customer/Contacts/2/New"],
            ),
        ] {
            let judgement = judged(&before, &after);
            let errors = judgement.errors.iter();
            let told: Vec<_> = errors.map(|error| error.pointer.as_str()).collect();
            assert_eq!(told, pointers, "{before} {after}");
            assert_eq!(judgement.warnings, []);
        }
    }

    #[test]
    fn a_wrong_number_written_differently_is_still_wrong_as_before() {
        let before = json!({"NationalSecurity": 1, "New": 100});
        let after = json!({"NationalSecurity": 1.0, "New": 1e2});
        let judgement = judged(&before, &after);
        assert_eq!((judgement.errors.len(), judgement.warnings.len()), (0, 1));
    }

    #[test]
    fn a_value_that_the_bridge_repairs_counts_as_unchanged() {
        for (before, after) in [
            (
                json!({"New": [{"__type": "t", "a": 1}]}),
                json!({"New": [{"a": 1}]}),
            ),
            (
                json!({"Project": {"CustomerUseCase": "A &amp; B"}}),
                json!({"Project": {"CustomerUseCase": "A & B"}}),
            ),
            (
                json!({"Project": {"New": {"__type": false}}}),
                json!({"Project": {"New": {}}}),
            ),
        ] {
            assert_eq!(judged(&before, &after), Judgement::default());
        }
    }

    #[test]
    fn every_finding_is_listed_but_only_the_first_thousand_have_suggestions() {
        let members: Object = (0..1_200)
            .map(|number| (format!("Stag{number}"), json!(1)))
            .collect();
        let needs = vec![json!("Co-Sell - Deal"); 10];
        let after = json!({"LifeCycle": members, "PrimaryNeedsFromAws": needs});
        let errors = judged(&json!({}), &after).errors;
        assert_eq!(errors.len(), 1_210);
        let is_meant = |error: &Finding| error.suggestion.is_some();
        assert!(errors[..1_000].iter().all(is_meant));
        assert!(!errors[1_000..].iter().any(is_meant));
        assert_eq!(
            errors[1_199].detail,
            "`/LifeCycle/Stag1199` is not a member that AWS knows"
        );
        assert_eq!(
            errors[1_200].detail,
            "`Co-Sell - Deal` is not in AWS's list"
        );
    }

    #[test]
    fn a_value_from_a_list_has_no_suggestion_after_a_thousand_findings() {
        let members: Object = (0..1_000)
            .map(|number| (format!("Stag{number}"), json!(1)))
            .collect();
        let after = json!({"LifeCycle": members, "PrimaryNeedsFromAws": ["Co-Sell - Deal"]});
        let errors = judged(&json!({}), &after).errors;
        assert_eq!(
            errors[1_000].detail,
            "`Co-Sell - Deal` is not in AWS's list"
        );
        assert_eq!(errors[1_000].suggestion, None);
    }

    #[test]
    fn a_text_and_a_list_may_be_as_long_as_aws_takes_and_no_longer() {
        let spend = |count| {
            let item = json!({
                "Amount": "1", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS",
            });
            json!({"Project": {"ExpectedCustomerSpend": vec![item; count]}})
        };
        let steps = |length| json!({"LifeCycle": {"NextSteps": "é".repeat(length)}});
        for (fits, exceeds, code) in [
            (spend(10), spend(11), "too-many-items"),
            (steps(255), steps(256), "too-long"),
        ] {
            assert_eq!(judged(&json!({}), &fits), Judgement::default(), "{code}");
            let errors = judged(&json!({}), &exceeds).errors;
            assert_eq!(
                errors.iter().map(|it| it.code.as_str()).collect::<Vec<_>>(),
                [code]
            );
        }
    }

    #[test]
    fn fields_that_the_bridge_sets_are_not_checked() {
        let after = json!({"Catalog": "AWS", "Identifier": "O1", "LastModifiedDate": "m"});
        assert_eq!(judged(&json!({}), &after), Judgement::default());
    }

    #[test]
    fn a_finding_is_serialized_as_its_documentation_says() {
        let errors = judged(&json!({}), &json!({"Lifecycle": 1, "x": 1})).errors;
        let detail = |index: usize| errors[index].detail.clone();
        assert_eq!(
            serde_json::to_value(&errors).unwrap(),
            json!([
                {
                    "pointer": "/Lifecycle", "code": "unknown-member", "source": "patch",
                    "detail": detail(0), "suggestion": "LifeCycle",
                },
                {"pointer": "/x", "code": "unknown-member", "source": "patch", "detail": detail(1)},
            ])
        );
    }
}

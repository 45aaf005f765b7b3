//! Checks fields that AWS judges together: a value that requires or excludes another one.
//!
//! `UpdateOpportunity` documents no list of these rules. Each one here names its source, and is an error
//! only if AWS's own documentation is clear. AWS may change the rules at any time, so a caller can have
//! even errors left to AWS (`lenient`). A rule applies only if the patch touches one of its fields: what
//! AWS accepted before is not the patch's fault.
//!
//! Sources: "API" is the API reference of the Selling API (`LifeCycle`, `Account`, `Project`,
//! `Marketing`, `ExpectedCustomerSpend`, `UpdateOpportunity`), "ACE" is the field specification of AWS's
//! CRM integration, version 14.3, which covers the same opportunities.

use serde_json::Value;

use crate::{
    change::Change,
    code::Code,
    finding::{Finding, Source},
    owner,
    pointer::{find, overlap},
    schema::Judgement,
    value::Object,
};

const STAGE: &str = "/LifeCycle/Stage";
const CLOSED_LOST_REASON: &str = "/LifeCycle/ClosedLostReason";
const CLOSE_DATE: &str = "/LifeCycle/TargetCloseDate";
const INDUSTRY: &str = "/Customer/Account/Industry";
const OTHER_INDUSTRY: &str = "/Customer/Account/OtherIndustry";
const COMPETITOR: &str = "/Project/CompetitorName";
const OTHER_COMPETITORS: &str = "/Project/OtherCompetitorNames";
const SOLUTIONS: &str = "/RelatedEntityIdentifiers/Solutions";
const OTHER_SOLUTION: &str = "/Project/OtherSolutionDescription";
const TYPE: &str = "/OpportunityType";
const RELATED_OPPORTUNITY: &str = "/Project/RelatedOpportunityIdentifier";
const NATIONAL_SECURITY: &str = "/NationalSecurity";
const NEEDS: &str = "/PrimaryNeedsFromAws";
const SPEND: &str = "/Project/ExpectedCustomerSpend";
const PARTITION: &str = "/Project/AwsPartition";
const MARKETING_SOURCE: &str = "/Marketing/Source";
const FUNDING: &str = "/Marketing/AwsFundingUsed";
const CAMPAIGN: &str = "/Marketing/CampaignName";
const CHANNELS: &str = "/Marketing/Channels";
const USE_CASES: &str = "/Marketing/UseCases";

/// The stages that AWS documents as terminal ("Stage visibility" in the sales guide).
const TERMINAL: [&str; 2] = ["Launched", "Closed Lost"];

/// A rule about fields that depend on each other.
struct Rule {
    code: Code,
    /// Whether AWS's documentation is clear about it.
    is_certain: bool,
    /// The fields that the rule is about; the first is the one to correct.
    fields: &'static [&'static str],
    is_broken: fn(&Object) -> bool,
    detail: &'static str,
}

const RULES: [Rule; 12] = [
    // API, `LifeCycle.ClosedLostReason`: the reason "when an opportunity is marked as Closed Lost". ACE:
    // required then.
    Rule {
        code: Code::MissingCompanion,
        is_certain: true,
        fields: &[CLOSED_LOST_REASON, STAGE],
        is_broken: |it| is(it, STAGE, "Closed Lost") && is_empty(it, CLOSED_LOST_REASON),
        detail: "the stage `Closed Lost` needs a `ClosedLostReason`",
    },
    // The same sentence; AWS does not document whether it refuses the reason at another stage.
    Rule {
        code: Code::ConflictingCompanion,
        is_certain: false,
        fields: &[CLOSED_LOST_REASON, STAGE],
        is_broken: |it| !is(it, STAGE, "Closed Lost") && !is_empty(it, CLOSED_LOST_REASON),
        detail: "a `ClosedLostReason` is meant for the stage `Closed Lost`",
    },
    // API, `Account.OtherIndustry`: "when the selected value in the Industry field is Other". ACE: required
    // then. The reverse is accepted: some recorded answers have both.
    Rule {
        code: Code::MissingCompanion,
        is_certain: true,
        fields: &[OTHER_INDUSTRY, INDUSTRY],
        is_broken: |it| is(it, INDUSTRY, "Other") && is_empty(it, OTHER_INDUSTRY),
        detail: "the industry `Other` needs an `OtherIndustry`",
    },
    // API, `Project.CompetitorName`: "Use Other to submit a value not in the picklist". ACE: required
    // then. The value is `*Other` in the service model.
    Rule {
        code: Code::MissingCompanion,
        is_certain: true,
        fields: &[OTHER_COMPETITORS, COMPETITOR],
        is_broken: |it| is(it, COMPETITOR, "*Other") && is_empty(it, OTHER_COMPETITORS),
        detail: "the competitor `*Other` needs `OtherCompetitorNames`",
    },
    // API, `Project.OtherCompetitorNames`: "Only allowed when CompetitorNames has Other selected". Two
    // of the values begin with "Other", and no refusal was seen.
    Rule {
        code: Code::ConflictingCompanion,
        is_certain: false,
        fields: &[OTHER_COMPETITORS, COMPETITOR],
        is_broken: |it| {
            let competitor = text(it, COMPETITOR).unwrap_or_default();
            !competitor.contains("Other") && !is_empty(it, OTHER_COMPETITORS)
        },
        detail: "`OtherCompetitorNames` are meant for the competitor `*Other`",
    },
    // API, `Project.OtherSolutionDescription`: "when the RelatedEntityIdentifiers.Solutions field value
    // is Other". ACE: required then.
    Rule {
        code: Code::MissingCompanion,
        is_certain: true,
        fields: &[OTHER_SOLUTION],
        is_broken: |it| {
            texts(it, SOLUTIONS).any(|one| one == "Other") && is_empty(it, OTHER_SOLUTION)
        },
        detail: "the solution `Other` needs an `OtherSolutionDescription`",
    },
    // ACE: required for a renewal. The API reference says only that it is the parent opportunity.
    Rule {
        code: Code::MissingCompanion,
        is_certain: false,
        fields: &[RELATED_OPPORTUNITY, TYPE],
        is_broken: |it| is(it, TYPE, "Flat Renewal") && is_empty(it, RELATED_OPPORTUNITY),
        detail: "the type `Flat Renewal` may need a `RelatedOpportunityIdentifier`",
    },
    // API, `NationalSecurity`: "only applicable when the industry is Government".
    Rule {
        code: Code::ConflictingCompanion,
        is_certain: false,
        fields: &[NATIONAL_SECURITY, INDUSTRY],
        is_broken: |it| is(it, NATIONAL_SECURITY, "Yes") && !is(it, INDUSTRY, "Government"),
        detail: "`NationalSecurity` is meant for the industry `Government`",
    },
    // ACE: support and "Do Not Need Support" exclude each other.
    Rule {
        code: Code::ConflictingCompanion,
        is_certain: false,
        fields: &[NEEDS],
        is_broken: |it| {
            let is_none = |need: &str| need.starts_with("Do Not Need Support");
            texts(it, NEEDS).any(is_none) && !texts(it, NEEDS).all(is_none)
        },
        detail: "`Do Not Need Support from AWS Sales Rep` excludes every other need",
    },
    // API, `Marketing.UseCases`: "Must be empty when Marketing.AWSFundingUsed = No".
    Rule {
        code: Code::ConflictingCompanion,
        is_certain: true,
        fields: &[USE_CASES, FUNDING],
        is_broken: |it| is(it, FUNDING, "No") && !is_empty(it, USE_CASES),
        detail: "`UseCases` must be empty where `AwsFundingUsed` is `No`",
    },
    // ACE: `Marketing Activity` asks whether it was funded, `None` excludes what describes an activity.
    Rule {
        code: Code::MissingCompanion,
        is_certain: false,
        fields: &[FUNDING, MARKETING_SOURCE],
        is_broken: |it| is(it, MARKETING_SOURCE, "Marketing Activity") && is_empty(it, FUNDING),
        detail: "the source `Marketing Activity` may need `AwsFundingUsed`",
    },
    Rule {
        code: Code::ConflictingCompanion,
        is_certain: false,
        fields: &[MARKETING_SOURCE, CAMPAIGN, CHANNELS, USE_CASES],
        is_broken: |it| {
            let describe = [CAMPAIGN, CHANNELS, USE_CASES];
            is(it, MARKETING_SOURCE, "None") && describe.iter().any(|at| !is_empty(it, at))
        },
        detail: "the source `None` excludes a campaign, channels and use cases",
    },
];

/// Judges what a patch did to an opportunity: `before` is the document as read, `after` as it would be.
/// `today` is the date in UTC, as `YYYY-MM-DD`.
pub(crate) fn judge(before: &Object, after: &Object, changes: &[Change], today: &str) -> Judgement {
    let touched = |field: &str| changes.iter().any(|change| overlap(&change.pointer, field));
    let mut judgement = Judgement::default();
    for rule in &RULES {
        if rule.fields.iter().any(|field| touched(field)) && (rule.is_broken)(after) {
            let pointer = rule.fields.first().copied().unwrap_or_default();
            let finding = Finding::of_patch(pointer, rule.code, rule.detail);
            add_new(
                &mut judgement,
                rule.is_certain,
                (rule.is_broken)(before),
                finding,
            );
        }
    }
    if touched(SPEND) || touched(PARTITION) {
        let was_broken = without_euro(before).next().is_some();
        for index in without_euro(after) {
            let pointer = format!("{SPEND}/{index}/CurrencyCode");
            let detail = "in the partition `aws-eusc` the currency must be `EUR`";
            let finding = Finding::of_patch(pointer, Code::ConflictingCompanion, detail);
            add_new(&mut judgement, true, was_broken, finding);
        }
    }
    if touched(CLOSE_DATE) {
        judge_close_date(after, today, &mut judgement);
    }
    judge_stage(before, changes, &mut judgement);
    judgement
}

/// The fields that a rule judges together with one of these places, each with the place.
pub(crate) fn judged_with<'a>(
    pointers: impl Iterator<Item = &'a str>,
) -> Vec<(&'static str, &'a str)> {
    let mut companions = Vec::new();
    for pointer in pointers {
        for rule in &RULES {
            let Some(touched) = rule.fields.iter().find(|field| overlap(pointer, field)) else {
                continue;
            };
            for field in rule.fields {
                let is_known = companions.iter().any(|(known, _)| known == field);
                if field != touched && !is_known {
                    companions.push((*field, pointer));
                }
            }
        }
    }
    companions
}

/// Adds a finding; if the rule was broken before, its source is the opportunity.
fn add_new(judgement: &mut Judgement, is_certain: bool, was_broken: bool, mut finding: Finding) {
    if was_broken {
        finding.source = Source::Opportunity;
    }
    add(judgement, is_certain && !was_broken, finding);
}

fn add(judgement: &mut Judgement, is_error: bool, finding: Finding) {
    if is_error {
        judgement.errors.push(finding);
    } else {
        judgement.warnings.push(finding);
    }
}

/// The expected spends in another currency than the euro, if it must be the euro.
///
/// API, `ExpectedCustomerSpend.CurrencyCode`: "If the AWS Partition is aws-eusc (AWS European Sovereign
/// Cloud), the currency code must be EUR".
fn without_euro(document: &Object) -> impl Iterator<Item = usize> {
    let is_sovereign = is(document, PARTITION, "aws-eusc");
    let items = find(document, SPEND).filter(|_| is_sovereign);
    let items = items
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate();
    items.filter_map(|(index, item)| {
        let currency = item.get("CurrencyCode")?.as_str()?;
        (currency != "EUR").then_some(index)
    })
}

/// API, `LifeCycle.TargetCloseDate`: "Ensure the Target Close Date isn't in the past".
///
/// AWS does not document which time zone counts. It may still be yesterday somewhere, so yesterday is only
/// a warning.
fn judge_close_date(after: &Object, today: &str, judgement: &mut Judgement) {
    let Some(date) = text(after, CLOSE_DATE) else {
        return;
    };
    // The schema refuses a text that is no date. Dates in this form sort as texts.
    if date.len() != today.len() || date >= today {
        return;
    }
    let is_yesterday = day_before(today).is_some_and(|yesterday| date == yesterday);
    let detail = format!("`{date}` is in the past, expected `{today}` or later");
    let finding = Finding::of_patch(CLOSE_DATE, Code::PastDate, detail);
    add(judgement, !is_yesterday, finding);
}

/// The day before a date, both as `YYYY-MM-DD`.
fn day_before(date: &str) -> Option<String> {
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<u32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let (year, month, day) = match (month, day) {
        (1, 1) => (year.checked_sub(1)?, 12, 31),
        (month, 1) => (year, month - 1, last_day(year, month - 1)),
        (month, day) => (year, month, day.checked_sub(1)?),
    };
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

fn last_day(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Sales guide, "Stage visibility": `Launched` and `Closed Lost` are terminal. ACE: after `Launched`
/// nearly every field is closed, and which ones are open depends on the partner's programs.
fn judge_stage(before: &Object, changes: &[Change], judgement: &mut Judgement) {
    let Some(stage) = text(before, STAGE).filter(|stage| TERMINAL.contains(stage)) else {
        return;
    };
    let is_partners = |change: &&Change| owner::of(&change.pointer).is_none();
    if changes.iter().any(|change| overlap(&change.pointer, STAGE)) {
        let detail = format!("the stage `{stage}` is final, a patch may not change it");
        judgement
            .errors
            .push(Finding::of_patch(STAGE, Code::TerminalStage, detail));
    } else if changes.iter().any(|change| is_partners(&change)) {
        let detail = format!("the stage `{stage}` is final, AWS may refuse changes");
        let finding = Finding::new(STAGE, Code::TerminalStage, detail, Source::Opportunity);
        judgement.warnings.push(finding);
    }
}

fn text<'a>(document: &'a Object, pointer: &str) -> Option<&'a str> {
    find(document, pointer)?.as_str()
}

fn is(document: &Object, pointer: &str, value: &str) -> bool {
    text(document, pointer) == Some(value)
}

/// Whether a field is missing or holds only white space.
fn is_empty(document: &Object, pointer: &str) -> bool {
    match find(document, pointer) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}

fn texts<'a>(document: &'a Object, pointer: &str) -> impl Iterator<Item = &'a str> {
    let items = find(document, pointer).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Catalog, Opportunity, Patch, Review, review};

    const TODAY: &str = "2026-03-01";

    fn opportunity(document: &Value) -> Opportunity {
        let mut document = document.as_object().unwrap().clone();
        document.insert("Id".to_owned(), json!("O1"));
        document.insert("LastModifiedDate".to_owned(), json!("m"));
        Opportunity::from_document(document, &Catalog::parse("Sandbox").unwrap()).unwrap()
    }

    fn reviewed(before: &Value, patch: &Value) -> Review {
        let before = opportunity(before);
        let patch = Patch::parse_merge(patch.to_string().as_bytes()).unwrap();
        let after = patch.apply(&before).unwrap();
        review(&before, after, TODAY)
    }

    /// The codes and pointers of this file's findings; a warning ends with `?`, and with its source if that
    /// is the opportunity.
    fn told(before: &Value, patch: &Value) -> Vec<String> {
        let review = reviewed(before, patch);
        let is_ours = |finding: &&Finding| {
            matches!(
                finding.code,
                Code::MissingCompanion
                    | Code::ConflictingCompanion
                    | Code::PastDate
                    | Code::TerminalStage
            )
        };
        let (errors, warnings) = (review.errors(false), review.warnings(false));
        let errors = errors.iter().filter(is_ours);
        let errors = errors.map(|one| format!("{} {}", one.code.as_str(), one.pointer));
        let warnings = warnings.iter().filter(is_ours).map(|one| {
            let source = match one.source {
                Source::Patch => "",
                other => other.as_str(),
            };
            format!("{} {}?{source}", one.code.as_str(), one.pointer)
        });
        errors.chain(warnings).collect()
    }

    #[test]
    fn a_value_that_needs_another_one_beside_it_is_refused_without_it() {
        for (before, patch, expected) in [
            (
                json!({"LifeCycle": {"Stage": "Committed"}}),
                json!({"LifeCycle": {"Stage": "Closed Lost"}}),
                "missing-companion /LifeCycle/ClosedLostReason",
            ),
            (
                json!({"Customer": {"Account": {"Industry": "Gaming"}}}),
                json!({"Customer": {"Account": {"Industry": "Other"}}}),
                "missing-companion /Customer/Account/OtherIndustry",
            ),
            (
                json!({"Customer": {"Account": {"Industry": "Other", "OtherIndustry": "Chess"}}}),
                json!({"Customer": {"Account": {"OtherIndustry": " "}}}),
                "missing-companion /Customer/Account/OtherIndustry",
            ),
            (
                json!({"Project": {"CompetitorName": "On-Prem"}}),
                json!({"Project": {"CompetitorName": "*Other"}}),
                "missing-companion /Project/OtherCompetitorNames",
            ),
            (
                json!({
                    "Project": {"OtherSolutionDescription": "Ours"},
                    "RelatedEntityIdentifiers": {"Solutions": ["S-1", "Other"]},
                }),
                json!({"Project": {"OtherSolutionDescription": null}}),
                "missing-companion /Project/OtherSolutionDescription",
            ),
            (
                json!({"Marketing": {"AwsFundingUsed": "Yes", "UseCases": ["Storage"]}}),
                json!({"Marketing": {"AwsFundingUsed": "No"}}),
                "conflicting-companion /Marketing/UseCases",
            ),
            (
                json!({"Project": {"AwsPartition": "aws-eusc"}}),
                json!({"Project": {"ExpectedCustomerSpend": [{"CurrencyCode": "EUR"}, {"CurrencyCode": "USD"}]}}),
                "conflicting-companion /Project/ExpectedCustomerSpend/1/CurrencyCode",
            ),
            (
                json!({"Project": {"ExpectedCustomerSpend": [{"CurrencyCode": "USD"}]}}),
                json!({"Project": {"AwsPartition": "aws-eusc"}}),
                "conflicting-companion /Project/ExpectedCustomerSpend/0/CurrencyCode",
            ),
        ] {
            assert_eq!(told(&before, &patch), [expected], "{patch}");
        }
    }

    #[test]
    fn a_value_with_its_companion_is_accepted() {
        for (before, patch) in [
            (
                json!({"LifeCycle": {"Stage": "Committed"}}),
                json!({"LifeCycle": {"Stage": "Closed Lost", "ClosedLostReason": "Price"}}),
            ),
            (
                json!({"LifeCycle": {"Stage": "Prospect", "ClosedLostReason": null}}),
                json!({"LifeCycle": {"Stage": "Launched"}}),
            ),
            (
                json!({"Customer": {"Account": {"OtherIndustry": "Chess"}}}),
                json!({"Customer": {"Account": {"Industry": "Other"}}}),
            ),
            // Recorded answers have both.
            (
                json!({"Customer": {"Account": {"OtherIndustry": "Investment Banking"}}}),
                json!({"Customer": {"Account": {"Industry": "Financial Services"}}}),
            ),
            (
                json!({"Project": {"OtherCompetitorNames": "Paper"}}),
                json!({"Project": {"CompetitorName": "*Other"}}),
            ),
            (
                json!({"Project": {"CompetitorName": "Other- Cost Optimization"}}),
                json!({"Project": {"OtherCompetitorNames": "Paper"}}),
            ),
            (
                json!({"RelatedEntityIdentifiers": {"Solutions": ["S-1"]}}),
                json!({"Project": {"OtherSolutionDescription": null, "Title": "t"}}),
            ),
            (
                json!({
                    "Project": {"OtherSolutionDescription": "Ours"},
                    "RelatedEntityIdentifiers": {"Solutions": ["S-1"]},
                }),
                json!({"Project": {"OtherSolutionDescription": null}}),
            ),
            (
                json!({"Marketing": {"AwsFundingUsed": "Yes", "UseCases": ["Storage"]}}),
                json!({"Marketing": {"AwsFundingUsed": "No", "UseCases": []}}),
            ),
            (
                json!({"OpportunityType": "Expansion"}),
                json!({"OpportunityType": "Flat Renewal", "Project": {"RelatedOpportunityIdentifier": "O2"}}),
            ),
            (
                json!({"NationalSecurity": "No"}),
                json!({"NationalSecurity": "Yes", "Customer": {"Account": {"Industry": "Government"}}}),
            ),
            (
                json!({"PrimaryNeedsFromAws": []}),
                json!({"PrimaryNeedsFromAws": ["Co-Sell - Deal Support", "Co-Sell - Pricing Assistance"]}),
            ),
            (
                json!({"PrimaryNeedsFromAws": []}),
                json!({"PrimaryNeedsFromAws": ["Do Not Need Support from AWS Sales Rep"]}),
            ),
            (
                json!({"Marketing": {"CampaignName": null, "Channels": []}}),
                json!({"Marketing": {"Source": "None"}}),
            ),
            (
                json!({"Marketing": {"CampaignName": "Spring", "AwsFundingUsed": "Yes"}}),
                json!({"Marketing": {"Source": "Marketing Activity"}}),
            ),
            (
                json!({"Project": {"AwsPartition": "aws-eusc"}}),
                json!({"Project": {"ExpectedCustomerSpend": [{"CurrencyCode": "EUR"}, {"CurrencyCode": null}]}}),
            ),
            (
                json!({"Project": {"AwsPartition": null}}),
                json!({"Project": {"ExpectedCustomerSpend": [{"CurrencyCode": "USD"}]}}),
            ),
        ] {
            assert_eq!(told(&before, &patch), [] as [&str; 0], "{patch}");
        }
    }

    #[test]
    fn a_combination_that_aws_documents_loosely_is_only_a_warning() {
        for (before, patch, expected) in [
            (
                json!({"LifeCycle": {"Stage": "Committed"}}),
                json!({"LifeCycle": {"ClosedLostReason": "Price"}}),
                "conflicting-companion /LifeCycle/ClosedLostReason?",
            ),
            (
                json!({"Project": {"CompetitorName": "On-Prem"}}),
                json!({"Project": {"OtherCompetitorNames": "Paper"}}),
                "conflicting-companion /Project/OtherCompetitorNames?",
            ),
            (
                json!({"OpportunityType": "Expansion"}),
                json!({"OpportunityType": "Flat Renewal"}),
                "missing-companion /Project/RelatedOpportunityIdentifier?",
            ),
            (
                json!({"Customer": {"Account": {"Industry": "Gaming"}}}),
                json!({"NationalSecurity": "Yes"}),
                "conflicting-companion /NationalSecurity?",
            ),
            (
                json!({"PrimaryNeedsFromAws": ["Do Not Need Support from AWS Sales Rep"]}),
                json!({"PrimaryNeedsFromAws": ["Do Not Need Support from AWS Sales Rep", "Co-Sell - Deal Support"]}),
                "conflicting-companion /PrimaryNeedsFromAws?",
            ),
            (
                json!({"Marketing": {"Source": "None"}}),
                json!({"Marketing": {"Source": "Marketing Activity"}}),
                "missing-companion /Marketing/AwsFundingUsed?",
            ),
            (
                json!({"Marketing": {"CampaignName": "Spring", "AwsFundingUsed": "Yes"}}),
                json!({"Marketing": {"Source": "None"}}),
                "conflicting-companion /Marketing/Source?",
            ),
        ] {
            assert_eq!(told(&before, &patch), [expected], "{patch}");
        }
    }

    #[test]
    fn a_rule_broken_before_is_a_warning_and_one_whose_fields_the_patch_leaves_alone_is_silent() {
        let before = json!({
            "LifeCycle": {"Stage": "Qualified", "NextSteps": "Call", "TargetCloseDate": "2020-01-01"},
            "Customer": {"Account": {"Industry": "Other"}},
            "Marketing": {"AwsFundingUsed": "No", "UseCases": ["Storage"]},
            "Project": {"AwsPartition": "aws-eusc", "ExpectedCustomerSpend": [{"CurrencyCode": "USD", "Amount": "1"}]},
        });
        for (patch, expected) in [
            (json!({"LifeCycle": {"NextSteps": "Write"}}), vec![]),
            (
                json!({"Marketing": {"UseCases": ["IoT"]}}),
                vec!["conflicting-companion /Marketing/UseCases?opportunity"],
            ),
            (
                json!({"Project": {"ExpectedCustomerSpend": [{"CurrencyCode": "USD", "Amount": "2"}]}}),
                vec![
                    "conflicting-companion /Project/ExpectedCustomerSpend/0/CurrencyCode?opportunity",
                ],
            ),
            (before.clone(), vec![]),
        ] {
            assert_eq!(told(&before, &patch), expected, "{patch}");
        }
    }

    #[test]
    fn a_close_date_may_not_be_moved_into_the_past() {
        let before = json!({"LifeCycle": {"TargetCloseDate": "2025-12-31"}});
        let past = "past-date /LifeCycle/TargetCloseDate".to_owned();
        for (date, expected) in [
            (json!("2026-03-01"), vec![]),
            (json!("2029-12-31"), vec![]),
            // West of UTC it is still that day.
            (json!("2026-02-28"), vec![format!("{past}?")]),
            (json!("2026-02-27"), vec![past.clone()]),
            (json!("2020-01-01"), vec![past.clone()]),
            (json!(null), vec![]),
            (json!(2020), vec![]),
            (json!("2020"), vec![]),
        ] {
            let patch = json!({"LifeCycle": {"TargetCloseDate": date}});
            assert_eq!(told(&before, &patch), expected, "{patch}");
        }
        let patch = json!({"LifeCycle": {"TargetCloseDate": "2020-01-01"}});
        let error = &reviewed(&before, &patch).errors(false)[0];
        assert_eq!(
            error.detail,
            "`2020-01-01` is in the past, expected `2026-03-01` or later"
        );
    }

    #[test]
    fn the_day_before_is_right_across_months_and_years() {
        for (date, before) in [
            ("2026-03-02", Some("2026-03-01")),
            ("2026-03-01", Some("2026-02-28")),
            ("2024-03-01", Some("2024-02-29")),
            ("2000-03-01", Some("2000-02-29")),
            ("2100-03-01", Some("2100-02-28")),
            ("2026-01-01", Some("2025-12-31")),
            ("2026-05-01", Some("2026-04-30")),
            ("2026-07-01", Some("2026-06-30")),
            ("2026-10-01", Some("2026-09-30")),
            ("2026-12-01", Some("2026-11-30")),
            ("2026-08-01", Some("2026-07-31")),
            ("2026-12-31", Some("2026-12-30")),
            ("today", None),
        ] {
            assert_eq!(day_before(date).as_deref(), before, "{date}");
        }
    }

    #[test]
    fn a_final_stage_cannot_change_and_other_changes_to_it_are_warnings() {
        let at = |stage: &str| json!({"LifeCycle": {"Stage": stage, "ClosedLostReason": "Price"}});
        for (stage, patch, expected) in [
            (
                "Launched",
                json!({"LifeCycle": {"Stage": "Committed", "ClosedLostReason": null}}),
                vec!["terminal-stage /LifeCycle/Stage"],
            ),
            (
                "Closed Lost",
                json!({"LifeCycle": {"Stage": "Qualified", "ClosedLostReason": null}}),
                vec!["terminal-stage /LifeCycle/Stage"],
            ),
            (
                "Launched",
                json!({"Project": {"AdditionalComments": "Live"}}),
                vec!["terminal-stage /LifeCycle/Stage?opportunity"],
            ),
            // Nothing changes, or only AWS's fields do.
            (
                "Launched",
                json!({"LifeCycle": {"Stage": "Launched"}}),
                vec![],
            ),
            (
                "Launched",
                json!({"LifeCycle": {"ReviewStatus": "Approved"}}),
                vec![],
            ),
            (
                "Committed",
                json!({"LifeCycle": {"Stage": "Launched", "ClosedLostReason": null}}),
                vec![],
            ),
        ] {
            assert_eq!(told(&at(stage), &patch), expected, "{stage} {patch}");
        }
    }

    #[test]
    fn lenient_leaves_every_one_of_these_rules_to_aws() {
        let before = json!({"LifeCycle": {"Stage": "Launched", "TargetCloseDate": "2025-12-31"}});
        let patch = json!({
            "LifeCycle": {"Stage": "Closed Lost", "TargetCloseDate": "2026-01-01"},
            "Marketing": {"AwsFundingUsed": "No", "UseCases": ["Storage"]},
        });
        let review = reviewed(&before, &patch);
        assert_eq!(review.errors(false).len(), 4);
        assert_eq!(review.errors(true), []);
        assert_eq!(
            review.warnings(true).len(),
            review.warnings(false).len() + 4
        );
    }
}

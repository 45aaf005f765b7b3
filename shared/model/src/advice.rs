//! Warns of changes that AWS will make to an opportunity on its own.
//!
//! Source: "Deal sizing" in AWS's developer guide, and the service model's documentation of
//! `ExpectedCustomerSpend`.

use serde_json::Value;

use crate::{
    code::Code,
    finding::{Finding, Source},
    pointer,
    value::Object,
};

const SPEND: &str = "/Project/ExpectedCustomerSpend";

/// Warns of the rules that AWS applies silently to an opportunity that a patch changed: `before` is the
/// document that was read, `after` the body of an [`Update`](crate::Update).
///
/// AWS drops an `EstimationUrl` that does not agree with the `Amount` beside it, so a change to only one of
/// the two is a warning. AWS rewrites a `TargetCompany` other than `AWS` if there is no
/// `ExpectedContractDuration`; if that was so before the patch, there is one warning, and its source is the
/// opportunity.
#[must_use]
pub(crate) fn advise(before: &Object, after: &Object) -> Vec<Finding> {
    let mut earlier = rewritten(before);
    let mut is_told = false;
    let mut advice = Vec::new();
    let mut to_be_rewritten = rewritten(after).into_iter().peekable();
    for (index, item) in spend(after).iter().enumerate() {
        let at = pointer::child(SPEND, &index.to_string());
        if may_lose_its_estimate(item, spend(before)) {
            advice.push(Finding::of_patch(
                pointer::child(&at, "EstimationUrl"),
                Code::EstimationUrlDropped,
                "only one of `Amount` and `EstimationUrl` changes, and AWS drops the URL \
                 where they disagree, expected null for the one that is out of date",
            ));
        }
        let Some((_, company)) = to_be_rewritten.next_if(|(place, _)| *place == index) else {
            continue;
        };
        let twin = earlier.iter().position(|(_, earlier)| *earlier == company);
        let source = match twin.map(|twin| earlier.swap_remove(twin)) {
            Some(_) if is_told => continue,
            Some(_) => Source::Opportunity,
            None => Source::Patch,
        };
        is_told |= source == Source::Opportunity;
        advice.push(Finding::new(
            pointer::child(&at, "TargetCompany"),
            Code::TargetCompanyRewritten,
            format!(
                "AWS rewrites `{company}` to `AWS`, expected an `ExpectedContractDuration` with any other company"
            ),
            source,
        ));
    }
    advice
}

/// The companies that AWS will rewrite, with their indexes in the list.
fn rewritten(document: &Object) -> Vec<(usize, &str)> {
    let duration = pointer::find(document, "/Project/ExpectedContractDuration");
    if duration.is_some_and(|duration| !duration.is_null()) {
        return Vec::new();
    }
    let items = spend(document).iter().enumerate();
    items
        .filter_map(|(index, item)| {
            let company = item.get("TargetCompany")?.as_str()?;
            (company != "AWS").then_some((index, company))
        })
        .collect()
}

fn spend(document: &Object) -> &[Value] {
    let items = pointer::find(document, SPEND).and_then(Value::as_array);
    items.map_or(&[], Vec::as_slice)
}

/// Whether `item` has both an amount and an estimate, and exactly one of the two is unchanged.
fn may_lose_its_estimate(item: &Value, before: &[Value]) -> bool {
    let there = |name| item.get(name).filter(|value| !value.is_null());
    let (Some(amount), Some(url)) = (there("Amount"), there("EstimationUrl")) else {
        return false;
    };
    let same: Vec<_> = before
        .iter()
        .map(|item| {
            (
                item.get("Amount") == Some(amount),
                item.get("EstimationUrl") == Some(url),
            )
        })
        .collect();
    !same.contains(&(true, true)) && same.iter().any(|(amount, url)| *amount || *url)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ESTIMATE: &str = "https://calculator.aws/#/estimate?id=1";
    const OTHER: &str = "https://calculator.aws/#/estimate?id=2";

    fn item(amount: Option<&str>, url: Option<&str>) -> Value {
        json!({"Amount": amount, "EstimationUrl": url, "TargetCompany": "AWS"})
    }

    fn project(spend: &[Value], duration: Option<&str>) -> Object {
        let duration = duration.map(|value| json!({"Term": "Months", "Value": value}));
        let project = json!({
            "ExpectedCustomerSpend": spend, "ExpectedContractDuration": duration,
        });
        Object::from_iter([("Project".to_owned(), project)])
    }

    /// The pointer, code and detail of the advice, which must be a single piece or none.
    fn only(advice: &[Finding]) -> Option<[&str; 3]> {
        match advice {
            [] => None,
            [one] => Some([&one.pointer, one.code.as_str(), &one.detail]),
            more => panic!("{more:#?}"),
        }
    }

    #[test]
    fn changing_only_one_of_amount_and_estimation_url_is_a_warning() {
        let told = Some([
            "/Project/ExpectedCustomerSpend/0/EstimationUrl",
            "estimation-url-dropped",
            "only one of `Amount` and `EstimationUrl` changes, and AWS drops the URL where they disagree, expected null for the one that is out of date",
        ]);
        let read = item(Some("1"), Some(ESTIMATE));
        let before = project(std::slice::from_ref(&read), None);
        for (after, advised) in [
            (vec![item(Some("2"), Some(ESTIMATE))], told),
            (vec![item(Some("1"), Some(OTHER))], told),
            (vec![item(Some("2"), Some(ESTIMATE)), read.clone()], told),
            (vec![item(Some("2"), Some(OTHER)), read.clone()], None),
            (vec![item(Some("2"), None)], None),
            (vec![item(None, Some(ESTIMATE))], None),
            (vec![read], None),
            (vec![json!(1)], None),
            (vec![], None),
        ] {
            assert_eq!(only(&advise(&before, &project(&after, None))), advised);
        }
    }

    #[test]
    fn a_target_company_that_aws_will_rewrite_is_blamed_on_the_patch_only_if_the_patch_caused_it() {
        let company = |name: &str| json!({"TargetCompany": name});
        let (aws, own, other) = (company("AWS"), company("Self"), company("Partner"));
        for (before, after, advised) in [
            // The patch adds the company or removes the contract.
            (
                (vec![aws.clone()], None),
                (vec![aws.clone(), own.clone()], None),
                vec![(1, "Self", "patch")],
            ),
            (
                (vec![own.clone()], Some("24")),
                (vec![own.clone()], None),
                vec![(0, "Self", "patch")],
            ),
            (
                (vec![own.clone()], None),
                (vec![other.clone()], None),
                vec![(0, "Partner", "patch")],
            ),
            // The opportunity was already like that, in one place or several.
            (
                (vec![own.clone()], None),
                (vec![own.clone()], None),
                vec![(0, "Self", "opportunity")],
            ),
            (
                (vec![own.clone(), other.clone()], None),
                (vec![aws.clone(), other.clone(), own.clone()], None),
                vec![(1, "Partner", "opportunity")],
            ),
            (
                (vec![own.clone()], None),
                (vec![own.clone(), own.clone(), other.clone()], None),
                vec![
                    (0, "Self", "opportunity"),
                    (1, "Self", "patch"),
                    (2, "Partner", "patch"),
                ],
            ),
            // With a contract duration AWS rewrites nothing.
            (
                (vec![own.clone()], None),
                (vec![own.clone()], Some("24")),
                vec![],
            ),
            ((vec![], None), (vec![own, other], Some("36")), vec![]),
            ((vec![], None), (vec![aws, json!(1)], None), vec![]),
        ] {
            let told = advise(&project(&before.0, before.1), &project(&after.0, after.1));
            let advised: Vec<_> = advised
                .into_iter()
                .map(|(index, company, source)| {
                    let place = format!("/Project/ExpectedCustomerSpend/{index}/TargetCompany");
                    let detail = format!("AWS rewrites `{company}` to `AWS`, expected an `ExpectedContractDuration` with any other company");
                    (place, "target-company-rewritten", detail, source)
                })
                .collect();
            let told: Vec<_> = told
                .into_iter()
                .map(|one| {
                    (
                        one.pointer,
                        one.code.as_str(),
                        one.detail,
                        one.source.as_str(),
                    )
                })
                .collect();
            assert_eq!(told, advised, "{before:?} {after:?}");
        }
        assert_eq!(advise(&Object::new(), &Object::new()), []);
    }
}

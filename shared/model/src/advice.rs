//! What AWS will do to an opportunity unasked, said before it does.
//!
//! Source: "Deal sizing" in AWS's developer guide, and the service model's documentation of
//! `ExpectedCustomerSpend`.

use serde_json::Value;

use crate::{Code, Finding, Object, Source, pointer};

const SPEND: &str = "/Project/ExpectedCustomerSpend";

/// The rules that AWS will apply without a word to an opportunity that a patch changed, as warnings:
/// both are the bodies of an [`Update`](crate::Update).
///
/// An `EstimationUrl` that does not agree with the `Amount` beside it is dropped, so it is told
/// where only one of the two changes. A `TargetCompany` other than `AWS` is rewritten to `AWS` where
/// there is no `ExpectedContractDuration`, changed or not.
#[must_use]
pub(crate) fn advise(before: &Object, after: &Object) -> Vec<Finding> {
    let duration = pointer::find(after, "/Project/ExpectedContractDuration");
    let is_without_contract = duration.is_none_or(Value::is_null);
    let mut advice = Vec::new();
    for (index, item) in spend(after).iter().enumerate() {
        let at = pointer::child(SPEND, &index.to_string());
        if may_lose_its_estimate(item, spend(before)) {
            advice.push(Finding {
                pointer: pointer::child(&at, "EstimationUrl"),
                code: Code::EstimationUrlDropped,
                detail: "only one of `Amount` and `EstimationUrl` changes, and AWS drops the URL \
                         where they disagree, expected null for the one that is out of date"
                    .to_owned(),
                source: Source::Patch,
                suggestion: None,
            });
        }
        let company = item.get("TargetCompany").and_then(Value::as_str);
        if let Some(company) = company.filter(|company| is_without_contract && *company != "AWS") {
            advice.push(Finding {
                pointer: pointer::child(&at, "TargetCompany"),
                code: Code::TargetCompanyRewritten,
                detail: format!(
                    "AWS rewrites `{company}` to `AWS`, expected an `ExpectedContractDuration` with any other company"
                ),
                source: Source::Patch,
                suggestion: None,
            });
        }
    }
    advice
}

fn spend(document: &Object) -> &[Value] {
    let items = pointer::find(document, SPEND).and_then(Value::as_array);
    items.map_or(&[], Vec::as_slice)
}

/// Whether `item` has an amount and an estimate, and exactly one of the two from before.
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

    /// The one piece of advice, if any, as pointer, code and detail.
    fn only(advice: &[Finding]) -> Option<[&str; 3]> {
        match advice {
            [] => None,
            [one] => Some([&one.pointer, one.code.as_str(), &one.detail]),
            more => panic!("{more:#?}"),
        }
    }

    #[test]
    fn an_amount_changed_beside_its_estimate_is_told() {
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
    fn another_company_without_a_contract_duration_is_told() {
        let told = Some([
            "/Project/ExpectedCustomerSpend/1/TargetCompany",
            "target-company-rewritten",
            "AWS rewrites `Self` to `AWS`, expected an `ExpectedContractDuration` with any other company",
        ]);
        let spend = [
            json!({"TargetCompany": "AWS"}),
            json!({"TargetCompany": "Self"}),
        ];
        for (before, after, advised) in [
            (None, None, told),
            (Some("24"), None, told),
            (None, Some("24"), None),
            (Some("24"), Some("36"), None),
        ] {
            let (before, after) = (project(&spend, before), project(&spend, after));
            assert_eq!(only(&advise(&before, &after)), advised);
        }
        let after = json!({"Project": {"ExpectedCustomerSpend": spend}});
        assert_eq!(
            only(&advise(&Object::new(), after.as_object().unwrap())),
            told
        );
        assert_eq!(only(&advise(&Object::new(), &Object::new())), None);
    }
}

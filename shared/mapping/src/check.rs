//! Whether AWS has such a place, and takes such values there: a typo is found when the mapping is read.

use model::{Code, misfits};
use serde_json::{Value, json};

use crate::{form::Form, place::Place};

/// The texts that `GetOpportunity` answers and `UpdateOpportunity` does not take.
const READ_ONLY_TEXTS: [&str; 5] = ["Id", "Arn", "Catalog", "CreatedDate", "LastModifiedDate"];

/// The lists of `RelatedEntityIdentifiers`, which change by `AssociateOpportunity`.
const RELATED: [&str; 6] = [
    "AwsMarketplaceOfferSets",
    "AwsMarketplaceOffers",
    "AwsMarketplaceProducts",
    "AwsMarketplaceSolutions",
    "AwsProducts",
    "Solutions",
];

/// What AWS has at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) is_list: bool,
    /// Whether `UpdateOpportunity` takes it at all.
    pub(crate) is_writable: bool,
}

/// What AWS has at a place, or why nothing can be mapped there.
pub(crate) fn shape(place: &Place) -> Result<Shape, String> {
    let at = place.to_string();
    match place.first() {
        None => return Err("expected a place in the opportunity".to_owned()),
        Some((name, 0)) if READ_ONLY_TEXTS.contains(&name) => return Ok(read_only(false)),
        Some(("Identifier", 0)) => {
            return Err("which no opportunity that is read has, nearest is `Id`".to_owned());
        }
        Some(("RelatedEntityIdentifiers", 1)) => {
            let name = place.name().unwrap_or_default();
            return if RELATED.contains(&name) {
                Ok(read_only(true))
            } else {
                Err(unknown(name, &RELATED))
            };
        }
        Some(("OpportunityTeam", 2)) => {
            let contact = at.replacen("/OpportunityTeam", "/Customer/Contacts", 1);
            return known(&contact).map(|shape| read_only(shape.is_list));
        }
        Some(_) => {}
    }
    known(&at)
}

fn read_only(is_list: bool) -> Shape {
    Shape {
        is_list,
        is_writable: false,
    }
}

fn known(at: &str) -> Result<Shape, String> {
    let wrong = |value: &Value| {
        let is_wrong = |code| matches!(code, Code::UnknownMember | Code::WrongType);
        let found = misfits(at, value).into_iter();
        found
            .filter(|finding| is_wrong(finding.code))
            .map(|finding| finding.detail)
            .next()
    };
    let shape = |is_list| Shape {
        is_list,
        is_writable: true,
    };
    let Some(detail) = wrong(&json!("?")) else {
        return Ok(shape(false));
    };
    if wrong(&json!(["?"])).is_none() {
        return Ok(shape(true));
    }
    let holds_fields = [json!({}), json!([{}])]
        .iter()
        .any(|value| wrong(value).is_none());
    Err(if holds_fields {
        "which holds fields of its own, expected one of them".to_owned()
    } else {
        format!("and {detail}")
    })
}

/// What could stand in place of a name that is not known.
pub(crate) fn unknown(name: &str, known: &[&str]) -> String {
    match model::meant(name, known) {
        Some(meant) => format!("nearest is `{meant}`"),
        None => format!("expected one of `{}`", known.join("`, `")),
    }
}

/// A value for AWS: fine, fine as far as AWS's model goes, or wrong.
pub(crate) fn value(place: &Place, value: &Value) -> Result<Option<String>, String> {
    match misfits(&place.to_string(), value).into_iter().next() {
        None => Ok(None),
        Some(finding) if finding.code == Code::UndocumentedValue => Ok(Some(finding.detail)),
        Some(finding) => Err(finding.detail),
    }
}

/// Whether values of this form are what AWS has at a place; what it has, otherwise.
pub(crate) fn form(place: &Place, shape: Shape, form: &Form) -> Result<(), &'static str> {
    let takes = |text: &str| value(place, &json!(text)).is_ok();
    match form {
        Form::List { .. } if shape.is_list => Ok(()),
        _ if shape.is_list => Err("AWS has a list there, expected `list`"),
        Form::List { .. } => Err("AWS has one text there, expected any but `list`"),
        Form::Text { .. } => Ok(()),
        _ if !shape.is_writable => Err("AWS has any text there, expected `text`"),
        Form::Number { .. } if takes("1") => Ok(()),
        Form::Number { .. } => Err("AWS takes no numbers there"),
        Form::Date | Form::DateMs if takes("2029-12-31") && !takes("?") => Ok(()),
        Form::Date | Form::DateMs => Err("AWS has no date there"),
        Form::Boolean if takes("Yes") && takes("No") && !takes("?") => Ok(()),
        Form::Boolean => Err("AWS has no `Yes` and `No` there"),
    }
}

//! Turns the document from `GetOpportunity` into the body for `UpdateOpportunity`.
//!
//! `UpdateOpportunity` is a PUT: whatever it does not get becomes null. So everything that was read is
//! sent, known to this release or not, except for the members that AWS does not take back. The hazards of
//! that round trip are repaired only here, and each repair is reported.

use serde::Serialize;
use serde_json::Value;

use crate::{
    change::{self, Change},
    opportunity::Opportunity,
    owner::{self, Owner},
    pointer::Place,
    value::Object,
};

/// The name of a shape, which awsJson1.0 responses may carry inside `Project.ExpectedCustomerSpend`: AWS's
/// own samples delete it (`EditOpportunity.js`).
pub(crate) const TYPE_TAG: &str = "__type";

/// The pointer to the use case.
const USE_CASE: &str = "/Project/CustomerUseCase";

/// The body of an `UpdateOpportunity` request, and the adjustments made for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The whole body, including `Identifier`, `Catalog` and `LastModifiedDate`.
    pub body: Object,
    /// The repairs, in document order.
    pub adjustments: Vec<Adjustment>,
}

/// A repair that AWS needs before it takes a document back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Adjustment {
    /// The place, as a JSON Pointer into the opportunity.
    pub pointer: String,
    /// The reason.
    pub rule: Rule,
    /// The value as read.
    pub before: Value,
    /// The value as sent; null if the member is not sent.
    pub after: Value,
}

/// The known hazards of the round trip from `GetOpportunity` to `UpdateOpportunity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// AWS writes a `__type` tag into responses; it is not sent back.
    TypeTagDropped,
    /// `Project.CustomerUseCase` came with `&amp;` or `&amp;colon;`, which AWS refuses when sent back
    /// (`INVALID_ENUM_VALUE`; AWS's own samples decode it, `decodeServerEntities`). Free text is left
    /// alone: there somebody may have written the entity.
    EntityDecoded,
}

impl Update {
    /// Builds the body that writes the whole `document` back to the opportunity `of`.
    #[must_use]
    pub fn of(document: Object, of: &Opportunity) -> Self {
        let mut body = Object::new();
        for (name, value) in document {
            match (name.as_str(), owner::of_member(&name)) {
                ("Id", _) => drop(body.insert("Identifier".to_owned(), of.id().into())),
                ("Catalog", _) => drop(body.insert(name, of.catalog().into())),
                // `Id` is sent as the identifier; a member of this name would be a second one.
                ("Identifier", _) | (_, Some(Owner::Aws)) => {}
                _ => drop(body.insert(name, value)),
            }
        }
        body.entry("Catalog").or_insert_with(|| of.catalog().into());
        let mut adjustments = Vec::new();
        drop_type_tags(&mut body, &Place::Root, &mut adjustments);
        adjustments.extend(decode_use_case(&mut body));
        Self { body, adjustments }
    }

    /// The differences between `fresh` and the document that this update of `read` makes. None means that
    /// the update was written and nobody has changed it since. `LastModifiedDate` is not compared.
    #[must_use]
    pub fn differences(&self, read: &Opportunity, fresh: &Opportunity) -> Vec<Change> {
        let now = Self::of(fresh.document().clone(), fresh);
        let mut differences = Change::between(&self.body, &now.body);
        differences.retain(|change| change.pointer != "/LastModifiedDate");
        let not_sent = Change::between(read.document(), fresh.document());
        let is_not_sent = |change: &Change| owner::of(&change.pointer) == Some(Owner::Aws);
        differences.extend(not_sent.into_iter().filter(is_not_sent));
        differences
    }
}

/// Drops the tags in an object and everything inside it.
fn drop_type_tags(members: &mut Object, at: &Place<'_>, adjustments: &mut Vec<Adjustment>) {
    if let Some(before) = members.shift_remove(TYPE_TAG)
        && !before.is_null()
    {
        adjustments.push(Adjustment {
            pointer: Place::Member(at, TYPE_TAG).to_string(),
            rule: Rule::TypeTagDropped,
            before,
            after: Value::Null,
        });
    }
    for (name, value) in members {
        drop_inner_type_tags(value, &Place::Member(at, name), adjustments);
    }
}

fn drop_inner_type_tags(value: &mut Value, at: &Place<'_>, adjustments: &mut Vec<Adjustment>) {
    match value {
        Value::Object(members) => drop_type_tags(members, at, adjustments),
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                drop_inner_type_tags(item, &Place::Item(at, index), adjustments);
            }
        }
        _ => {}
    }
}

fn decode_use_case(body: &mut Object) -> Option<Adjustment> {
    let use_case = body.get_mut("Project")?.get_mut("CustomerUseCase")?;
    let after = decoded(use_case).filter(|decoded| decoded != use_case)?;
    let before = std::mem::replace(use_case, after.clone());
    Some(Adjustment {
        pointer: USE_CASE.to_owned(),
        rule: Rule::EntityDecoded,
        before,
        after,
    })
}

/// Whether two values at a place give the same body.
pub(crate) fn are_sent_alike(pointer: &str, one: &Value, other: &Value) -> bool {
    if change::are_equal(one, other) || pointer.split('/').any(|token| token == TYPE_TAG) {
        return true;
    }
    if pointer == USE_CASE
        && let (Some(one), Some(other)) = (decoded(one), decoded(other))
    {
        return one == other;
    }
    let is_tagged = has_type_tag(one) || has_type_tag(other);
    is_tagged && change::are_equal(&without_type_tags(one), &without_type_tags(other))
}

fn without_type_tags(value: &Value) -> Value {
    let mut value = value.clone();
    drop_inner_type_tags(&mut value, &Place::Root, &mut Vec::new());
    value
}

fn has_type_tag(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.contains_key(TYPE_TAG) || members.values().any(has_type_tag)
        }
        Value::Array(items) => items.iter().any(has_type_tag),
        _ => false,
    }
}

/// A use case as AWS takes it; `None` if it is not text.
fn decoded(use_case: &Value) -> Option<Value> {
    let text = use_case.as_str()?;
    Some(
        text.replace("&amp;colon;", ":")
            .replace("&amp;", "&")
            .into(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Catalog;

    fn opportunity(extra: &Value) -> Opportunity {
        let mut document = json!({
            "Arn": "arn:aws:partnercentral:us-east-1:111122223333:catalog/AWS/opportunity/O1",
            "Catalog": "AWS",
            "CreatedDate": "2026-01-01T00:00:00Z",
            "Id": "O1",
            "LastModifiedDate": "2026-01-02T03:04:05.120Z",
            "OpportunityTeam": [],
            "RelatedEntityIdentifiers": {"Solutions": ["S-1"]},
        })
        .as_object()
        .unwrap()
        .clone();
        document.extend(extra.as_object().unwrap().clone());
        Opportunity::from_document(document, &Catalog::parse("AWS").unwrap()).unwrap()
    }

    impl Opportunity {
        fn update(&self) -> Update {
            Update::of(self.document().clone(), self)
        }
    }

    #[test]
    fn everything_is_sent_except_what_aws_does_not_take_back() {
        let update = opportunity(&json!({
            "AddedTomorrow": {"x": [null, {"y": 1}]}, "Marketing": null, "Tags": [], "Identifier": "not the id",
        }))
        .update();
        assert_eq!(
            serde_json::to_string(&update.body).unwrap(),
            r#"{"Catalog":"AWS","Identifier":"O1","LastModifiedDate":"2026-01-02T03:04:05.120Z","AddedTomorrow":{"x":[null,{"y":1}]},"Marketing":null,"Tags":[]}"#
        );
        assert_eq!(update.adjustments, []);
    }

    #[test]
    fn a_fresh_document_differs_from_what_was_sent_by_what_others_wrote() {
        let catalog = Catalog::parse("AWS").unwrap();
        let read = opportunity(&json!({"Project": {"Title": "Berths"}}));
        let mut wanted = read.document().clone();
        wanted["Project"]["Title"] = json!("Berth planner");
        let update = Update::of(wanted.clone(), &read);
        let written = Opportunity::from_document(wanted, &catalog).unwrap();
        let pointers = |fresh: &Opportunity| {
            let differences = update.differences(&read, fresh);
            differences
                .into_iter()
                .map(|change| change.pointer)
                .collect::<Vec<_>>()
        };
        let with = |name: &str, value: Value| {
            let mut document = written.document().clone();
            document.insert(name.to_owned(), value);
            Opportunity::from_document(document, &catalog).unwrap()
        };
        assert_eq!(pointers(&written), [] as [&str; 0]);
        assert_eq!(
            pointers(&with("LastModifiedDate", json!("later"))),
            [] as [&str; 0]
        );
        assert_eq!(
            pointers(&with("NationalSecurity", json!("No"))),
            ["/NationalSecurity"]
        );
        // What is in no body is AWS's, and differs all the same.
        assert_eq!(
            pointers(&with("OpportunityTeam", json!([{"Email": "a@b.example"}]))),
            ["/OpportunityTeam"]
        );
        assert_eq!(pointers(&read), ["/Project/Title"]);
    }

    #[test]
    fn type_tags_are_dropped_at_any_depth_and_reported() {
        let update = opportunity(&json!({
            "__type": "t0",
            "Project": {"ExpectedCustomerSpend": [{"Amount": "1"}, {"__type": "t1", "Amount": "2"}]},
        }))
        .update();
        assert_eq!(
            update.body["Project"],
            json!({"ExpectedCustomerSpend": [{"Amount": "1"}, {"Amount": "2"}]})
        );
        assert!(!update.body.contains_key("__type"));
        assert_eq!(
            serde_json::to_value(&update.adjustments).unwrap(),
            json!([
                {"pointer": "/__type", "rule": "type-tag-dropped", "before": "t0", "after": null},
                {
                    "pointer": "/Project/ExpectedCustomerSpend/1/__type",
                    "rule": "type-tag-dropped", "before": "t1", "after": null,
                },
            ])
        );
    }

    #[test]
    fn entities_are_decoded_only_in_the_use_case() {
        for (read, sent) in [
            ("Security &amp; Compliance", "Security & Compliance"),
            ("Migration&amp;colon; Database", "Migration: Database"),
            ("A &amp;amp; B", "A &amp; B"),
        ] {
            let update =
                opportunity(&json!({"Project": {"CustomerUseCase": read, "Title": "R&amp;D"}}))
                    .update();
            assert_eq!(
                update.body["Project"],
                json!({"CustomerUseCase": sent, "Title": "R&amp;D"})
            );
            assert_eq!(
                update.adjustments,
                [Adjustment {
                    pointer: "/Project/CustomerUseCase".to_owned(),
                    rule: Rule::EntityDecoded,
                    before: json!(read),
                    after: json!(sent),
                }]
            );
        }
        for untouched in [json!("Security & Compliance"), json!(null), json!(7)] {
            let update = opportunity(&json!({"Project": {"CustomerUseCase": untouched}})).update();
            assert_eq!(update.body["Project"]["CustomerUseCase"], untouched);
            assert_eq!(update.adjustments, []);
        }
    }
}

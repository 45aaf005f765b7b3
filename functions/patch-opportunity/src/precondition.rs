//! On which state of the opportunity a write depends (RFC 9110, 13): `If-Match`, or the
//! `LastModifiedDate` of an `UpdateOpportunity` body.

use http::{HeaderMap, header};
use model::{Instant, Opportunity};

/// What must be true of the opportunity for a write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Precondition {
    /// `If-Match`: one of these entity tags; `None` where any state will do.
    if_match: Option<Vec<String>>,
    /// `LastModifiedDate` of the body.
    last_modified_date: Option<String>,
}

/// `If-Match` is neither `*` nor a list of entity tags.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`If-Match` is `{0}`, expected `*` or quoted entity tags")]
pub(crate) struct MalformedIfMatch(String);

/// The opportunity is in another state than the write depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the opportunity was changed since, its `ETag` tells its state now")]
pub(crate) struct Stale;

impl Precondition {
    /// Parses the header. Weak tags are taken and never match, and empty elements of the list are
    /// ignored, as the RFC has it.
    pub(crate) fn parse(headers: &HeaderMap) -> Result<Self, MalformedIfMatch> {
        let mut tags = Vec::new();
        for value in headers.get_all(header::IF_MATCH) {
            let malformed =
                || MalformedIfMatch(String::from_utf8_lossy(value.as_bytes()).into_owned());
            let text = value.to_str().map_err(|_| malformed())?.trim();
            if text == "*" {
                return Ok(Self::default());
            }
            tags.extend(strong_tags(text).ok_or_else(malformed)?);
        }
        Ok(Self {
            if_match: headers.contains_key(header::IF_MATCH).then_some(tags),
            last_modified_date: None,
        })
    }

    /// The same, and the date that the body names.
    pub(crate) fn with_date(self, last_modified_date: Option<String>) -> Self {
        Self {
            last_modified_date,
            ..self
        }
    }

    /// Refuses an opportunity in another state.
    pub(crate) fn check(&self, opportunity: &Opportunity) -> Result<(), Stale> {
        let found = opportunity.last_modified_date();
        let matches = |tags: &Vec<String>| tags.iter().any(|tag| tag == found);
        let is_met = self.if_match.as_ref().is_none_or(matches)
            && self
                .last_modified_date
                .as_deref()
                .is_none_or(|named| is_same_date(named, found));
        if is_met { Ok(()) } else { Err(Stale) }
    }
}

/// Whether two dates are one point in time. SDKs write the date that AWS gave them in forms of their
/// own (`.120000+00:00` for `.120Z`).
fn is_same_date(one: &str, other: &str) -> bool {
    let instants = (Instant::parse(one), Instant::parse(other));
    one == other || matches!(instants, (Ok(one), Ok(other)) if one == other)
}

/// The strong tags of a list, without their quotes; `None` where it holds anything but tags, or none.
/// A tag may hold commas.
fn strong_tags(list: &str) -> Option<Vec<String>> {
    let (mut tags, mut rest, mut is_empty) = (Vec::new(), list, true);
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return (!is_empty).then_some(tags);
        }
        let weak = rest.strip_prefix("W/");
        let (tag, after) = weak.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        if weak.is_none() {
            tags.push(tag.to_owned());
        }
        rest = after.trim_start();
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
        is_empty = false;
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// What the headers ask for, or that they are malformed.
    #[derive(Debug, PartialEq)]
    enum Parsed {
        Any,
        OneOf(Vec<String>),
        Malformed,
    }

    fn parse(texts: &[&'static str]) -> Parsed {
        let headers: HeaderMap = texts
            .iter()
            .map(|text| (header::IF_MATCH, HeaderValue::from_static(text)))
            .collect();
        match Precondition::parse(&headers) {
            Ok(Precondition { if_match: None, .. }) => Parsed::Any,
            Ok(Precondition {
                if_match: Some(tags),
                ..
            }) => Parsed::OneOf(tags),
            Err(_) => Parsed::Malformed,
        }
    }

    #[test]
    fn if_match_is_a_star_or_quoted_tags() {
        let one_of =
            |tags: &[&str]| Parsed::OneOf(tags.iter().map(|tag| (*tag).to_owned()).collect());
        for (texts, parsed) in [
            (vec![], Parsed::Any),
            (vec!["*"], Parsed::Any),
            (
                vec![r#""2026-01-02T03:04:05.120Z""#],
                one_of(&["2026-01-02T03:04:05.120Z"]),
            ),
            (vec![r#""a" , "b""#, r#""c""#], one_of(&["a", "b", "c"])),
            (vec![r#"W/"a""#], one_of(&[])),
            (vec![r#""a,b" ,, W/"c,", "d""#], one_of(&["a,b", "d"])),
            (vec![r#", "a","#], one_of(&["a"])),
            (vec![r#""""#], one_of(&[""])),
            (vec!["2026-01-02T03:04:05.120Z"], Parsed::Malformed),
            (vec![""], Parsed::Malformed),
            (vec![r#""a"b""#], Parsed::Malformed),
            (vec![","], Parsed::Malformed),
            (vec![r#""a" "b""#], Parsed::Malformed),
            (vec![r#"w/"a""#], Parsed::Malformed),
        ] {
            assert_eq!(parse(&texts), parsed, "{texts:?}");
        }
    }

    #[test]
    fn a_date_in_another_form_is_the_same_date() {
        let read = "2026-01-02T03:04:05.120Z";
        for (named, is_same) in [
            (read, true),
            ("2026-01-02T03:04:05.120000+00:00", true),
            ("2026-01-02T04:04:05.12+01:00", true),
            ("2026-01-02T03:04:05Z", false),
            ("2026-01-02", false),
            ("", false),
        ] {
            assert_eq!(is_same_date(named, read), is_same, "{named}");
        }
    }
}

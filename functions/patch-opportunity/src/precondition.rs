//! Conditional requests (RFC 9110, 13): `ETag` is the quoted `LastModifiedDate`.

use http::{HeaderMap, HeaderValue, header};
use model::Opportunity;

use crate::problem::{Kind, Problem};

/// The entity tag of a `LastModifiedDate`.
pub(crate) fn etag(last_modified_date: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{last_modified_date}\"")).ok()
}

/// `If-Match`: on which state of the opportunity a write depends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// On any that there is: no header, or `*`.
    Any,
    /// On one of these, by their `LastModifiedDate`.
    OneOf(Vec<String>),
}

impl IfMatch {
    /// Parses the header. Weak tags are taken and never match, and empty elements of the list are
    /// ignored, as the RFC has it.
    pub(crate) fn parse(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut dates = Vec::new();
        for value in headers.get_all(header::IF_MATCH) {
            let malformed = || {
                let text = String::from_utf8_lossy(value.as_bytes());
                let detail = format!("`If-Match` is `{text}`, expected `*` or quoted entity tags");
                Problem::new(Kind::MalformedRequest, detail)
            };
            let text = value.to_str().map_err(|_| malformed())?.trim();
            if text == "*" {
                return Ok(Self::Any);
            }
            dates.extend(strong_tags(text).ok_or_else(malformed)?);
        }
        let is_given = headers.contains_key(header::IF_MATCH);
        Ok(if is_given {
            Self::OneOf(dates)
        } else {
            Self::Any
        })
    }

    /// Refuses where the opportunity is in another state.
    pub(crate) fn check(&self, opportunity: &Opportunity) -> Result<(), Problem> {
        match self {
            Self::OneOf(dates)
                if !dates
                    .iter()
                    .any(|date| date == opportunity.last_modified_date()) =>
            {
                Err(Problem::new(
                    Kind::PreconditionFailed,
                    "the opportunity was changed since, its `ETag` tells its state now",
                ))
            }
            _ => Ok(()),
        }
    }
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
    use super::*;

    fn parse(texts: &[&'static str]) -> Option<IfMatch> {
        let headers: HeaderMap = texts
            .iter()
            .map(|text| (header::IF_MATCH, HeaderValue::from_static(text)))
            .collect();
        IfMatch::parse(&headers).ok()
    }

    #[test]
    fn if_match_is_a_star_or_quoted_tags() {
        let one_of = |dates: &[&str]| {
            Some(IfMatch::OneOf(
                dates.iter().map(|date| (*date).to_owned()).collect(),
            ))
        };
        for (texts, parsed) in [
            (vec![], Some(IfMatch::Any)),
            (vec!["*"], Some(IfMatch::Any)),
            (
                vec![r#""2026-01-02T03:04:05.120Z""#],
                one_of(&["2026-01-02T03:04:05.120Z"]),
            ),
            (vec![r#""a" , "b""#, r#""c""#], one_of(&["a", "b", "c"])),
            (vec![r#"W/"a""#], one_of(&[])),
            (vec![r#""a,b" ,, W/"c,", "d""#], one_of(&["a,b", "d"])),
            (vec![r#", "a","#], one_of(&["a"])),
            (vec![r#""""#], one_of(&[""])),
            (vec!["2026-01-02T03:04:05.120Z"], None),
            (vec![""], None),
            (vec![r#""a"b""#], None),
            (vec![","], None),
            (vec![r#""a" "b""#], None),
            (vec![r#"w/"a""#], None),
        ] {
            assert_eq!(parse(&texts), parsed, "{texts:?}");
        }
    }
}

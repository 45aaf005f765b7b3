//! `Prefer` (RFC 7240): what a caller would rather have, and what of it was done.

use http::{HeaderMap, HeaderName, HeaderValue};

/// `Prefer`.
pub(crate) const PREFER: HeaderName = HeaderName::from_static("prefer");
/// `Preference-Applied`.
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What a caller prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Preference {
    /// `return`: what the answer to a write holds.
    pub(crate) answer: Return,
    /// `handling=lenient`: what this release does not know is left for AWS to judge.
    pub(crate) lenient: bool,
    /// `respond-async`: what a review closes waits until it is over.
    pub(crate) responds_async: bool,
}

/// What the answer to a write holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Return {
    /// What was changed; the default.
    #[default]
    Changes,
    /// `return=representation`: the opportunity too, as it is after the write.
    Representation,
    /// `return=minimal`: nothing.
    Minimal,
}

impl Preference {
    /// Reads the preferences that the bridge knows; others are ignored, as the RFC has it, and of
    /// one that is given twice the first counts.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let (mut answer, mut lenient, mut responds_async) = (None, None, false);
        let texts = headers
            .get_all(PREFER)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        for preference in texts.flat_map(|text| text.split(',')) {
            let preference = preference.split(';').next().unwrap_or_default();
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            let value = value.trim().trim_matches('"').to_ascii_lowercase();
            match (name.trim().to_ascii_lowercase().as_str(), value.as_str()) {
                ("return", "representation") => drop(answer.get_or_insert(Return::Representation)),
                ("return", "minimal") => drop(answer.get_or_insert(Return::Minimal)),
                ("handling", "lenient") => drop(lenient.get_or_insert(true)),
                ("handling", "strict") => drop(lenient.get_or_insert(false)),
                ("respond-async", "") => responds_async = true,
                _ => {}
            }
        }
        Self {
            answer: answer.unwrap_or_default(),
            lenient: lenient.unwrap_or_default(),
            responds_async,
        }
    }

    /// `Preference-Applied`, where one of the preferences other than the defaults was.
    pub(crate) fn applied(self) -> Option<HeaderValue> {
        let answer = match self.answer {
            Return::Changes => None,
            Return::Representation => Some("return=representation"),
            Return::Minimal => Some("return=minimal"),
        };
        let lenient = self.lenient.then_some("handling=lenient");
        let responds_async = self.responds_async.then_some("respond-async");
        let applied: Vec<_> = [answer, lenient, responds_async]
            .into_iter()
            .flatten()
            .collect();
        HeaderValue::try_from(applied.join(", "))
            .ok()
            .filter(|applied| !applied.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_known_preference_counts() {
        let preference = |answer, lenient, responds_async| Preference {
            answer,
            lenient,
            responds_async,
        };
        let strict = |answer| preference(answer, false, false);
        for (texts, preference) in [
            (vec![], strict(Return::Changes)),
            (
                vec!["return=representation"],
                strict(Return::Representation),
            ),
            (vec!["Return=\"Minimal\"; foo=bar"], strict(Return::Minimal)),
            (
                vec!["respond-async, handling = lenient", "return=minimal"],
                preference(Return::Minimal, true, true),
            ),
            (
                vec!["Respond-Async; wait=10"],
                preference(Return::Changes, false, true),
            ),
            (vec!["respond-async=no"], strict(Return::Changes)),
            (
                vec!["return=minimal, return=representation"],
                strict(Return::Minimal),
            ),
            (
                vec!["handling=strict", "handling=lenient"],
                strict(Return::Changes),
            ),
            (
                vec![
                    "return",
                    "return=",
                    "=minimal",
                    "return=all",
                    "handling=loose",
                    ",;=,",
                ],
                strict(Return::Changes),
            ),
        ] {
            let headers = texts
                .iter()
                .map(|text| (PREFER, HeaderValue::from_static(text)))
                .collect::<HeaderMap>();
            assert_eq!(Preference::of(&headers), preference, "{texts:?}");
        }
    }

    #[test]
    fn what_was_applied_is_listed_unless_it_is_the_default() {
        for (answer, lenient, responds_async, text) in [
            (Return::Changes, false, false, None),
            (Return::Changes, true, false, Some("handling=lenient")),
            (
                Return::Minimal,
                true,
                false,
                Some("return=minimal, handling=lenient"),
            ),
            (Return::Changes, false, true, Some("respond-async")),
        ] {
            let preference = Preference {
                answer,
                lenient,
                responds_async,
            };
            let text = text.map(HeaderValue::from_static);
            assert_eq!(preference.applied(), text);
        }
    }
}

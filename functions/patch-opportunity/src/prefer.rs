//! Parses `Prefer` (RFC 7240), and builds `Preference-Applied`.

use http::{HeaderMap, HeaderName, HeaderValue};

/// `Prefer`.
pub(crate) const PREFER: HeaderName = HeaderName::from_static("prefer");
/// `Preference-Applied`.
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What a caller prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Preference {
    /// `return`: what the response to a write contains.
    pub(crate) answer: Return,
    /// `handling=lenient`: leaves to AWS what this release does not know.
    pub(crate) lenient: bool,
    /// `locked=skip`, the bridge's own preference: leaves out what the review closes, and writes the
    /// rest.
    pub(crate) skips_locked: bool,
    /// `respond-async`: what a review closes waits until it is over.
    pub(crate) responds_async: bool,
}

/// What the response to a write contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Return {
    /// The changes; the default.
    #[default]
    Changes,
    /// `return=representation`: also the opportunity, as it is after the write.
    Representation,
    /// `return=minimal`: nothing.
    Minimal,
}

impl Preference {
    /// Reads the preferences that the bridge knows. As the RFC requires, it ignores others, and takes the
    /// first if one is repeated.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let (mut answer, mut lenient) = (None, None);
        let (mut skips_locked, mut responds_async) = (None, false);
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
                ("locked", "skip") => drop(skips_locked.get_or_insert(true)),
                ("locked", "refuse") => drop(skips_locked.get_or_insert(false)),
                ("respond-async", "") => responds_async = true,
                _ => {}
            }
        }
        Self {
            answer: answer.unwrap_or_default(),
            lenient: lenient.unwrap_or_default(),
            skips_locked: skips_locked.unwrap_or_default(),
            responds_async,
        }
    }

    /// `Preference-Applied`; `None` if only defaults applied.
    pub(crate) fn applied(self) -> Option<HeaderValue> {
        let answer = match self.answer {
            Return::Changes => None,
            Return::Representation => Some("return=representation"),
            Return::Minimal => Some("return=minimal"),
        };
        let lenient = self.lenient.then_some("handling=lenient");
        let skips_locked = self.skips_locked.then_some("locked=skip");
        let responds_async = self.responds_async.then_some("respond-async");
        let applied = [answer, lenient, skips_locked, responds_async];
        let applied = applied.into_iter().flatten().collect::<Vec<_>>().join(", ");
        HeaderValue::try_from(applied)
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
            skips_locked: false,
            responds_async,
        };
        let strict = |answer| preference(answer, false, false);
        let skipping = Preference {
            skips_locked: true,
            ..strict(Return::Changes)
        };
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
            (vec!["Locked=skip, locked=refuse"], skipping),
            (vec!["locked=refuse, locked=skip"], strict(Return::Changes)),
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
                    "locked",
                    "locked=keep",
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
                skips_locked: false,
                responds_async,
            };
            let text = text.map(HeaderValue::from_static);
            assert_eq!(preference.applied(), text);
        }
    }
}

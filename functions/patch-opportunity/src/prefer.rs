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
        let (mut answer, mut lenient) = (None, None);
        let texts = headers
            .get_all(PREFER)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        for preference in texts.flat_map(|text| text.split(',')) {
            let (name, value) = preference
                .split(';')
                .next()
                .unwrap_or_default()
                .split_once('=')
                .unwrap_or_default();
            let value = value.trim().trim_matches('"').to_ascii_lowercase();
            match (name.trim().to_ascii_lowercase().as_str(), value.as_str()) {
                ("return", "representation") => drop(answer.get_or_insert(Return::Representation)),
                ("return", "minimal") => drop(answer.get_or_insert(Return::Minimal)),
                ("handling", "lenient") => drop(lenient.get_or_insert(true)),
                ("handling", "strict") => drop(lenient.get_or_insert(false)),
                _ => {}
            }
        }
        Self {
            answer: answer.unwrap_or_default(),
            lenient: lenient.unwrap_or_default(),
        }
    }

    /// `Preference-Applied`, where one of the preferences other than the defaults was.
    pub(crate) fn applied(self) -> Option<HeaderValue> {
        match (self.answer, self.lenient) {
            (Return::Changes, false) => None,
            (Return::Changes, true) => Some(HeaderValue::from_static("handling=lenient")),
            (Return::Representation, false) => {
                Some(HeaderValue::from_static("return=representation"))
            }
            (Return::Representation, true) => Some(HeaderValue::from_static(
                "return=representation, handling=lenient",
            )),
            (Return::Minimal, false) => Some(HeaderValue::from_static("return=minimal")),
            (Return::Minimal, true) => {
                Some(HeaderValue::from_static("return=minimal, handling=lenient"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_known_preference_counts() {
        let lenient = |answer| Preference {
            answer,
            lenient: true,
        };
        let strict = |answer| Preference {
            answer,
            lenient: false,
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
                lenient(Return::Minimal),
            ),
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
}

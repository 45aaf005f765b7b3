//! Which of the known names or values somebody may have meant.
//!
//! Jaro-Winkler, without regard to case: it favours a common beginning, so that `Website` finds
//! `WebsiteUrl` and `Finance` finds `Financial Services`; edits counted would find `Mining`.

/// Nothing known is longer; what is, is compared up to here.
const COMPARED_CHARS: usize = 100;

/// How alike two texts must be, 1 being the same, for one to be suggested in place of the other.
const ALIKE: f64 = 0.85;

/// The known text that was probably meant.
#[must_use]
pub fn meant<'a>(text: &str, known: &[&'a str]) -> Option<&'a str> {
    ranked(text, known)
        .next()
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .map(|(_, known)| known)
}

/// The known texts, the most alike first, else in the order given; each with its likeness.
pub(super) fn ranked<'a>(text: &str, known: &[&'a str]) -> impl Iterator<Item = (f64, &'a str)> {
    let text: String = text.chars().take(COMPARED_CHARS).collect();
    let text = text.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&text, &known.to_lowercase());
    let mut ranked: Vec<_> = known
        .iter()
        .map(|known| (likeness(known), *known))
        .collect();
    ranked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    ranked.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_or_shortened_name_is_found() {
        let account = [
            "Address",
            "AwsAccountId",
            "CompanyName",
            "Duns",
            "Industry",
            "OtherIndustry",
            "WebsiteUrl",
        ];
        for (text, found) in [
            ("websiteURL", Some("WebsiteUrl")),
            ("Website", Some("WebsiteUrl")),
            ("AccountId", Some("AwsAccountId")),
            ("Adress", Some("Address")),
            ("DUNS", Some("Duns")),
            ("Tags", None),
            ("", None),
            ("Nothing like it", None),
        ] {
            assert_eq!(meant(text, &account), found, "{text}");
        }
    }
}

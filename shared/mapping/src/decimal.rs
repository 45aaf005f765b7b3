//! Exact decimals: money is multiplied and divided, and floats lose cents.
//!
//! AWS's amounts have up to 31 digits and 2 decimals; 128 bits hold 38. What does not fit is told,
//! never rounded in silence.

use std::fmt::{self, Display, Formatter};

/// More than a number with meaning has, so that `1e999999999` costs nothing.
const MOST_DECIMALS: u32 = 36;

/// A decimal number, `digits` times 10 to the minus `decimals`, without zeros at its end: equal numbers
/// are equal values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    digits: i128,
    decimals: u32,
}

impl Decimal {
    /// A number as JSON writes it; zeros before it and a point without decimals are taken too, because
    /// AWS's pattern for amounts takes `5.`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (sign, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (number, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i64>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let mut digits: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
            digits = digits.checked_mul(10)?.checked_add(digit)?;
        }
        if digits == 0 {
            return Some(Self::new(0, 0));
        }
        let decimals = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        let digits = digits * sign;
        match u32::try_from(decimals) {
            Ok(decimals) if decimals <= MOST_DECIMALS => Some(Self::new(digits, decimals)),
            Ok(_) => None,
            Err(_) => {
                let zeros = u32::try_from(decimals.checked_neg()?).ok()?;
                let digits = digits.checked_mul(10_i128.checked_pow(zeros)?)?;
                Some(Self::new(digits, 0))
            }
        }
    }

    fn new(mut digits: i128, mut decimals: u32) -> Self {
        while decimals > 0 && digits % 10 == 0 {
            digits /= 10;
            decimals -= 1;
        }
        Self { digits, decimals }
    }

    pub(crate) fn is_positive(self) -> bool {
        self.digits > 0
    }

    /// The number, if it has no decimals.
    pub(crate) fn whole(self) -> Option<i128> {
        (self.decimals == 0).then_some(self.digits)
    }

    pub(crate) fn times(self, other: Self) -> Option<Self> {
        let digits = self.digits.checked_mul(other.digits)?;
        Some(Self::new(digits, self.decimals + other.decimals))
    }

    /// Rounded to so many decimals, a half away from zero.
    pub(crate) fn rounded(self, decimals: u32) -> Option<Self> {
        self.divided_by(Self::new(1, 0), decimals)
    }

    /// Divided and rounded once, a half away from zero.
    pub(crate) fn divided_by(self, other: Self, decimals: u32) -> Option<Self> {
        let power = |exponent| 10_i128.checked_pow(exponent);
        let above = self
            .digits
            .checked_mul(power(other.decimals.checked_add(decimals)?)?)?;
        let below = other.digits.checked_mul(power(self.decimals)?)?;
        let quotient = above.checked_div(below)?;
        let rest = above.checked_rem(below)?.unsigned_abs();
        let away = if (above < 0) == (below < 0) { 1 } else { -1 };
        let is_up = rest >= below.unsigned_abs() - rest;
        let digits = quotient.checked_add(if is_up { away } else { 0 })?;
        Some(Self::new(digits, decimals))
    }
}

impl Display for Decimal {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = self.digits.unsigned_abs().to_string();
        let decimals = usize::try_from(self.decimals).unwrap_or_default();
        let digits = format!("{digits:0>width$}", width = decimals + 1);
        let (whole, fraction) = digits
            .split_at_checked(digits.len() - decimals)
            .unwrap_or((&digits, ""));
        let point = if fraction.is_empty() { "" } else { "." };
        write!(formatter, "{sign}{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn a_number_is_read_with_all_its_digits_or_not_at_all() {
        for (text, read) in [
            ("0", Some("0")),
            ("-0", Some("0")),
            ("007", Some("7")),
            ("5.", Some("5")),
            ("12500.50", Some("12500.5")),
            ("-0.05", Some("-0.05")),
            ("1e3", Some("1000")),
            ("1.25E+1", Some("12.5")),
            ("125e-3", Some("0.125")),
            ("0e999999999999", Some("0")),
            (
                "1234567890123456789012345678901.25",
                Some("1234567890123456789012345678901.25"),
            ),
            ("1e999999999", None),
            ("1e-999999999", None),
            ("1e99999999999999999999", None),
            ("1234567890123456789012345678901234567890", None),
            ("", None),
            ("-", None),
            (".5", None),
            ("+1", None),
            ("1,000", None),
            ("1 000", None),
            ("\u{661}", None),
            ("NaN", None),
        ] {
            let found = Decimal::parse(text).map(|read| read.to_string());
            assert_eq!(found.as_deref(), read, "{text}");
        }
    }

    #[test]
    fn a_half_is_rounded_away_from_zero() {
        for (above, below, decimals, quotient) in [
            ("160000", "12", 2, "13333.33"),
            ("0.06", "12", 2, "0.01"),
            ("-0.06", "12", 2, "-0.01"),
            ("0.0599", "12", 2, "0"),
            ("12.5005", "0.001", 2, "12500.5"),
            ("2.5", "1", 0, "3"),
            ("-2.5", "1", 0, "-3"),
        ] {
            let found = decimal(above).divided_by(decimal(below), decimals).unwrap();
            assert_eq!(found, decimal(quotient), "{above} / {below}");
        }
        let most = decimal("9999999999999999999999999999999.99");
        assert_eq!(
            most.times(decimal("12")).unwrap().to_string(),
            "119999999999999999999999999999999.88"
        );
        assert_eq!(most.times(most), None);
        assert_eq!(most.divided_by(decimal("1e-9"), 2), None);
        assert_eq!(most.divided_by(decimal("0"), 2), None);
    }
}

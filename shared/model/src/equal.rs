//! Compares two JSON values by RFC 6902, section 4.6, for `test` operations and for changes alike.

use serde_json::{Number, Value};

/// Whether two values are equal: numbers by their value (`1` and `1.0`), objects in any order.
///
/// Numbers are compared digit by digit: as floating-point numbers, large different ones would be equal.
pub(crate) fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || Decimal::of(one) == Decimal::of(other)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_in_other =
                |(name, value)| other.get(name).is_some_and(|other| equal(value, other));
            one.len() == other.len() && one.iter().all(is_in_other)
        }
        _ => one == other,
    }
}

/// A number as `0.digits × 10^exponent`, the only form it has here.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: String,
    exponent: String,
}

impl Decimal {
    fn of(number: &Number) -> Self {
        let text = number.as_str();
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Self {
                is_negative: false,
                digits,
                exponent: String::new(),
            };
        }
        let leading_zeros = all.len() - significant.len();
        Self {
            is_negative,
            digits,
            exponent: sum(exponent, signed(whole.len()) - signed(leading_zeros)),
        }
    }
}

fn signed(length: usize) -> i128 {
    i128::try_from(length).unwrap_or(i128::MAX)
}

/// The sum of an integer of any length, written as text, and a count.
fn sum(integer: &str, count: i128) -> String {
    if let Ok(small) = integer.parse::<i128>()
        && let Some(sum) = small.checked_add(count)
    {
        return sum.to_string();
    }
    // The integer is so long that the sum keeps its sign.
    let (sign, digits, mut carry) = match integer.strip_prefix('-') {
        Some(digits) => ("-", digits, -count),
        None => ("", integer.strip_prefix('+').unwrap_or(integer), count),
    };
    let mut reversed = Vec::with_capacity(digits.len() + 1);
    for digit in digits.bytes().rev() {
        let sum = i128::from(digit - b'0') + carry;
        reversed.push(char::from_digit(
            u32::try_from(sum.rem_euclid(10)).unwrap_or(0),
            10,
        ));
        carry = sum.div_euclid(10);
    }
    if carry > 0 {
        reversed.push(char::from_digit(u32::try_from(carry).unwrap_or(0), 10));
    }
    let digits: String = reversed.into_iter().rev().flatten().collect();
    format!("{sign}{}", digits.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Value {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_of_the_same_value_are_equal_however_they_are_written() {
        let nines = "9".repeat(60);
        let power = format!("1{}", "0".repeat(60));
        for (one, other) in [
            ("1", "1.0"),
            ("1", "1e0"),
            ("100", "1e2"),
            ("100", "1E+2"),
            ("0.01", "1e-2"),
            ("0.00120", "12e-4"),
            ("-0", "0"),
            ("-0.0e7", "0"),
            ("0e999999999999999999999999999999999999999999", "0"),
            ("18446744073709551617", "18446744073709551617.000"),
            ("-1.50", "-15e-1"),
            ("1e0005", "100000"),
            (&format!("10e{nines}"), &format!("1e{power}")),
            (&format!("0.1e{power}"), &format!("1e{nines}")),
            (&format!("0.01e-{nines}"), &format!("0.1e-{power}")),
            (&format!("1e-{nines}"), &format!("10e-{power}")),
            (&format!("1e+00{power}"), &format!("1e{power}")),
        ] {
            assert!(equal(&value(one), &value(other)), "{one} {other}");
            assert!(equal(&value(other), &value(one)), "{other} {one}");
        }
    }

    #[test]
    fn numbers_that_differ_in_any_digit_are_not_equal() {
        let nines = "9".repeat(60);
        for (one, other) in [
            ("1", "-1"),
            ("1", "10"),
            ("1", "1.0000000000000000000000000000000001"),
            ("9007199254740992", "9007199254740993"),
            ("18446744073709551616", "18446744073709551617"),
            ("1e400", "1e401"),
            ("1e-400", "1e-401"),
            ("1e-400", "0"),
            ("0.1", "0.1000000000000000055511151231257827"),
            ("101", "11"),
            ("1.01", "1.1"),
            (&format!("1e{nines}"), &format!("1e-{nines}")),
            (&format!("1e{nines}"), &format!("10e{nines}")),
            (&format!("1e-{nines}"), &format!("10e-{nines}")),
        ] {
            assert!(!equal(&value(one), &value(other)), "{one} {other}");
        }
    }

    #[test]
    fn the_order_of_members_does_not_matter_but_the_order_of_items_does() {
        for (one, other, is_equal) in [
            (json!({"a": 1, "b": [2]}), json!({"b": [2], "a": 1}), true),
            (json!({"a": 1}), json!({"a": 1, "b": null}), false),
            (json!({"a": null}), json!({"b": null}), false),
            (json!([1, 2]), json!([2, 1]), false),
            (json!([1]), json!([1, 1]), false),
            (json!([[{"a": 1}]]), json!([[{"a": value("1.0")}]]), true),
            (json!("1"), json!(1), false),
            (json!(null), json!(false), false),
            (json!([]), json!({}), false),
        ] {
            assert_eq!(equal(&one, &other), is_equal, "{one} {other}");
            assert_eq!(equal(&other, &one), is_equal, "{other} {one}");
        }
    }

    proptest! {
        #[test]
        fn moving_the_decimal_point_and_adjusting_the_exponent_gives_an_equal_number(
            digits in "[1-9][0-9]{0,30}", zeros in 0_usize..20, exponent in -1000_i32..1000,
        ) {
            let plain = value(&format!("{digits}e{exponent}"));
            let count = i32::try_from(digits.len() + zeros).unwrap();
            let fraction = value(&format!("0.{}{digits}e{}", "0".repeat(zeros), exponent + count));
            let padded = value(&format!("{digits}{}e{}", "0".repeat(zeros), exponent - i32::try_from(zeros).unwrap()));
            prop_assert!(equal(&plain, &fraction) && equal(&plain, &padded));
            let other = value(&format!("{digits}1e{exponent}"));
            prop_assert!(!equal(&plain, &other));
        }

        #[test]
        fn an_integer_of_any_length_is_added_correctly(integer in any::<i64>(), count in -1_000_000_i128..1_000_000) {
            // Far from zero, so that the sum is computed digit by digit.
            let sign = if integer < 0 { "-" } else { "" };
            let far = format!("{sign}{}{:020}", "7".repeat(40), integer.unsigned_abs());
            let change = if integer < 0 { -count } else { count };
            let expected = i128::from(integer.unsigned_abs()) + change;
            prop_assume!(expected >= 0);
            prop_assert_eq!(sum(&far, count), format!("{sign}{}{expected:020}", "7".repeat(40)));
        }
    }
}

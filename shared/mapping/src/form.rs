//! One field's value on its way: how AWS writes it, how the CRM writes it, when the two are the same.
//!
//! Both ways go through a [`Reading`], what a value means. Two values of the CRM's are the same where
//! they read the same: `150006` and `"150006.0"`, `true` and `"True"`, and a list in another order,
//! because CRMs sort what people picked.

use std::collections::BTreeSet;

use model::{Code, kind};
use serde_json::{Value, json};
use time::{Date, Month, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::decimal::Decimal;

/// AWS's amounts have this many decimals at most (the pattern of `MonetaryValue` in its service model).
const AWS_DECIMALS: u32 = 2;

/// How much of a value is told.
const QUOTED_CHARS: usize = 100;

/// How a field's values are written on both sides: a row's `as`, with what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Form {
    /// Text, for the CRM shortened to so many characters.
    Text { max: Option<usize> },
    /// AWS's decimal text; for the CRM a number, multiplied and rounded.
    Number {
        times: Option<Decimal>,
        decimals: Option<u32>,
    },
    /// `2029-12-31`.
    Date,
    /// Milliseconds since 1970 at midnight UTC.
    DateMs,
    /// AWS's array of texts; for the CRM one text.
    List { separator: String },
    /// AWS's `Yes` and `No`.
    Boolean,
}

/// AWS's value and the CRM's that stands for it.
pub(crate) type Pair = (String, Value);

/// Why a value cannot be carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) code: Code,
    pub(crate) detail: String,
}

/// What a value of the CRM's means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Null, or a text or list of nothing.
    Nothing,
    Text(String),
    Number(Decimal),
    /// Milliseconds since 1970.
    Instant(i128),
    Items(Items),
    Boolean(bool),
}

/// What a list holds, in the order in which it came. Equal whatever the order, and however often one
/// is named.
#[derive(Debug, Clone)]
pub(crate) struct Items(Vec<String>);

impl PartialEq for Items {
    fn eq(&self, other: &Self) -> bool {
        let set = |items: &Self| items.0.iter().cloned().collect::<BTreeSet<_>>();
        set(self) == set(other)
    }
}

impl Eq for Items {}

/// A value's own text: a string, or the digits of a number.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A pair's own text: `true` and `100000001` are codes that CRMs use.
pub(crate) fn code_text(value: &Value) -> Option<String> {
    match value {
        Value::Bool(code) => Some(code.to_string()),
        other => text_of(other),
    }
}

/// A value for an error's text.
pub(crate) fn quoted(value: &Value) -> String {
    let text = text_of(value).unwrap_or_else(|| value.to_string());
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or(&text)),
        None if text.is_empty() => "nothing".to_owned(),
        None => format!("`{text}`"),
    }
}

fn misfit(code: Code, detail: impl Into<String>) -> Misfit {
    let detail = detail.into();
    Misfit { code, detail }
}

fn wrong(value: &Value, expected: &str) -> Misfit {
    let found = match value {
        Value::String(_) | Value::Number(_) => quoted(value),
        other => kind(other).to_owned(),
    };
    misfit(
        Code::WrongType,
        format!("it is {found}, expected {expected}"),
    )
}

fn unmapped(value: &Value, listed: &[String]) -> Misfit {
    let listed = listed.join("`, `");
    let found = quoted(value);
    misfit(
        Code::UnmappedValue,
        format!("{found} has no pair in the mapping's `values`, expected one of `{listed}`"),
    )
}

/// Whether AWS has nothing there.
pub(crate) fn is_nothing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}

impl Form {
    /// What the CRM is told of AWS's value; null where AWS has nothing.
    pub(crate) fn hear(&self, pairs: &[Pair], value: Option<&Value>) -> Result<Value, Misfit> {
        let Some(value) = value.filter(|value| !is_nothing(Some(value))) else {
            return Ok(Value::Null);
        };
        match self {
            Self::Text { max } => {
                let text = expect_text(value)?;
                if !pairs.is_empty() {
                    return to_crm(pairs, text).cloned();
                }
                Ok(match max {
                    Some(max) => json!(text.chars().take(*max).collect::<String>()),
                    None => json!(text),
                })
            }
            Self::Number { times, decimals } => hear_number(value, *times, *decimals),
            Self::Date => {
                let text = expect_text(value)?;
                parse_date(text).ok_or_else(|| wrong(value, "a date as `YYYY-MM-DD`"))?;
                Ok(json!(text))
            }
            Self::DateMs => {
                let text = expect_text(value)?;
                let date = parse_date(text).ok_or_else(|| wrong(value, "a date as `YYYY-MM-DD`"));
                Ok(json!(date?.midnight().assume_utc().unix_timestamp() * 1000))
            }
            Self::List { separator } => hear_list(value, pairs, separator),
            Self::Boolean => match value.as_str() {
                Some("Yes") => Ok(json!(true)),
                Some("No") => Ok(json!(false)),
                _ => Err(unmapped(value, &["Yes".to_owned(), "No".to_owned()])),
            },
        }
    }

    /// What a value of the CRM's means.
    pub(crate) fn read(&self, pairs: &[Pair], value: &Value) -> Result<Reading, Misfit> {
        if is_nothing(Some(value)) {
            return Ok(Reading::Nothing);
        }
        match self {
            Self::Text { .. } => {
                let text = match pairs {
                    [] => text_of(value),
                    _ => code_text(value),
                };
                text.map(Reading::Text)
                    .ok_or_else(|| wrong(value, "a text"))
            }
            Self::Number { .. } => text_of(value)
                .and_then(|text| Decimal::parse(&text))
                .map(Reading::Number)
                .ok_or_else(|| wrong(value, "a number of at most 38 digits, such as `12500.50`")),
            Self::Date => text_of(value)
                .and_then(|text| parse_instant(&text))
                .map(Reading::Instant)
                .ok_or_else(|| wrong(value, "a date as `YYYY-MM-DD`")),
            Self::DateMs => text_of(value)
                .and_then(|text| parse_instant(&text).or_else(|| Decimal::parse(&text)?.whole()))
                .map(Reading::Instant)
                .ok_or_else(|| wrong(value, "milliseconds since 1970, or a date as `YYYY-MM-DD`")),
            Self::List { separator } => read_list(value, separator),
            Self::Boolean => match value {
                Value::Bool(value) => Ok(Reading::Boolean(*value)),
                Value::String(text) if text.eq_ignore_ascii_case("true") => {
                    Ok(Reading::Boolean(true))
                }
                Value::String(text) if text.eq_ignore_ascii_case("false") => {
                    Ok(Reading::Boolean(false))
                }
                _ => Err(wrong(value, "`true` or `false`")),
            },
        }
    }

    /// What AWS is told of what the CRM means, with what AWS has `now`. `value` is what was read.
    pub(crate) fn tell(
        &self,
        pairs: &[Pair],
        value: &Value,
        reading: &Reading,
        now: Option<&Value>,
    ) -> Result<Value, Misfit> {
        match (self, reading) {
            (_, Reading::Nothing) => Ok(Value::Null),
            (_, Reading::Text(text)) => match pairs {
                [] => Ok(json!(text)),
                pairs => to_aws(pairs, text, value).map(Value::from),
            },
            (Self::Number { times: None, .. }, Reading::Number(number)) => {
                let text = text_of(value).filter(|text| is_plain(text));
                let rounded = number.rounded(AWS_DECIMALS).filter(|round| round == number);
                match (text, rounded) {
                    (Some(text), Some(_)) => Ok(json!(text)),
                    _ => amount(*number, None).map(Value::from),
                }
            }
            (Self::Number { times, .. }, Reading::Number(number)) => {
                amount(*number, *times).map(Value::from)
            }
            (_, Reading::Number(number)) => Ok(json!(number.to_string())),
            (_, Reading::Instant(instant)) => day_of(*instant)
                .map(Value::from)
                .ok_or_else(|| wrong(value, "a date between the years 1000 and 9999")),
            (_, Reading::Items(items)) => tell_items(pairs, items, now),
            (_, Reading::Boolean(value)) => Ok(json!(if *value { "Yes" } else { "No" })),
        }
    }

    /// Whether two values of AWS's are the same.
    pub(crate) fn is_same_for_aws(&self, one: Option<&Value>, other: &Value) -> bool {
        let number = |value: &Value| Decimal::parse(value.as_str()?);
        match (self, one) {
            (Self::Number { .. }, Some(one)) => {
                one == other || number(one).is_some_and(|one| Some(one) == number(other))
            }
            (_, one) => one == Some(other),
        }
    }
}

fn expect_text(value: &Value) -> Result<&str, Misfit> {
    value.as_str().ok_or_else(|| wrong(value, "a text"))
}

fn to_crm<'a>(pairs: &'a [Pair], text: &str) -> Result<&'a Value, Misfit> {
    let pair = pairs.iter().find(|(aws, _)| aws == text);
    pair.map(|(_, crm)| crm).ok_or_else(|| {
        let listed: Vec<_> = pairs.iter().map(|(aws, _)| aws.clone()).collect();
        unmapped(&json!(text), &listed)
    })
}

fn to_aws(pairs: &[Pair], text: &str, value: &Value) -> Result<String, Misfit> {
    let is_it = |(_, crm): &&Pair| code_text(crm).as_deref() == Some(text);
    let pair = pairs.iter().find(is_it);
    pair.map(|(aws, _)| aws.clone()).ok_or_else(|| {
        let mut listed: Vec<_> = pairs.iter().filter_map(|(_, crm)| code_text(crm)).collect();
        listed.dedup();
        unmapped(value, &listed)
    })
}

/// Digits with a point between them at most: what AWS's patterns take.
fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && serde_json::from_str::<serde_json::Number>(text).is_ok()
}

/// AWS's amount for the CRM's number.
fn amount(number: Decimal, times: Option<Decimal>) -> Result<String, Misfit> {
    let amount = match times {
        Some(times) => number.divided_by(times, AWS_DECIMALS),
        None => number.rounded(AWS_DECIMALS),
    };
    let amount = amount.ok_or_else(too_long)?;
    Ok(amount.to_string())
}

fn too_long() -> Misfit {
    misfit(
        Code::NotRepresentable,
        "it has too many digits, expected at most 38 with the decimals that the mapping needs",
    )
}

/// The CRM's number for AWS's amount.
///
/// AWS keeps cents, so that 160000 a year is 13333.33 a month, and 159999.96 a year again. Where a whole
/// number may have been meant, the CRM hears the whole number.
fn hear_number(
    value: &Value,
    times: Option<Decimal>,
    decimals: Option<u32>,
) -> Result<Value, Misfit> {
    let text = expect_text(value)?;
    let here = Decimal::parse(text)
        .ok_or_else(|| wrong(value, "a number of at most 38 digits, such as `12500.50`"))?;
    let exact = match times {
        Some(times) => here.times(times).ok_or_else(too_long)?,
        None => here,
    };
    let told = match (times, decimals) {
        (_, Some(decimals)) => exact.rounded(decimals).ok_or_else(too_long)?,
        (Some(times), None) => {
            let whole = exact.rounded(0);
            let may_be_meant =
                |whole: &Decimal| whole.divided_by(times, AWS_DECIMALS) == Some(here);
            whole.filter(may_be_meant).unwrap_or(exact)
        }
        (None, None) if serde_json::from_str::<serde_json::Number>(text).is_ok() => {
            return number(text);
        }
        (None, None) => exact,
    };
    number(&told.to_string())
}

fn number(text: &str) -> Result<Value, Misfit> {
    let number = serde_json::from_str(text);
    number.map(Value::Number).map_err(|_| too_long())
}

fn hear_list(value: &Value, pairs: &[Pair], separator: &str) -> Result<Value, Misfit> {
    let items = value
        .as_array()
        .ok_or_else(|| wrong(value, "a list of texts"))?;
    let mut told = String::new();
    for item in items {
        let item = expect_text(item)?;
        let code = match pairs {
            [] => item.to_owned(),
            pairs => code_text(to_crm(pairs, item)?).unwrap_or_default(),
        };
        if code.contains(separator) || code.trim().is_empty() {
            return Err(misfit(
                Code::NotRepresentable,
                format!("its item `{code}` is empty or contains `{separator}`, expected neither"),
            ));
        }
        if !told.is_empty() {
            told.push_str(separator);
        }
        told.push_str(&code);
    }
    Ok(json!(told))
}

fn read_list(value: &Value, separator: &str) -> Result<Reading, Misfit> {
    const EXPECTED: &str = "a text of items, or a list of texts";
    let texts = match value {
        Value::Array(items) => items
            .iter()
            .map(|item| code_text(item).ok_or_else(|| wrong(item, "a text")))
            .collect::<Result<_, _>>()?,
        other => {
            let text = text_of(other).ok_or_else(|| wrong(value, EXPECTED))?;
            text.split(separator).map(str::to_owned).collect::<Vec<_>>()
        }
    };
    let items = texts.iter().map(|text| text.trim().to_owned());
    let items: Vec<_> = items.filter(|text| !text.is_empty()).collect();
    Ok(if items.is_empty() {
        Reading::Nothing
    } else {
        Reading::Items(Items(items))
    })
}

/// AWS's items that are still meant stay, in their order, also where several stand for one of the
/// CRM's; what is new follows.
fn tell_items(pairs: &[Pair], Items(items): &Items, now: Option<&Value>) -> Result<Value, Misfit> {
    let mut covered = BTreeSet::new();
    let mut told = Vec::new();
    for item in now.and_then(Value::as_array).into_iter().flatten() {
        let code = item.as_str().and_then(|item| match pairs {
            [] => Some(item.to_owned()),
            pairs => code_text(to_crm(pairs, item).ok()?),
        });
        let code = code.map(|code| code.trim().to_owned());
        if let Some(code) = code.filter(|code| items.contains(code)) {
            covered.insert(code);
            told.push(item.clone());
        }
    }
    for code in items {
        if covered.insert(code.clone()) {
            told.push(match pairs {
                [] => json!(code),
                pairs => json!(to_aws(pairs, code, &json!(code))?),
            });
        }
    }
    Ok(Value::Array(told))
}

fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let mut part = |length| {
        let digits = parts.next()?;
        let is_right = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_right.then(|| digits.parse::<u16>().ok())?
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(year.into(), month, u8::try_from(day).ok()?).ok()?;
    (parts.next().is_none() && year >= 1000).then_some(date)
}

/// The instant that a date means, or a date with a time and an offset.
fn parse_instant(text: &str) -> Option<i128> {
    let at = match parse_date(text) {
        Some(date) => date.midnight().assume_utc(),
        None => OffsetDateTime::parse(text, &Rfc3339).ok()?,
    };
    Some(at.unix_timestamp_nanos().div_euclid(1_000_000))
}

/// The day in UTC, in the years that AWS's pattern takes.
fn day_of(milliseconds: i128) -> Option<String> {
    let seconds = i64::try_from(milliseconds.div_euclid(1000)).ok()?;
    let date = OffsetDateTime::from_unix_timestamp(seconds).ok()?.date();
    let (year, month, day) = date.to_calendar_date();
    (1000..=9999)
        .contains(&year)
        .then(|| format!("{year:04}-{:02}-{day:02}", u8::from(month)))
}

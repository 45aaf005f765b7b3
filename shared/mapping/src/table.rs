//! Prints a mapping for people: one line for each pair of fields.

use std::fmt::{self, Display, Formatter};

use crate::{
    form::{Form, code_text, quoted},
    mapping::{Direction, Locked, Mapping, Row},
};

impl Mapping {
    /// The mapping as a table for people: the place in the opportunity, the direction, the field, and the
    /// form.
    #[must_use]
    pub fn table(&self) -> String {
        let facts = self.facts.iter().map(|row| {
            let event = format!("(event's {})", row.fact.name());
            [event, "-->".to_owned(), row.field.clone(), String::new()]
        });
        let rows = self.rows.iter().map(|row| {
            let arrow = match row.to {
                Direction::Both => "<->",
                Direction::Crm => "-->",
                Direction::Aws => "<--",
            };
            let how = How(self, row).to_string();
            [
                row.aws.to_string(),
                arrow.to_owned(),
                row.field.clone(),
                how,
            ]
        });
        let title = ["AWS", "", self.crm.as_str(), "how"].map(str::to_owned);
        let lines: Vec<_> = [title].into_iter().chain(rows).chain(facts).collect();
        let width = |column: usize| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let (aws, field) = (width(0), width(2));
        let mut table = String::new();
        for [ours, arrow, theirs, how] in &lines {
            let line = format!("{ours:aws$}  {arrow:3}  {theirs:field$}  {how}");
            table.push_str(line.trim_end());
            table.push('\n');
        }
        if self.locked == Locked::Retry {
            table.push_str("If a review closes a field, the sender is asked to try again later.\n");
        }
        table
    }
}

/// A row's options, besides its two places.
struct How<'a>(&'a Mapping, &'a Row);

impl Display for How<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self(mapping, row) = self;
        let mut parts = vec![match &row.form {
            Form::Text { max: None } => "text".to_owned(),
            Form::Text { max: Some(max) } => format!("text, at most {max} characters"),
            Form::Number { times, decimals } => {
                let times = times.map_or_else(String::new, |times| format!(", times {times}"));
                let decimals = decimals.map_or_else(String::new, |count| {
                    format!(", rounded to {count} decimals")
                });
                format!("number{times}{decimals}")
            }
            Form::Date => "date".to_owned(),
            Form::DateMs => "date in milliseconds".to_owned(),
            Form::List { separator } => format!("list, separated by {separator:?}"),
            Form::Boolean => "boolean".to_owned(),
        }];
        let pairs = row.pairs.iter();
        let pairs: Vec<_> = pairs
            .map(|(aws, crm)| format!("{aws} = {}", code_text(crm).unwrap_or_default()))
            .collect();
        if !pairs.is_empty() {
            parts.push(pairs.join(", "));
        }
        if row.clears {
            parts.push("nothing clears".to_owned());
        }
        if let Some(default) = &row.default {
            parts.push(format!("where AWS has nothing, {}", quoted(default)));
        }
        if let Some(with) = row.with.and_then(|index| mapping.rows.get(index)) {
            parts.push(format!("only with {}", with.field));
        }
        let new = row.new.iter();
        let new: Vec<_> = new
            .map(|(name, value)| format!("{name} {}", quoted(value)))
            .collect();
        if !new.is_empty() {
            parts.push(format!("made with {}", new.join(", ")));
        }
        formatter.write_str(&parts.join("; "))
    }
}

//! Checks a mapping, prints it as people read it, and shows an example there and back.
//!
//! A typo is found here, before a deploy. Usage: `mapping-check FILE`.

#![expect(clippy::print_stdout, reason = "it is what this program is for")]

use std::{env, fmt::Write, path::Path, process::ExitCode};

use mapping::{Facts, Finding, Mapping};
use model::{Catalog, Object, Opportunity};
use serde_json::Value;

const SAMPLE: &[u8] = include_bytes!("../../../../events/opportunity.json");

/// Sample facts, in the form of an event's.
const FACTS: Facts<'static> = Facts {
    sequence: "1772600767890-1772600768000",
    id: "9f2c6a1e",
};

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let (Some(file), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: mapping-check FILE");
        return ExitCode::FAILURE;
    };
    match tell(Path::new(&file)) {
        Ok(told) => {
            print!("{told}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// All that there is to say of a mapping that is right.
fn tell(file: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mapping = mapping::load(file)?;
    let sample = Opportunity::parse(SAMPLE, &Catalog::parse("Sandbox")?)?;
    let document = sample.document();
    let mut told = mapping.table();
    for warning in mapping.warnings() {
        writeln!(told, "warning: {warning}")?;
    }

    let heard = mapping.get(document, &FACTS);
    let body = mapping.body(sample.id(), heard.record.clone());
    writeln!(
        told,
        "\nThere: the sample opportunity, for {}",
        mapping.crm()
    )?;
    writeln!(told, "{}", serde_json::to_string_pretty(&body)?)?;
    list(&mut told, "left out", &heard.problems)?;

    writeln!(
        told,
        "\nBack: the same record, sent to the sample opportunity"
    )?;
    back(&mut told, &mapping, document, &heard.record)?;
    let example = mapping.example(document);
    writeln!(
        told,
        "\nBack: this record, sent to an opportunity that has nothing yet"
    )?;
    writeln!(told, "{}", serde_json::to_string_pretty(&example)?)?;
    back(&mut told, &mapping, &Object::new(), &example)?;
    Ok(told)
}

fn back(
    told: &mut String,
    mapping: &Mapping,
    document: &Object,
    record: &Value,
) -> Result<(), Box<dyn std::error::Error>> {
    match mapping.put(document, record) {
        Ok(put) if put.fields.is_empty() => writeln!(told, "changes nothing")?,
        Ok(put) => {
            for source in put.fields {
                let value = model::pointer::find(&put.document, &source.pointer);
                let value = value.unwrap_or(&Value::Null);
                writeln!(told, "{} = {value}  ({})", source.pointer, source.field)?;
            }
            list(told, "notice", &put.notices)?;
        }
        Err(refusals) => list(told, "refused", &refusals)?,
    }
    Ok(())
}

fn list(told: &mut String, what: &str, findings: &[Finding]) -> std::fmt::Result {
    for finding in findings {
        writeln!(told, "{what}: {finding}")?;
    }
    Ok(())
}

//! The command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{fs, io};

use lexopt::ValueExt;
use lexopt::prelude::{Long, Short};
use partner_central_emulator::{Emulator, Settings};
use serde_json::Value;
use thiserror::Error;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
A local AWS Partner Central for the AWS CLI, boto3 and the AWS SDKs.

Usage: partner-central-emulator [OPTIONS]

  --listen ADDR:PORT       where to listen [default: 127.0.0.1:0, any free port]
  --seed FILE...           opportunities to start with: in each file one, or an array of them,
                           in the shape of a GetOpportunity answer
  --secret NAME=VALUE      a secret that GetSecretValue answers; may be repeated
  --reads-per-second N     more reads than this are throttled [default: no limit; AWS: 10]
  --writes-per-second N    more writes than this are throttled [default: no limit; AWS: 1]
  --on-change URL          after each change of an opportunity, post an event to this function:
                           http://127.0.0.1:9000/2015-03-31/functions/NAME/invocations is where
                           `cargo lambda watch` takes it
  --duplicate-events       send each event twice under different ids, as AWS is known to do
  --deliver URL            post what the function answers to an event on to this CRM
  --help                   this text

The first line on standard output is the endpoint URL. Each request is a line on standard error:
operation, identifier, outcome. So is each event, once it is delivered or given up: `event`, its id,
identifier, outcome. Any credentials do; the region is us-east-1:

  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1
  aws partnercentral-selling list-opportunities --catalog Sandbox --endpoint-url URL
";

/// What the command line asks for.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) help: bool,
    pub(crate) settings: Settings,
    seeds: Vec<PathBuf>,
    secrets: Vec<(String, String)>,
}

/// Why there is nothing to run.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("{0}, see `--help`")]
    Arguments(#[from] lexopt::Error),
    #[error("cannot listen on `{0}`: {1}")]
    Listen(SocketAddr, io::Error),
    #[error("`{}`: {reason}", file.display())]
    Seed { file: PathBuf, reason: String },
    #[error("cannot talk to the terminal: {0}")]
    Terminal(#[from] io::Error),
}

impl Arguments {
    pub(crate) fn parse(mut parser: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let mut arguments = Self::default();
        let settings = &mut arguments.settings;
        settings.log = true;
        while let Some(argument) = parser.next()? {
            match argument {
                Long("listen") => {
                    settings.listen = value(&mut parser, "`ADDR:PORT`, such as `127.0.0.1:8080`")?;
                }
                Long("seed") => arguments.seeds.extend(parser.values()?.map(PathBuf::from)),
                Long("secret") => {
                    let secret = parser.value()?.string()?;
                    let expected =
                        || format!("`{secret}` is not understood, expected `NAME=VALUE`");
                    let (name, value) = secret.split_once('=').ok_or_else(expected)?;
                    arguments.secrets.push((name.to_owned(), value.to_owned()));
                }
                Long("reads-per-second") => {
                    settings.reads_per_second = Some(value(&mut parser, NUMBER)?);
                }
                Long("writes-per-second") => {
                    settings.writes_per_second = Some(value(&mut parser, NUMBER)?);
                }
                Long("on-change") => settings.on_change = Some(value(&mut parser, URL)?),
                Long("duplicate-events") => settings.duplicate_events = true,
                Long("deliver") => settings.deliver = Some(value(&mut parser, URL)?),
                Long("help") | Short('h') => arguments.help = true,
                _ => return Err(argument.unexpected()),
            }
        }
        if settings.on_change.is_none() && (settings.duplicate_events || settings.deliver.is_some())
        {
            let what =
                "`--on-change` is missing, expected with `--duplicate-events` or `--deliver`";
            return Err(what.into());
        }
        Ok(arguments)
    }

    /// Puts the opportunities and secrets into an emulator.
    pub(crate) fn seed(&self, emulator: &Emulator) -> Result<(), Failure> {
        for file in &self.seeds {
            let failure = |reason| Failure::Seed {
                file: file.clone(),
                reason,
            };
            seed(file, emulator).map_err(failure)?;
        }
        for (name, value) in &self.secrets {
            emulator.seed_secret(name, value);
        }
        Ok(())
    }
}

/// What `--reads-per-second` and `--writes-per-second` take.
const NUMBER: &str = "a whole number";
/// What `--on-change` and `--deliver` take.
const URL: &str = "an `http://` URL";

fn value<T: FromStr>(parser: &mut lexopt::Parser, expected: &str) -> Result<T, lexopt::Error> {
    let text = parser.value()?.string()?;
    let value = text.parse();
    value.map_err(|_| format!("`{text}` is not understood, expected {expected}").into())
}

fn seed(file: &Path, emulator: &Emulator) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let content: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let documents = match content {
        Value::Array(documents) => documents,
        document => vec![document],
    };
    for document in documents {
        emulator
            .try_seed(document)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(arguments: &[&str]) -> String {
        let refused = Arguments::parse(lexopt::Parser::from_args(arguments));
        refused.unwrap_err().to_string()
    }

    #[test]
    fn what_nothing_could_be_posted_to_is_refused() {
        for option in ["--on-change", "--deliver"] {
            let expected = "`https://crm.example` is not understood, expected an `http://` URL";
            assert_eq!(refusal(&[option, "https://crm.example"]), expected);
        }
    }

    #[test]
    fn what_has_no_effect_without_events_is_refused() {
        let expected =
            "`--on-change` is missing, expected with `--duplicate-events` or `--deliver`";
        assert_eq!(refusal(&["--duplicate-events"]), expected);
        assert_eq!(refusal(&["--deliver", "http://127.0.0.1:1"]), expected);
    }
}

//! Parses the command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{fs, io};

use clap::{Args, Parser, ValueEnum};
use http::Method;
use partner_central_emulator::{
    Credential, CredentialError, Delivered, Destination, Emulator, Endpoint, Settings,
};
use serde_json::Value;
use thiserror::Error;

const AFTER_HELP: &str = "\
The first line on standard output is the endpoint URL. Each request is a line on standard error:
operation, identifier, outcome. So is each event, once it is delivered or given up: `event`, its id,
identifier, outcome. Any credentials do; the region is us-east-1:

  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1
  aws partnercentral-selling list-opportunities --catalog Sandbox --endpoint-url URL

Everything can be controlled by HTTP while it runs, below URL/_control: tests/emulator/README.md.";

const ON_CHANGE: &str = "\
After each change of an opportunity, post an event to this function:
http://127.0.0.1:9000/2015-03-31/functions/NAME/invocations is where
`cargo lambda watch` takes it. What is invoked through Lambda's API is
looked for beside it, under its own name";

/// A local AWS Partner Central for the AWS CLI, boto3 and the AWS SDKs.
#[derive(Debug, Parser)]
#[command(after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Where to listen; port 0 is any free port
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Opportunities to start with: in each file one, or an array of them,
    /// in the shape of a `GetOpportunity` answer
    #[arg(long, value_name = "FILE", num_args = 1.., verbatim_doc_comment)]
    seed: Vec<PathBuf>,
    /// A dozen opportunities to start with, of every stage and review status
    #[arg(long)]
    seed_samples: bool,
    /// A secret that `GetSecretValue` returns; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    secret: Vec<(String, String)>,
    /// More reads than this are throttled [default: no limit; AWS: 10]
    #[arg(long, value_name = "N")]
    reads_per_second: Option<usize>,
    /// More writes than this are throttled [default: no limit; AWS: 1]
    #[arg(long, value_name = "N")]
    writes_per_second: Option<usize>,
    #[command(flatten)]
    events: EventOptions,
    #[command(flatten)]
    delivery: DeliveryOptions,
    #[command(flatten)]
    page: PageOptions,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Events")]
struct EventOptions {
    #[arg(long, value_name = "URL", help = ON_CHANGE)]
    on_change: Option<Endpoint>,
    /// Send each event twice under different ids, as AWS is known to do
    #[arg(long, requires = "on_change")]
    duplicate_events: bool,
    /// Lose the first N events, as AWS says may happen, or all
    #[arg(long, value_name = "N|all", requires = "on_change", value_parser = count)]
    #[arg(default_value = "0", hide_default_value = true)]
    lose_events: usize,
    /// Post answers that name parked patches to the function of this name beside it,
    /// and deliver its answers as well
    #[arg(
        long,
        value_name = "NAME",
        requires = "on_change",
        verbatim_doc_comment
    )]
    on_parked: Option<String>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Delivery, as by an API destination of EventBridge")]
struct DeliveryOptions {
    /// Send the function's answers to events on to this CRM;
    /// each `*` in the URL becomes the id of the opportunity
    #[arg(long, value_name = "URL", requires = "on_change", verbatim_doc_comment)]
    deliver: Option<Endpoint>,
    /// The HTTP method
    #[arg(
        long,
        value_name = "METHOD",
        requires = "deliver",
        default_value = "POST"
    )]
    deliver_method: Method,
    /// The whole CloudEvent, or the CRM's own record in it, at `/data/crm`
    #[arg(long, value_name = "event|record", hide_possible_values = true)]
    #[arg(requires = "deliver", default_value = "event")]
    deliver_body: Part,
    /// An API key: the header and its whole value
    #[arg(long, value_name = "HEADER=VALUE", requires = "deliver", value_parser = pair)]
    #[arg(group = "credential")]
    deliver_api_key: Option<(String, String)>,
    /// A user and a password
    #[arg(long, value_name = "USER=PASSWORD", requires = "deliver", value_parser = pair)]
    #[arg(group = "credential")]
    deliver_basic: Option<(String, String)>,
    /// A bearer token, such as OAuth issues
    #[arg(long, value_name = "TOKEN", requires = "deliver", group = "credential")]
    deliver_bearer: Option<String>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Playground, a page that shows the bridge at work")]
struct PageOptions {
    /// Serve the files of this folder below /_playground/, and deliver to the page's own CRM
    /// if no other is named; may be repeated
    #[arg(long, value_name = "FOLDER", verbatim_doc_comment)]
    playground: Vec<PathBuf>,
    /// Forward requests below /_bridge to this function URL
    #[arg(long, value_name = "URL")]
    bridge: Option<Endpoint>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    Event,
    Record,
}

/// Why the emulator cannot start.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("the credential of the delivery: {0}")]
    Credential(#[from] CredentialError),
    #[error("cannot listen on `{0}`: {1}")]
    Listen(SocketAddr, io::Error),
    #[error("`{}`: {reason}", file.display())]
    Seed { file: PathBuf, reason: String },
    #[error("cannot talk to the terminal: {0}")]
    Terminal(#[from] io::Error),
}

impl Arguments {
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        Ok(Settings {
            listen: self.listen,
            reads_per_second: self.reads_per_second,
            writes_per_second: self.writes_per_second,
            on_change: self.events.on_change.clone(),
            duplicate_events: self.events.duplicate_events,
            lose_events: self.events.lose_events,
            on_parked: self.events.on_parked.clone(),
            deliver: self.delivery.destination()?,
            bridge: self.page.bridge.clone(),
            playground: self.page.playground.clone(),
            log: true,
        })
    }

    /// Puts the opportunities and secrets into an emulator.
    pub(crate) fn seed(&self, emulator: &Emulator) -> Result<(), Failure> {
        if self.seed_samples {
            emulator.seed_samples();
        }
        for file in &self.seed {
            let failure = |reason| Failure::Seed {
                file: file.clone(),
                reason,
            };
            seed(file, emulator).map_err(failure)?;
        }
        for (name, value) in &self.secret {
            emulator.seed_secret(name, value);
        }
        Ok(())
    }
}

impl DeliveryOptions {
    fn destination(&self) -> Result<Option<Destination>, Failure> {
        let Some(endpoint) = self.deliver.clone() else {
            return Ok(None);
        };
        let credential = match (
            &self.deliver_api_key,
            &self.deliver_basic,
            &self.deliver_bearer,
        ) {
            (Some((header, value)), ..) => Some(Credential::api_key(header, value)?),
            (_, Some((user, password)), _) => Some(Credential::basic(user, password)?),
            (.., Some(token)) => Some(Credential::bearer(token)?),
            (None, None, None) => None,
        };
        Ok(Some(Destination {
            endpoint,
            method: self.deliver_method.clone(),
            credential,
            body: match self.deliver_body {
                Part::Event => Delivered::Event,
                Part::Record => Delivered::Record,
            },
        }))
    }
}

/// Splits `name=value`; the error does not repeat the value, which may be a secret.
fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("there is no `=`, expected a name, `=` and a value")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn count(text: &str) -> Result<usize, String> {
    match text {
        "all" => Ok(usize::MAX),
        number => {
            usize::from_str(number).map_err(|_| "expected a whole number or `all`".to_owned())
        }
    }
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
    use clap::CommandFactory;

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from([&["partner-central-emulator"], arguments].concat())
    }

    const ON_CHANGE: [&str; 2] = ["--on-change", "http://127.0.0.1:1"];

    #[test]
    fn the_options_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_url_that_nothing_can_be_posted_to_is_refused() {
        for option in ["--on-change", "--deliver"] {
            let refused = parse(&[option, "https://crm.example"]).unwrap_err();
            let expected = "`https://crm.example` is not understood, expected an `http://` URL";
            assert!(refused.to_string().contains(expected), "{refused}");
        }
    }

    #[test]
    fn an_option_that_has_no_effect_without_events_or_a_crm_is_refused() {
        let on_change = parse(&ON_CHANGE).unwrap();
        assert!(on_change.settings().unwrap().deliver.is_none());
        let cases: [&[&str]; 5] = [
            &["--duplicate-events"],
            &["--on-parked", "patch-opportunity"],
            &["--lose-events", "1"],
            &["--deliver", "http://127.0.0.1:1"],
            &["--deliver-bearer", "token"],
        ];
        for arguments in cases {
            let refused = parse(arguments).unwrap_err().kind();
            assert_eq!(
                refused,
                clap::error::ErrorKind::MissingRequiredArgument,
                "{arguments:?}"
            );
        }
    }

    #[test]
    fn a_delivery_has_one_credential() {
        let both = [
            "--deliver",
            "http://crm",
            "--deliver-bearer",
            "a",
            "--deliver-basic",
            "a=b",
        ];
        let refused = parse(&[&ON_CHANGE[..], &both].concat()).unwrap_err().kind();
        assert_eq!(refused, clap::error::ErrorKind::ArgumentConflict);
    }

    #[test]
    fn events_are_lost_by_number_or_all() {
        for (text, expected) in [("3", 3), ("all", usize::MAX)] {
            let arguments = parse(&[&ON_CHANGE[..], &["--lose-events", text]].concat()).unwrap();
            assert_eq!(arguments.settings().unwrap().lose_events, expected);
        }
    }
}

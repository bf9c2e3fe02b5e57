//! The command line.

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use lettre::message::Mailbox;
use reqwest::Url;

/// The notifications that are committed beside this program.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/notifications/data/sample.ndjson");

/// Delivers notifications by e-mail, push and SMS: validate, rate check, deliver, track.
///
/// A notification is a line of JSON: {"user":"ann","channel":"email","to":"ann@example.org","text":"Hello","priority":1}
/// with the channels email, push and sms. For each gateway that is not named a local one is started, which fails now and
/// then.
#[derive(Debug, Clone, Parser)]
#[command(name = "notifications", after_help = EXIT_CODES)]
pub(crate) struct Options {
    /// Notifications, one to a line, or `-` for standard input [default: the committed sample, without --http]
    #[arg(long, value_name = "FILE")]
    input: Option<Input>,

    /// Take notifications by HTTP POST as well, until told to stop; port 0 is any that is free
    #[arg(long, value_name = "ADDR")]
    pub(crate) http: Option<SocketAddr>,

    /// SQLite database; made if it is not there
    #[arg(long, value_name = "FILE", default_value = "notifications.sqlite")]
    pub(crate) database: PathBuf,

    /// Relay for e-mail, such as smtp://localhost:25
    #[arg(long, value_name = "URL")]
    pub(crate) smtp: Option<String>,

    /// Webhook for push
    #[arg(long, value_name = "URL")]
    pub(crate) push: Option<Url>,

    /// Gateway for SMS
    #[arg(long, value_name = "URL")]
    pub(crate) sms: Option<Url>,

    /// Who e-mails are from
    #[arg(long, value_name = "EMAIL", default_value = "Notifications <notifications@example.org>")]
    pub(crate) from: Mailbox,

    /// Kill a worker, picked at random, at every Nth job, to see that nothing gets lost [default: 20 with the sample and
    /// the own gateways, else none is killed]
    #[arg(long, value_name = "N")]
    pub(crate) kill_every: Option<NonZeroU64>,
}

/// At which jobs a worker is killed where all is to be shown.
const SHOWN: NonZeroU64 = NonZeroU64::new(20).unwrap();

impl Options {
    /// At which jobs a worker is killed, if at any.
    pub(crate) fn kill_every(&self) -> Option<NonZeroU64> {
        let gateways = self.smtp.is_some() || self.push.is_some() || self.sms.is_some();
        let is_for_real = gateways || self.input.is_some() || self.http.is_some();
        self.kill_every.or((!is_for_real).then_some(SHOWN))
    }

    /// What to read, if anything: who asks for HTTP does not get the sample.
    pub(crate) fn input(&self) -> Option<Input> {
        match (&self.input, self.http) {
            (Some(input), _) => Some(input.clone()),
            (None, Some(_)) => None,
            (None, None) => Some(Input::File(PathBuf::from(SAMPLE))),
        }
    }
}

/// A file or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    File(PathBuf),
    Stdin,
}

/// A path need not be text, so this is not from a `str`.
impl From<OsString> for Input {
    fn from(argument: OsString) -> Input {
        if argument == "-" { Input::Stdin } else { Input::File(PathBuf::from(argument)) }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::File(path) => write!(f, "{}", path.display()),
            Input::Stdin => f.write_str("standard input"),
        }
    }
}

const EXIT_CODES: &str = "\
SIGTERM and Ctrl-C: no more is taken, what was taken is brought to its end, then the account. While gateways are down that
takes about a minute: so long is a delivery tried again.

Exit codes:
  0    all of the input was taken and is accounted for; refused and failed ones are in the account
  1    the input cannot be read on; what came before is accounted for
  2    wrong usage
  3    the input cannot be opened, or an address cannot be used
  4    the database cannot be opened or written
  5    the servers gave up, or the account does not add up: a bug
  130  told to stop; what was taken is accounted for";

/// How the run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Complete = 0,
    BrokenInput = 1,
    NoInput = 3,
    NoDatabase = 4,
    GaveUp = 5,
    Stopped = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn the_sample_is_for_those_who_name_nothing_else() {
        let options = Options::parse_from(["notifications"]);
        assert!(matches!(options.input(), Some(Input::File(path)) if path.ends_with("data/sample.ndjson")));
        assert_eq!(options.kill_every(), Some(SHOWN));
        let options = Options::parse_from(["notifications", "--http", "127.0.0.1:0"]);
        assert_eq!((options.input(), options.kill_every()), (None, None));
        let options = Options::parse_from(["notifications", "--http", "127.0.0.1:0", "--input", "-"]);
        assert_eq!(options.input(), Some(Input::Stdin));
        assert!(Options::try_parse_from(["notifications", "--kill-every", "0"]).is_err());
    }
}

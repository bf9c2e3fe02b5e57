//! The command line.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::input::Input;

/// The feed that is committed beside this program.
const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/quakes/data/earthquakes.json");

/// Reads a week of earthquakes and stores them, through four supervised stages:
/// parse, validate, enrich, store.
#[derive(Debug, Clone, Parser)]
#[command(name = "quakes", after_help = EXIT_CODES)]
pub(crate) struct Options {
    /// GeoJSON feed of the USGS, or `-` for standard input [default: the committed week of 2018]
    #[arg(long, value_name = "FILE")]
    input: Option<Input>,

    /// SQLite database; made if it is not there
    #[arg(long, value_name = "FILE", default_value = "quakes.sqlite")]
    pub(crate) database: PathBuf,

    /// Make the enrich stage panic on every Nth event, to see what becomes of the others
    #[arg(long, value_name = "N")]
    pub(crate) crash_every: Option<NonZeroU64>,

    /// List all events that were not stored, not only the first ten of each kind
    #[arg(long)]
    pub(crate) list_all: bool,
}

impl Options {
    pub(crate) fn input(&self) -> Input {
        self.input.clone().unwrap_or_else(|| Input::File(PathBuf::from(COMMITTED)))
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0    the whole feed was read; refused and crashed events are in the summary
  1    the feed is truncated, malformed or cannot be read on; what came before is stored
  2    wrong usage
  3    the input cannot be opened
  4    the database cannot be opened or written
  5    the stages gave up, or the counts do not add up: a bug
  130  interrupted with Ctrl-C; what was read is stored";

/// How the run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Complete = 0,
    BrokenFeed = 1,
    NoInput = 3,
    NoDatabase = 4,
    GaveUp = 5,
    Interrupted = 130,
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
    fn options_are_read_and_have_defaults() {
        let options = Options::parse_from(["quakes"]);
        assert!(
            matches!(options.input(), Input::File(path) if path.ends_with("quakes/data/earthquakes.json"))
        );
        assert_eq!((options.database, options.crash_every), (PathBuf::from("quakes.sqlite"), None));

        let options = Options::parse_from(["quakes", "--input", "-", "--crash-every", "50"]);
        assert_eq!(options.input(), Input::Stdin);
        assert_eq!(options.crash_every.map(NonZeroU64::get), Some(50));
        assert!(Options::try_parse_from(["quakes", "--crash-every", "0"]).is_err());
    }
}

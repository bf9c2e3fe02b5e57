//! A week of real earthquakes through four supervised stages into a database.
//!
//! ```text
//! cargo run --example quakes                        # the committed week, into quakes.sqlite
//! cargo run --example quakes -- --crash-every 50    # the same, and enrich panics now and then
//! ```
//!
//! ```text
//! feed.json ─▶ parse ─▶ validate ─▶ enrich ─▶ store ─▶ quakes.sqlite
//!                │          │          │         │
//!                └──────────┴─ Quakes ─┴─────────┘       one supervisor
//! ```
//!
//! The idea: each stage is a server, with its own state and its own mailbox, and none knows the
//! next. What takes an event from stage to stage is a task of its own, its *journey* (`journey.rs`):
//! four plain calls. Up to 256 journeys are on their way at once, so all stages work at the same
//! time; the mailboxes are bounded, so a slow stage slows down the reading and not the memory.
//!
//! A call always ends: with a reply, a refusal, or the news that the stage crashed with this event
//! in hand. So every event that is read ends stored, already there, refused or crashed, and the
//! counts in the summary add up: `--crash-every` is there to watch them do so. The events that
//! waited in the mailbox of a crashed stage are served by its next life.
//!
//! | file | idea |
//! |---|---|
//! | `feed`, `text`, `input` | GeoJSON one feature at a time, with line and column; the thread that reads it |
//! | `event`, `refusal`, `outcome` | what travels, and how it can end |
//! | `rules`, `places`, `severity`, `database` | the work itself, which knows nothing of servers |
//! | `parse`, `validate`, `enrich`, `store` | the stages |
//! | `tree`, `journey`, `run` | the supervisor, one event's way, the whole run |
//! | `cli`, `progress`, `meter`, `summary`, `sabotage` | what the user says and sees |

mod cli;
mod database;
mod enrich;
mod event;
mod feed;
mod input;
mod journey;
mod meter;
mod outcome;
mod parse;
mod places;
mod progress;
mod refusal;
mod rules;
mod run;
mod sabotage;
mod severity;
mod store;
mod summary;
mod text;
mod tree;
mod validate;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Exit, Options};
use crate::run::{End, NoRun, Run, run};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if options.crash_every.is_some() {
        sabotage::mute_deliberate_panics();
    }
    match run(&options).await {
        Ok(run) => {
            // A reader that has gone away (`| head`) is no error of ours.
            let _ = write!(io::stdout(), "{}", run.summary);
            tell(&options, &run);
            run.exit().into()
        }
        Err(error) => {
            eprintln!("error: {error}");
            match error {
                NoRun::Input { .. } => Exit::NoInput.into(),
                NoRun::Database { .. } => Exit::NoDatabase.into(),
            }
        }
    }
}

/// Says on standard error why the run did not go to the end.
fn tell(options: &Options, run: &Run) {
    match &run.end {
        End::Complete => {}
        End::Interrupted => eprintln!("interrupted"),
        End::Broken(error) => eprintln!("error: {}:{error}", options.input()),
        End::Failed(loss) => eprintln!("error: {loss}"),
    }
}

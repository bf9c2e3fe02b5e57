//! Notifications by e-mail, push and SMS: validate, rate check, deliver, track.
//!
//! ```text
//! cargo run --example notifications                              # the committed sample: gateways fail, workers are killed
//! cargo run --example notifications -- --input FILE              # another file: no worker is killed
//! cargo run --example notifications -- --http 127.0.0.1:8080     # takes posts, until Ctrl-C
//! cargo run --example notifications --features tls -- --smtp smtps://user:secret@mail.example.org --push https://..
//! ```
//!
//! ```text
//! file, stdin, POST ─▶ validate ─▶ limit ─▶ deliver ─▶ three workers ─▶ email ─▶ SMTP
//!                         │          │         │  ▲         │       ├─▶ push  ─▶ webhook
//!                      invalid   too many      │  └─ retry ─┘       └─▶ sms   ─▶ gateway
//!                         └──────────┴─────────┴──────▶ tracker ─▶ notifications.sqlite
//! ```
//!
//! The idea: every rule is declared where it belongs. The way is a `pipeline!`, the workers are a pool of the
//! `supervisor!` tree, the budget of a user is an attribute of `check`, and each channel's circuit breaker one of its
//! `send`. What remains to be written is the work.
//!
//! Every line that is taken ends on record as delivered, refused or failed, with a reason, so that the account adds up:
//! a job whose worker is killed is another worker's, an attempt that fails is made again, in front of the pool and not in a
//! worker that others wait for, and a process that is told to stop takes nothing more and brings what it took to its end.
//! A delivery that is tried again carries the same id: what a killed worker had sent already, the gateway has seen.
//!
//! | file | idea |
//! |---|---|
//! | `notification`, `end`, `journey` | what travels, how it can end, one line's way |
//! | `validate`, `limit`, `deliver`, `tracker` | the stages, and the pool's workers |
//! | `channels` | e-mail, push and SMS, each behind its breaker |
//! | `tree`, `plan`, `drive`, `run` | the supervisor, what it starts with, what is taken; from the first line to the account |
//! | `intake`, `cli` | where lines come from, what the user says |
//! | `database`, `account`, `report`, `board` | what is on record and what is told |
//! | `sinks`, `sabotage` | a world that fails, workers that die |

mod account;
mod board;
mod channels;
mod cli;
mod database;
mod deliver;
mod drive;
mod end;
mod intake;
mod journey;
mod limit;
mod notification;
mod plan;
mod report;
mod run;
mod sabotage;
mod sinks;
mod tracker;
mod tree;
mod validate;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Exit, Options};
use crate::run::{End, NoRun, run};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options).await {
        Ok(run) => {
            // A reader that has gone away (`| head`) is no error of ours.
            let _ = write!(io::stdout(), "{}", run.report);
            match &run.end {
                End::Complete | End::Stopped => {}
                End::Broken(error) => eprintln!("error: {error}"),
                End::NotTracked(error) => eprintln!("error: {error}"),
            }
            run.exit().into()
        }
        Err(error) => {
            eprintln!("error: {error}");
            match error {
                NoRun::Io { .. } | NoRun::Gateway { .. } => Exit::NoInput.into(),
                NoRun::NotStarted(_) => Exit::NoDatabase.into(),
            }
        }
    }
}

//! What noex's macros cost to compile: a program of 50 servers with ten handlers each, beside the same program by hand,
//! checked and built.
//!
//! Both are written below the target directory, out of `compile/noex.rs` and `compile/by_hand.rs`, with the versions of
//! this workspace's `Cargo.lock`; nothing is downloaded. Each starts its servers and sends each every message, because
//! what is not used is not built. The dependencies are ready before the clock starts, and nothing is left over from the
//! last time but them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::Selection;
use crate::measure::median;
use crate::report::Figure;
use crate::runtime::Runtime;
use crate::scenario::Unit;

const SERVERS: usize = 50;
/// Messages that a server has handlers for.
const HANDLERS: usize = 10;

/// What cargo is told to do, what the figure is called, and in how many rounds at the most.
const WAYS: [(&[&str], &str, usize); 3] = [
    (&["check"], "compile_check", usize::MAX),
    // A minute and more, and three.
    (&["build"], "compile_build", 1),
    (&["build", "--release"], "compile_release", 1),
];

/// In each server's file: starts one and counts the messages that are accepted.
const USE: &str = r#"
pub async fn used() -> usize {
    let account = START;
    [
        account.remember(1, "a note".to_owned()).await.is_ok(),
        account.deposit(30).await.is_ok(),
        account.withdraw(20).await.is_ok(),
        account.balance().await.is_ok(),
        account.owner().await.is_ok(),
        account.note(1).await.is_ok(),
        account.audit(5).await.is_ok(),
        account.freeze().await.is_ok(),
        account.thaw().await.is_ok(),
        account.forget(1).await.is_ok(),
    ]
    .into_iter()
    .filter(|is_ok| *is_ok)
    .count()
}
"#;
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// Each use is a future of its own behind a pointer, as tasks are: one future of all of them would take the optimiser
/// minutes, whoever wrote the servers.
const MAIN: &str = r#"
type Use = fn() -> std::pin::Pin<Box<dyn Future<Output = usize>>>;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let uses: &[Use] = &[USES];
    println!("{}", runtime.block_on(async {
        let mut served = 0;
        for each in uses {
            served += each().await;
        }
        served
    }));
}
"#;

/// A program to check and to build.
struct Side {
    /// Of the peer whose way of writing servers it has.
    peer: &'static str,
    /// One of its servers.
    server: &'static str,
    /// How one is started.
    start: &'static str,
    /// What its servers share.
    shared: &'static str,
    dependencies: String,
}

fn sides() -> [Side; 2] {
    let tokio =
        "tokio = { version = \"1\", default-features = false, features = [\"rt\", \"sync\", \"time\"] }\n";
    [
        Side {
            peer: "noex",
            server: include_str!("../compile/noex.rs"),
            start: "Account::start(\"Ann\".to_owned(), 100).await.expect(\"it starts\")",
            shared: "",
            dependencies: format!("{tokio}noex = {{ path = {:?} }}\n", Path::new(HERE).join("../noex")),
        },
        Side {
            peer: "tokio_unbounded",
            server: include_str!("../compile/by_hand.rs"),
            start: "AccountRef::start(\"Ann\".to_owned(), 100)",
            shared: "/// The server does not run.\n#[derive(Clone, Copy, Debug)]\npub struct Gone;\n",
            dependencies: tokio.to_owned(),
        },
    ]
}

/// Checks and builds both programs in turn.
pub(crate) fn measure(selection: &Selection) -> Result<Vec<Figure>, String> {
    let folder = folder()?;
    let mut figures = Vec::new();
    // The last way takes longer than all others.
    let ways = if selection.quick { &WAYS[..2] } else { &WAYS[..] };
    for &(arguments, scenario, most) in ways {
        eprint!("{scenario} ");
        let [macros, by_hand] = in_turn(&folder, arguments, scenario, selection.rounds.min(most))?;
        eprintln!(" with macros {:.2} times as much as by hand", macros.value / by_hand.value);
        figures.extend([macros, by_hand]);
    }
    Ok(figures)
}

fn in_turn(folder: &Path, arguments: &[&str], scenario: &str, rounds: usize) -> Result<[Figure; 2], String> {
    let sides = sides();
    for side in &sides {
        // The dependencies, and what the file system has to be asked once.
        write(folder, side)
            .and_then(|()| fs::write(folder.join(side.peer).join("src/main.rs"), "fn main() {}\n"))
            .map_err(|error| format!("cannot write a program to {}: {error}", folder.display()))?;
        cargo(folder, side.peer, arguments)?;
    }
    let mut seconds = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        eprint!(".");
        for (side, seconds) in sides.iter().zip(&mut seconds) {
            // Cargo looks at the time of a file, not at what is in it.
            write(folder, side).map_err(|error| error.to_string())?;
            seconds.push(cargo(folder, side.peer, arguments)?);
        }
    }
    if arguments.first() == Some(&"build") {
        // What does not do the same is not compared.
        for side in &sides {
            let served = cargo_run(folder, side.peer, arguments)?;
            if served != SERVERS * HANDLERS {
                return Err(format!("the program of {} served {served} messages", side.peer));
            }
        }
    }
    let [macros, by_hand] = sides.map(|side| side.peer);
    let [with_macros, without] = seconds;
    Ok([figure(macros, scenario, with_macros), figure(by_hand, scenario, without)])
}

fn figure(peer: &'static str, scenario: &str, mut seconds: Vec<f64>) -> Figure {
    seconds.sort_by(f64::total_cmp);
    Figure {
        peer,
        scenario: scenario.to_owned(),
        // Of all threads together, however many the compiler uses.
        runtime: Runtime::OneThread,
        value: median(&seconds),
        spread: (seconds[0], seconds[seconds.len() - 1]),
        unit: Unit::Fewer("CPU seconds"),
    }
}

/// Beside the profile that this program was built into.
fn folder() -> Result<PathBuf, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let target = program.ancestors().nth(2).ok_or("this program is not in a target directory")?;
    Ok(target.join("compile"))
}

fn write(folder: &Path, side: &Side) -> Result<(), std::io::Error> {
    let root = folder.join(side.peer);
    fs::create_dir_all(root.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"{}_servers\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{}",
        side.peer, side.dependencies
    );
    fs::write(root.join("Cargo.toml"), manifest)?;
    // Cargo drops from it what the crate does not use, and adds the crate.
    fs::copy(Path::new(HERE).join("../Cargo.lock"), root.join("Cargo.lock"))?;
    let server = format!("{}{}", side.server, USE.replace("START", side.start));
    let mut program = side.shared.to_owned();
    let mut uses = Vec::new();
    for number in 0..SERVERS {
        program.push_str(&format!("pub mod server_{number};\n"));
        uses.push(format!("|| Box::pin(server_{number}::used())"));
        fs::write(root.join(format!("src/server_{number}.rs")), &server)?;
    }
    program.push_str(&MAIN.replace("USES", &uses.join(", ")));
    fs::write(root.join("src/main.rs"), program)
}

/// How many seconds of processor time it takes.
fn cargo(folder: &Path, peer: &str, arguments: &[&str]) -> Result<f64, String> {
    let before = children_seconds()?;
    told(folder, peer, arguments)?;
    Ok(children_seconds()? - before)
}

/// What the program prints: how many messages were served.
fn cargo_run(folder: &Path, peer: &str, arguments: &[&str]) -> Result<usize, String> {
    let arguments = [&["run"], &arguments[1..]].concat();
    let text = told(folder, peer, &arguments)?;
    text.trim().parse().map_err(|_| format!("the program of {peer} printed {text:?}"))
}

/// Runs cargo and gives what it, or the program that it ran, wrote to standard output.
fn told(folder: &Path, peer: &str, arguments: &[&str]) -> Result<String, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .args(["--offline", "--quiet", "--target-dir"])
        .arg(folder.join("target"))
        .current_dir(folder.join(peer))
        // What the last time left must not help this one.
        .env("CARGO_INCREMENTAL", "0")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cargo {} of {peer} failed:\n{errors}", arguments.join(" ")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Processor time, user's and system's, of all processes this one has started and waited for, and theirs.
fn children_seconds() -> Result<f64, String> {
    let stat =
        fs::read_to_string("/proc/self/stat").map_err(|error| format!("needs Linux's /proc: {error}"))?;
    seconds(&stat).ok_or_else(|| format!("cannot read {stat:?}"))
}

/// The 16th and the 17th field, in hundredths; the second, in parentheses, may hold anything.
fn seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut ticks = rest.split_whitespace().skip(13).map(|it| it.parse::<f64>().ok());
    Some((ticks.next()?? + ticks.next()??) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_children_is_found() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 200 0 0 11 12 150 25 20 0 1 0 99 1 1";
        assert_eq!(seconds(stat), Some(1.75));
        assert!(children_seconds().is_ok());
    }

    #[test]
    fn both_have_ten_handlers_and_use_them() {
        let [macros, by_hand] = sides();
        let count = |text: &str, what: &str| text.matches(what).count();
        assert_eq!(count(macros.server, "#[call]") + count(macros.server, "#[cast]"), HANDLERS);
        assert_eq!(count(by_hand.server, "            Message::"), HANDLERS);
        assert_eq!(count(USE, "account."), HANDLERS);
    }
}

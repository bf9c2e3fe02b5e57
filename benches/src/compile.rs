//! What noex's macros cost to compile: `cargo check` of a crate of 50 servers with ten handlers each, beside the same
//! crate by hand.
//!
//! Both crates are written below the target directory, out of `compile/noex.rs` and `compile/by_hand.rs`, with the
//! versions of this workspace's `Cargo.lock`; nothing is downloaded. The dependencies are ready before the clock starts,
//! and nothing is left over from the last time but them.

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
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// A crate to check.
struct Side {
    /// Of the peer whose way of writing servers it has.
    peer: &'static str,
    /// One of its servers.
    server: &'static str,
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
            shared: "",
            dependencies: format!("{tokio}noex = {{ path = {:?} }}\n", Path::new(HERE).join("../noex")),
        },
        Side {
            peer: "tokio_unbounded",
            server: include_str!("../compile/by_hand.rs"),
            shared: "/// The server does not run.\n#[derive(Clone, Copy, Debug)]\npub struct Gone;\n",
            dependencies: tokio.to_owned(),
        },
    ]
}

/// Checks both crates in turn, so many times each.
pub(crate) fn check(selection: &Selection) -> Result<Vec<Figure>, String> {
    let folder = folder()?;
    let sides = sides();
    for side in &sides {
        write(&folder, side)
            .map_err(|error| format!("cannot write a crate to {}: {error}", folder.display()))?;
        // The dependencies, and what the file system has to be asked once.
        cargo_check(&folder, side.peer)?;
    }
    let mut seconds = [Vec::new(), Vec::new()];
    for _ in 0..selection.rounds {
        eprint!(".");
        for (side, seconds) in sides.iter().zip(&mut seconds) {
            // Cargo looks at the time of a file, not at what is in it.
            write(&folder, side).map_err(|error| error.to_string())?;
            seconds.push(cargo_check(&folder, side.peer)?);
        }
    }
    eprintln!();
    let figures = sides.iter().zip(&mut seconds).map(|(side, seconds)| {
        seconds.sort_by(f64::total_cmp);
        Figure {
            peer: side.peer,
            scenario: "compile_check".to_owned(),
            // As little as cargo makes use of more than one for one crate.
            runtime: Runtime::OneThread,
            value: median(seconds),
            spread: (seconds[0], seconds[seconds.len() - 1]),
            unit: Unit::Fewer("CPU seconds"),
        }
    });
    let figures: Vec<Figure> = figures.collect();
    eprintln!("macros take {:.2} times as long as the same by hand", figures[0].value / figures[1].value);
    Ok(figures)
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
    let mut lib = side.shared.to_owned();
    for number in 0..SERVERS {
        lib.push_str(&format!("pub mod server_{number};\n"));
        fs::write(root.join(format!("src/server_{number}.rs")), side.server)?;
    }
    fs::write(root.join("src/lib.rs"), lib)
}

/// How many seconds of processor time it takes.
fn cargo_check(folder: &Path, peer: &str) -> Result<f64, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let before = children_seconds()?;
    let output = Command::new(cargo)
        .args(["check", "--offline", "--quiet", "--target-dir"])
        .arg(folder.join("target"))
        .current_dir(folder.join(peer))
        // What the last check left must not help this one.
        .env("CARGO_INCREMENTAL", "0")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("cargo check of {peer} failed:\n{told}"));
    }
    Ok(children_seconds()? - before)
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
    fn both_have_ten_handlers() {
        let [macros, by_hand] = sides();
        let count = |text: &str, what: &str| text.matches(what).count();
        assert_eq!(count(macros.server, "#[call]") + count(macros.server, "#[cast]"), 10);
        assert_eq!(count(by_hand.server, "            Message::"), 10);
    }
}

//! What the figures were measured on: without it they say little.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli::Selection;

/// A machine, its software and a day.
#[derive(Debug)]
pub(crate) struct Machine {
    /// The processor's own name.
    pub(crate) cpu: String,
    /// How many threads run at once.
    pub(crate) cores: usize,
    /// The name of the system and the version of its kernel.
    pub(crate) os: String,
    /// As `rustc --version` says it.
    pub(crate) rustc: String,
    /// In UTC, as `2027-03-01`.
    pub(crate) date: String,
}

/// Describes this machine; what it does not tell is `unknown`.
pub(crate) fn describe() -> Machine {
    let cpu = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| field(&text, "model name"));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").map(|it| it.trim().to_owned());
    let distribution =
        fs::read_to_string("/etc/os-release").ok().and_then(|text| field(&text, "PRETTY_NAME"));
    let system = distribution.unwrap_or_else(|| std::env::consts::OS.to_owned());
    Machine {
        cpu: cpu.unwrap_or_else(unknown),
        cores: thread::available_parallelism().map_or(1, usize::from),
        os: kernel.map_or(system.clone(), |kernel| format!("{system}, kernel {kernel}")),
        rustc: compiler().unwrap_or_else(unknown),
        date: date(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs() / 86_400)),
    }
}

impl Machine {
    /// The first of the JSON lines.
    pub(crate) fn json(&self, Selection { rounds, quick, .. }: &Selection) -> String {
        let Machine { cpu, cores, os, rustc, date } = self;
        let [cpu, os, rustc] = [cpu, os, rustc].map(|text| quoted(text));
        format!(
            "{{\"machine\":{{\"cpu\":{cpu},\"cores\":{cores},\"os\":{os},\"rustc\":{rustc},\
             \"date\":\"{date}\",\"rounds\":{rounds},\"quick\":{quick}}}}}\n"
        )
    }

    /// In one line, for who reads it.
    pub(crate) fn line(&self) -> String {
        let Machine { cpu, cores, os, rustc, date } = self;
        format!("{cpu}, {cores} cores, {os}, {rustc}, {date}")
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// The value of `name` in lines such as `name : value` or `name="value"`.
fn field(text: &str, name: &str) -> Option<String> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(rest.trim().trim_start_matches([':', '=']).trim().trim_matches('"').to_owned())
}

fn compiler() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

fn quoted(text: &str) -> String {
    let plain: String = text.chars().filter(|it| !it.is_control()).collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The day so many days after the first of 1970, in the calendar we use. Years are counted from March, so that
/// the odd day of a leap year is their last.
fn date(days: u64) -> String {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + later)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(date(20_454), "2026-01-01");
    }

    #[test]
    fn fields_are_found_and_quoted() {
        assert_eq!(field("a : b\nmodel name\t: Fast \"one\" 3", "model name").unwrap(), "Fast \"one\" 3");
        assert_eq!(field("NAME=\"x\"\nPRETTY_NAME=\"Some OS\"", "PRETTY_NAME").unwrap(), "Some OS");
        assert_eq!(quoted("a \"b\" \\\n"), "\"a \\\"b\\\" \\\\\"");
    }
}

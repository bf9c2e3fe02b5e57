//! The table at the end of a run.

use std::fmt;
use std::time::Duration;

use noex::observer::Snapshot;

use crate::meter::Meter;
use crate::outcome::{Listed, Stage, Tally};

/// What a run did.
#[derive(Debug)]
pub(crate) struct Summary {
    /// Features taken from the feed: counted where they are read, not where they end.
    pub(crate) read: u64,
    pub(crate) tally: Tally,
    pub(crate) stages: [StageReport; 4],
    pub(crate) elapsed: Duration,
}

/// What one stage did.
#[derive(Debug)]
pub(crate) struct StageReport {
    stage: Stage,
    handled: u64,
    restarts: u32,
    /// The most messages that ever waited in its mailbox.
    most_queued: usize,
    busy: Duration,
}

impl StageReport {
    pub(crate) fn new(stage: Stage, snapshot: &Snapshot, meter: &Meter) -> StageReport {
        StageReport {
            stage,
            handled: meter.handled(),
            restarts: snapshot.restarts,
            most_queued: snapshot.queue_high_water,
            busy: meter.busy(),
        }
    }
}

impl Summary {
    /// Whether every event that was read ended somewhere.
    pub(crate) fn adds_up(&self) -> bool {
        self.read == self.tally.total()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = &self.tally;
        count(f, "read", self.read)?;
        count(f, "stored", tally.stored)?;
        count(f, "already there", tally.already_there)?;
        count(f, "refused", tally.total_refused())?;
        for (reason, refused) in &tally.refused {
            count(f, &format!("  {reason}"), *refused)?;
        }
        count(f, "crashed", tally.crashed)?;
        if tally.failed > 0 {
            count(f, "failed", tally.failed)?;
        }
        if !self.adds_up() {
            writeln!(f, "THE COUNTS DO NOT ADD UP: {} read, {} accounted for", self.read, tally.total())?;
        }
        writeln!(f)?;
        writeln!(
            f,
            "{:<10} {:>9} {:>9} {:>12} {:>12}",
            "stage", "handled", "restarts", "most queued", "busy"
        )?;
        for StageReport { stage, handled, restarts, most_queued, busy } in &self.stages {
            let busy = milliseconds(*busy);
            writeln!(f, "{stage:<10} {handled:>9} {restarts:>9} {most_queued:>12} {busy:>12}")?;
        }
        writeln!(f)?;
        let seconds = self.elapsed.as_secs_f64();
        // A rate needs some time to be one; the division by zero of an empty feed is not shown.
        let rate = if seconds > 0.0 { self.read as f64 / seconds } else { 0.0 };
        writeln!(f, "{} events in {}, {rate:.0} events/s", self.read, milliseconds(self.elapsed))?;
        list(f, "refused", &tally.refusals, tally.total_refused())?;
        list(f, "crashed", &tally.crashes, tally.crashed)?;
        list(f, "failed", &tally.failures, tally.failed)
    }
}

fn count(f: &mut fmt::Formatter<'_>, what: &str, number: u64) -> fmt::Result {
    writeln!(f, "{what:<24} {number:>9}")
}

fn list(f: &mut fmt::Formatter<'_>, title: &str, listed: &Listed, total: u64) -> fmt::Result {
    if total == 0 {
        return Ok(());
    }
    writeln!(f, "\n{title}:")?;
    for line in listed.lines() {
        writeln!(f, "  {line}")?;
    }
    let rest = total - listed.lines().len() as u64;
    if rest > 0 {
        writeln!(f, "  .. and {rest} more (--list-all shows them)")?;
    }
    Ok(())
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Saved;
    use crate::outcome::Outcome;
    use crate::refusal::{Reason, Refusal};
    use crate::text::Position;

    fn summary(read: u64) -> Summary {
        let mut tally = Tally::new(1);
        tally.count(Outcome::Saved(Saved::New));
        for line in [3, 4] {
            let at = Position { line, column: 1 };
            tally.count(Outcome::Refused(Refusal {
                reason: Reason::DuplicateId,
                at,
                detail: "x1".to_owned(),
            }));
        }
        let stages = [Stage::Parse, Stage::Validate, Stage::Enrich, Stage::Store];
        let stages = stages.map(|stage| StageReport {
            stage,
            handled: 3,
            restarts: 1,
            most_queued: 2,
            busy: Duration::from_micros(1250),
        });
        Summary { read, tally, stages, elapsed: Duration::from_millis(1500) }
    }

    #[test]
    fn the_table_shows_what_was_lost_and_why() {
        let shown = summary(3).to_string();
        let expected = "\
read                             3
stored                           1
already there                    0
refused                          2
  duplicate id                   2
crashed                          0

stage        handled  restarts  most queued         busy
parse              3         1            2       1.2 ms
validate           3         1            2       1.2 ms
enrich             3         1            2       1.2 ms
store              3         1            2       1.2 ms

3 events in 1500.0 ms, 2 events/s

refused:
  3:1: duplicate id: x1
  .. and 1 more (--list-all shows them)
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn an_event_that_is_unaccounted_for_is_shouted_about() {
        assert!(summary(3).adds_up());
        assert!(!summary(4).adds_up());
        assert!(summary(4).to_string().contains("DO NOT ADD UP: 4 read, 3 accounted for"));
    }
}

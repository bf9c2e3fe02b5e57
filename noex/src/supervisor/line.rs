//! The line: under a group strategy children stop and start one after the other.
//!
//! A restart stands its steps in line, `rest_for_one` of b among a, b, c, d:
//!
//! ```text
//! stop d ─ stop c ─ (pause) ─ start b ─ start c ─ start d
//! ```
//!
//! One step is under way at a time; the supervisor is told when it is done. A restart that reaches further
//! replaces the steps of one that does not.

use std::{collections::VecDeque, time::Duration};

use super::{
    child::{Alarm, Phase, Then, next_attempt},
    server::{Notice, Supervisor},
    spec::{Restart, Strategy},
};

#[derive(Default)]
pub(crate) struct Line {
    steps: VecDeque<Step>,
    under_way: Option<UnderWay>,
}

enum Step {
    Stop(u64),
    Pause(Duration),
    Start(u64),
}

enum UnderWay {
    Child(u64),
    Pause { attempt: u64, _alarm: Alarm },
}

impl Line {
    /// The step with this child is over.
    pub(super) fn let_go(&mut self, slot: u64) {
        if matches!(self.under_way, Some(UnderWay::Child(present)) if present == slot) {
            self.under_way = None;
        }
    }

    /// Whether this child is to be stopped, when its turn comes.
    pub(super) fn is_to_stop(&self, slot: u64) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Stop(other) if *other == slot))
    }
}

impl Supervisor {
    /// Starts a child, when its turn comes.
    pub(super) fn request_start(&mut self, slot: u64) {
        let Some(child) = self.children.get_mut(&slot) else { return };
        if self.plan.strategy == Strategy::OneForOne {
            child.begin_start(&self.me, &self.door);
        } else {
            child.phase = Phase::Queued;
            self.line.steps.push_back(Step::Start(slot));
            self.go_on();
        }
    }

    /// Restarts a child and those from `first` on.
    pub(super) fn restart_group(&mut self, first: u64, pause: Duration) {
        self.line.steps.retain(|step| match step {
            Step::Stop(slot) | Step::Start(slot) => *slot < first,
            Step::Pause(_) => false,
        });
        match self.line.under_way {
            // It would be stopped again anyway, and may hang.
            Some(UnderWay::Child(slot)) if slot >= first => {
                self.stop_child(slot, Then::Return);
            }
            // Who waited in it is among those that are restarted now.
            Some(UnderWay::Pause { .. }) => self.line.under_way = None,
            _ => {}
        }
        let group = self.children.range(first..);
        let stops = group.clone().rev().map(|(slot, _)| Step::Stop(*slot));
        // A temporary one that is stopped is forgotten.
        let starts = group
            .filter(|(_, child)| child.spec.restart_type() != Restart::Temporary)
            .map(|(slot, _)| Step::Start(*slot));
        self.line.steps.extend(stops);
        if !pause.is_zero() {
            self.line.steps.push_back(Step::Pause(pause));
        }
        self.line.steps.extend(starts);
        self.go_on();
    }

    /// A child is up, or down, or forgotten.
    pub(super) fn settled(&mut self, slot: u64) {
        self.line.let_go(slot);
        self.go_on();
    }

    pub(super) fn pause_over(&mut self, over: u64) {
        if matches!(self.line.under_way, Some(UnderWay::Pause { attempt, .. }) if attempt == over) {
            self.line.under_way = None;
            self.go_on();
        }
    }

    /// Takes steps until one has to be waited for.
    fn go_on(&mut self) {
        while self.line.under_way.is_none() {
            match self.line.steps.pop_front() {
                None => return,
                Some(Step::Stop(slot)) => {
                    if !self.stop_child(slot, Then::Return) {
                        self.line.under_way = Some(UnderWay::Child(slot));
                    }
                }
                Some(Step::Pause(pause)) => {
                    let attempt = next_attempt();
                    let notice = Notice::Resume { slot: None, attempt };
                    let alarm = Alarm::set(&self.me, &self.door, pause, notice);
                    self.line.under_way = Some(UnderWay::Pause { attempt, _alarm: alarm });
                }
                Some(Step::Start(slot)) => {
                    // Somebody may have stopped it by hand meanwhile.
                    if let Some(child) = self.children.get_mut(&slot)
                        && matches!(child.phase, Phase::Queued)
                    {
                        child.begin_start(&self.me, &self.door);
                        self.line.under_way = Some(UnderWay::Child(slot));
                    }
                }
            }
        }
    }
}

//! What follows from a child's end: a restart, giving up, or the end of the tree.

use std::{sync::Arc, time::Duration};

use super::{
    child::{Alarm, Child, Phase, next_attempt},
    end::{GaveUp, TreeEnd},
    log::{Cause, Outcome, RestartEntry},
    server::{Notice, Supervisor},
    spec::{AutoShutdown, Strategy},
};
use crate::{Context, ExitReason, Pid, Reason, observer::EventKind, process::door};

impl Supervisor {
    /// Restarts the child and, by the strategy, its siblings; or gives up.
    pub(super) fn restart(&mut self, slot: u64, cause: Cause, cx: &mut Context<Self>) {
        let left = self.intensity.spend(door::now());
        let first = match self.plan.strategy {
            Strategy::OneForOne => None,
            Strategy::RestForOne => Some(slot),
            Strategy::OneForAll => Some(0),
        };
        let taken_down: Vec<Arc<str>> = first.map_or(Vec::new(), |first| {
            let siblings = self.children.range(first..).filter(|(other, _)| **other != slot);
            let running = siblings.filter(|(_, child)| matches!(child.phase, Phase::Running));
            running.map(|(_, child)| child.spec.options.id.clone()).collect()
        });
        let Some(child) = self.children.get_mut(&slot) else { return };
        let Some(budget_left) = left else { return self.give_up(slot, cause, cx) };
        let pause =
            self.plan.backoff.as_ref().map_or(Duration::ZERO, |backoff| child.failures.pause(backoff));
        let reason = cause.reason().clone();
        let outcome = Outcome::Restarted { after: pause, budget_left };
        let name = self.note(slot, cause, taken_down, outcome);
        cx.announce(|| EventKind::Restarting { child: name, reason });
        match (first, self.children.get_mut(&slot)) {
            (Some(first), _) => self.restart_group(first, pause),
            (None, Some(child)) if pause.is_zero() => child.begin_start(&self.me, &self.door),
            (None, Some(child)) => {
                let attempt = next_attempt();
                let notice = Notice::Resume { slot: Some(slot), attempt };
                let alarm = Alarm::set(&self.me, &self.door, pause, notice);
                child.phase = Phase::Waiting { attempt, _alarm: alarm };
            }
            (None, None) => {}
        }
    }

    fn give_up(&mut self, slot: u64, cause: Cause, cx: &mut Context<Self>) {
        let budget = self.intensity.budget();
        let reason = cause.reason().clone();
        let outcome = Outcome::GaveUp { max: budget.max, window: budget.window };
        let child = self.note(slot, cause, Vec::new(), outcome);
        self.plan.chronicle.note_end(TreeEnd::GaveUp(GaveUp {
            supervisor: self.plan.name.clone(),
            child: child.clone(),
            reason: Reason(reason.clone()),
            max: budget.max,
            window: budget.window,
        }));
        cx.announce(|| EventKind::GaveUp { child, reason });
        cx.stop(ExitReason::Shutdown);
    }

    /// Writes it into the restart log; what the child is called there.
    fn note(&mut self, slot: u64, cause: Cause, taken_down: Vec<Arc<str>>, outcome: Outcome) -> Arc<str> {
        let Some(child) = self.children.get(&slot) else { return "?".into() };
        let name = self.name_of(child);
        let place = child.place.slot();
        let message = match cause.reason() {
            ExitReason::Panic(panic) => place.kind_of(panic.handler),
            _ => None,
        };
        self.plan.chronicle.note(RestartEntry {
            number: 0,
            at: door::time_of_day(),
            since_start: door::now() - self.since,
            child: name.clone(),
            pid: Pid::local(slot, place.core().incarnation()),
            cause,
            message,
            restart: child.spec.restart_type(),
            strategy: self.plan.strategy,
            taken_down,
            outcome,
        });
        name
    }

    /// The child's id; where many share one, its name, or its type and slot.
    pub(super) fn name_of(&self, child: &Child) -> Arc<str> {
        if self.plan.is_dynamic { child.place.slot().core().label() } else { child.spec.options.id.clone() }
    }

    /// A child has ended and will not come back by itself.
    pub(super) fn is_finished(&mut self, slot: u64, cx: &mut Context<Self>) {
        let Some(child) = self.children.get(&slot).filter(|child| child.spec.is_significant()) else {
            return;
        };
        let ends = match self.plan.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => {
                !self.children.values().any(|child| child.spec.is_significant() && child.is_active())
            }
        };
        if ends {
            self.plan.chronicle.note_end(TreeEnd::Done { child: child.spec.options.id.clone() });
            cx.stop(ExitReason::Shutdown);
        }
    }
}

//! The supervisor's side of its administration.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{
    check::PlanError,
    child::{Child, Phase, Then},
    error::AdminError,
    place::Failed,
    plan::Planned,
    question::{ChildCount, ChildInfo, ChildState, Question, Reply, Seen, Who},
    server::Supervisor,
    spec::{ChildSpec, Kind},
};
use crate::{ExitReason, Pid, Reason};

impl Child {
    pub(super) fn state(&self) -> ChildState {
        match self.phase {
            Phase::Down => ChildState::Down,
            Phase::Queued | Phase::Waiting { .. } => ChildState::Waiting,
            Phase::Starting { .. } => ChildState::Starting,
            Phase::Running => ChildState::Running,
            Phase::Stopping { .. } => ChildState::Stopping,
        }
    }

    /// Why it cannot be started or taken away: it is not down.
    fn not_down(&self) -> Option<AdminError> {
        let child = self.spec.options.id.clone();
        match (&self.phase, self.pid) {
            (Phase::Down, _) => None,
            (_, Some(pid)) => Some(AdminError::Running { child, pid }),
            (_, None) => Some(AdminError::Starting { child }),
        }
    }
}

impl Supervisor {
    pub(super) fn answer(&mut self, question: Question) -> Reply {
        match question {
            Question::WhichChildren => Reply::Children(self.children.values().map(info).collect()),
            Question::CountChildren => Reply::Count(self.count()),
            Question::Spec(id) => {
                Reply::Spec(self.find(&Who::Id(id)).map(|slot| Box::new(self.children[&slot].spec.clone())))
            }
            Question::StartChild(planned) => wait(self.add_child(planned)),
            Question::Terminate(who) => wait(self.find(&who).map(|slot| self.terminate_child(slot))),
            Question::Restart(id) => wait(self.restart_child(id)),
            Question::Delete(id) => Reply::Done(self.delete_child(id)),
            Question::Restarts(budget) if budget.window.is_zero() => {
                Reply::Done(Err(PlanError::ZeroWindow.into()))
            }
            Question::Restarts(budget) => {
                self.intensity.change(budget);
                Reply::Done(Ok(()))
            }
            Question::Picture(most) => {
                let seen = self.children.values().take(most).map(|child| Seen {
                    spec: child.spec.clone(),
                    name: self.name_of(child),
                    place: child.place.clone(),
                    state: child.state(),
                });
                Reply::Picture(seen.collect(), self.children.len())
            }
        }
    }

    fn count(&self) -> ChildCount {
        let mut count = ChildCount { specs: self.children.len(), ..ChildCount::default() };
        for child in self.children.values() {
            count.active += usize::from(child.pid.is_some());
            count.supervisors += usize::from(child.spec.kind() == Kind::Supervisor);
        }
        count.workers = count.specs - count.supervisors;
        count
    }

    fn find(&self, who: &Who) -> Result<u64, AdminError> {
        let found = match who {
            Who::Id(id) => self.ids.get(id).copied(),
            Who::Slot(slot) => Some(*slot).filter(|slot| self.children.contains_key(slot)),
        };
        found.ok_or_else(|| AdminError::NotFound {
            child: match who {
                Who::Id(id) => id.clone(),
                Who::Slot(slot) => Pid::local(*slot, 0).to_string().into(),
            },
        })
    }

    fn add_child(&mut self, planned: Planned) -> Result<Waited, AdminError> {
        let id = planned.spec.options.id.clone();
        let refused = self.cannot_add(&planned.spec).err();
        if let Some(error) = refused {
            planned.place.retire(&ExitReason::NoProc);
            return Err(error);
        }
        let mut child = Child::new(planned, false);
        let slot = child.slot();
        let (answer, waited) = oneshot::channel();
        child.asked = Some(answer);
        if !self.plan.is_dynamic {
            self.ids.insert(id, slot);
        }
        self.children.insert(slot, child);
        self.request_start(slot);
        Ok(waited)
    }

    fn cannot_add(&self, spec: &ChildSpec) -> Result<(), AdminError> {
        self.plan.check_child(spec)?;
        if self.children.len() >= self.plan.most {
            return Err(AdminError::TooMany { max: self.plan.most });
        }
        let Some(slot) = self.ids.get(spec.id()) else { return Ok(()) };
        let child = spec.options.id.clone();
        Err(match self.children[slot].not_down() {
            Some(AdminError::Running { pid, .. }) => AdminError::AlreadyStarted { child, pid },
            Some(other) => other,
            None => AdminError::AlreadyPresent { child },
        })
    }

    fn terminate_child(&mut self, slot: u64) -> Waited {
        let (answer, waited) = oneshot::channel();
        if let Some(child) = self.children.get_mut(&slot) {
            child.leaving.push(answer);
        }
        if self.stop_child(slot, Then::Stay) {
            self.is_down(slot);
        }
        waited
    }

    fn restart_child(&mut self, id: Arc<str>) -> Result<Waited, AdminError> {
        let slot = self.find(&Who::Id(id))?;
        let (answer, waited) = oneshot::channel();
        if let Some(child) = self.children.get_mut(&slot) {
            if let Some(error) = child.not_down() {
                return Err(error);
            }
            child.asked = Some(answer);
        }
        self.request_start(slot);
        Ok(waited)
    }

    fn delete_child(&mut self, id: Arc<str>) -> Result<(), AdminError> {
        let slot = self.find(&Who::Id(id))?;
        match self.children[&slot].not_down() {
            Some(error) => Err(error),
            None => {
                self.forget(slot, &ExitReason::Shutdown);
                Ok(())
            }
        }
    }

    /// Tells whoever asked for the child how its start went.
    pub(super) fn answer_start(&mut self, slot: u64, outcome: Result<(), Failed>) {
        let Some(child) = self.children.get_mut(&slot) else { return };
        let Some(asked) = child.asked.take() else { return };
        let id = child.spec.options.id.clone();
        // Who asked may have gone.
        let _ = asked.send(match outcome {
            Ok(()) => Ok(child.pid),
            Err(Failed::Ignored) => Err(AdminError::Ignored { child: id }),
            Err(Failed::NotReady(after)) => Err(AdminError::NotReady { child: id, after }),
            Err(Failed::Cancelled) => Err(AdminError::Cancelled { child: id }),
            Err(Failed::Refused(reason)) => Err(AdminError::NotStarted { child: id, reason: Reason(reason) }),
        });
    }
}

type Waited = oneshot::Receiver<Result<Option<Pid>, AdminError>>;

fn info(child: &Child) -> ChildInfo {
    ChildInfo { spec: child.spec.clone(), pid: child.pid, state: child.state() }
}

fn wait(begun: Result<Waited, AdminError>) -> Reply {
    begun.map_or_else(|error| Reply::Done(Err(error)), Reply::Wait)
}

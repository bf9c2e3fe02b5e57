//! What one life of a server has to do with others: its links, its monitors, and the tasks that tend it.
//!
//! A link is two entries, one at each end. They are made and undone one after the other, so that never two
//! slots are locked at once; what counts is the entry at the end that is told:
//!
//! ```text
//! A links B:   A += B ─▶ B += A, if B lives ─▶ linked
//!                  └──── B is gone ─▶ A -= B, unless B had linked A meanwhile: then A is told of B's end
//! B ends:      takes its entries ─▶ A -= B, and tells A if that was there      (so once, and never after unlink)
//! ```

use std::{
    any::Any,
    collections::BTreeMap,
    sync::{Arc, Weak, atomic::Ordering},
};

use super::{AnySlot, Core, notice::Recall};
use crate::process::{Monitor, Pid, attendant::Attendant, panic::drop_quietly};

/// A slot that is known, but not held.
pub(crate) type Peer = Weak<dyn AnySlot>;

#[derive(Default)]
pub(crate) struct Bonds {
    /// Who made a linked start of this life.
    parent: Option<Pid>,
    links: BTreeMap<Pid, Link>,
    monitors: BTreeMap<Monitor, Watching>,
    attendants: Vec<Arc<Attendant>>,
    /// The idle time-out, of the server's own type.
    idle: Option<Arc<dyn Any + Send + Sync>>,
    /// When to look through `attendants` for those that are done.
    crowded: usize,
}

struct Link {
    peer: Peer,
    state: LinkState,
}

enum LinkState {
    /// This end is linked; the other has not answered.
    Asked,
    Linked,
    /// The other has ended, and the exit message is in the mailbox.
    Told(Recall),
}

struct Watching {
    recall: Recall,
    target: Peer,
}

/// How the other end answers to a link.
pub(crate) enum Answer {
    Linked,
    Gone,
}

/// What an exit signal of a linked server means to this one.
pub(crate) enum Heard {
    /// It is from the parent.
    Parent,
    Linked(Recall),
}

impl Core {
    /// Runs `touch` on the bonds of this life, made for it if need be; `None` when the life is over.
    fn bond<R>(&self, life: u32, touch: impl FnOnce(&mut Bonds) -> R) -> Option<R> {
        let mut slow = self.slow();
        if !self.is_alive() || self.incarnation() != life {
            return None;
        }
        Some(touch(slow.whole().bonds.get_or_insert_default()))
    }

    /// The same where no bonds are nothing to look at.
    fn bonds<R>(&self, life: u32, touch: impl FnOnce(&mut Bonds) -> R) -> Option<R> {
        let mut slow = self.slow();
        if !self.is_alive() || self.incarnation() != life {
            return None;
        }
        slow.rest.as_mut().and_then(|rest| rest.bonds.as_mut()).map(|bonds| touch(bonds))
    }

    pub(crate) fn set_parent(&self, life: u32, parent: Pid, peer: Peer) {
        self.bond(life, |bonds| {
            bonds.parent = Some(parent);
            bonds.links.insert(parent, Link { peer, state: LinkState::Linked });
        });
    }

    /// The near end of a link; `false` when this life is over.
    pub(crate) fn ask_link(&self, life: u32, pid: Pid, peer: Peer) -> bool {
        self.bond(life, |bonds| {
            bonds.links.entry(pid).or_insert(Link { peer, state: LinkState::Asked });
        })
        .is_some()
    }

    /// The far end of a link.
    pub(crate) fn answer_link(&self, life: u32, pid: Pid, peer: Peer) -> Answer {
        let linked = self.bond(life, |bonds| {
            let link = bonds.links.entry(pid).or_insert(Link { peer, state: LinkState::Linked });
            // Both ask at once.
            if matches!(link.state, LinkState::Asked) {
                link.state = LinkState::Linked;
            }
        });
        if linked.is_some() { Answer::Linked } else { Answer::Gone }
    }

    /// The far end is gone. `true`: the near end was linked by nobody but itself, and is not any more.
    pub(crate) fn withdraw_link(&self, life: u32, pid: Pid) -> bool {
        self.bonds(life, |bonds| {
            let asked = bonds.links.get(&pid).is_some_and(|link| matches!(link.state, LinkState::Asked));
            asked && bonds.links.remove(&pid).is_some()
        })
        .unwrap_or(true)
    }

    /// Ends the links with all lives of that slot at this end, and calls off what is not read yet. `false`:
    /// there were none.
    pub(crate) fn unlink(&self, life: u32, slot: u64) -> bool {
        self.bonds(life, |bonds| {
            let lives = Pid::local(slot, 0)..=Pid::local(slot, u32::MAX);
            let known: Vec<Pid> = bonds.links.range(lives).map(|(pid, _)| *pid).collect();
            for link in known.iter().filter_map(|pid| bonds.links.remove(pid)) {
                if let LinkState::Told(recall) = link.state {
                    recall.store(true, Ordering::Release);
                }
            }
            !known.is_empty()
        })
        .unwrap_or(false)
    }

    /// A linked server has ended. `None` when this life has no link with it, or has been told.
    pub(crate) fn hear_exit(&self, life: u32, from: Pid) -> Option<Heard> {
        self.bonds(life, |bonds| {
            let link = bonds.links.get_mut(&from)?;
            if matches!(link.state, LinkState::Told(_)) {
                return None;
            }
            if bonds.parent == Some(from) {
                bonds.links.remove(&from);
                return Some(Heard::Parent);
            }
            let recall = Recall::default();
            link.state = LinkState::Told(recall.clone());
            Some(Heard::Linked(recall))
        })
        .flatten()
    }

    pub(crate) fn is_parent(&self, pid: Pid) -> bool {
        self.bonds(self.incarnation(), |bonds| bonds.parent == Some(pid)).unwrap_or(false)
    }

    /// The exit message of that server is read, or there is none to come.
    pub(crate) fn forget_exit(&self, pid: Pid) {
        self.bonds(self.incarnation(), |bonds| bonds.links.remove(&pid));
    }

    pub(crate) fn add_monitor(&self, life: u32, monitor: Monitor, target: Peer) -> Recall {
        let recall = Recall::default();
        self.bond(life, |bonds| bonds.monitors.insert(monitor, Watching { recall: recall.clone(), target }));
        recall
    }

    /// The monitor's recall, as long as nobody has read its notice or ended it.
    pub(crate) fn recall_of(&self, life: u32, monitor: Monitor) -> Option<Recall> {
        self.bonds(life, |bonds| Some(bonds.monitors.get(&monitor)?.recall.clone())).flatten()
    }

    /// The monitor is over; gives its recall and its target.
    pub(crate) fn forget_monitor(&self, monitor: Monitor) -> Option<(Recall, Peer)> {
        self.bonds(self.incarnation(), |bonds| {
            bonds.monitors.remove(&monitor).map(|it| (it.recall, it.target))
        })
        .flatten()
    }

    pub(crate) fn idle_of(&self, life: u32) -> Option<Arc<dyn Any + Send + Sync>> {
        self.bonds(life, |bonds| bonds.idle.clone()).flatten()
    }

    pub(crate) fn set_idle(&self, life: u32, idle: Arc<dyn Any + Send + Sync>) {
        self.bond(life, |bonds| bonds.idle = Some(idle));
    }

    /// Ends the attendant with this life; at once when that is over.
    pub(crate) fn attend_life(&self, life: u32, attendant: &Arc<Attendant>) {
        let added = self.bond(life, |bonds| {
            if bonds.attendants.len() >= bonds.crowded {
                bonds.attendants.retain(|it| !it.is_over());
                bonds.crowded = 2 * bonds.attendants.len() + 8;
            }
            bonds.attendants.push(attendant.clone());
        });
        if added.is_none() {
            attendant.end();
        }
    }
}

impl Bonds {
    /// The life is over: ends its attendants and monitors, and gives those who are to be told.
    pub(crate) fn dissolve(self) -> impl Iterator<Item = (Pid, Arc<dyn AnySlot>)> {
        // It holds a message of the user's.
        drop_quietly(self.idle);
        for attendant in self.attendants {
            attendant.end();
        }
        for (monitor, Watching { target, .. }) in self.monitors {
            if let Some(target) = target.upgrade() {
                target.core().unwatch(monitor);
            }
        }
        self.links
            .into_iter()
            .filter(|(_, link)| !matches!(link.state, LinkState::Told(_)))
            .filter_map(|(pid, link)| Some((pid, link.peer.upgrade()?)))
    }
}

//! The supervisor against a model: OTP's rules as a list of children and a list of times, every restart carried
//! out at once. Random trees and random events; after each, both have the same children up, in the same order of
//! starts and stops, and the same entries in the restart log.
#![allow(missing_docs)]

mod support;

use std::{collections::HashMap, time::Duration};

use noex::{
    ChildOptions, ExitReason, Restart, Strategy, SupervisorRef,
    supervisor::{AdminError, Outcome, RestartEntry, TreeEnd},
};
use support::{
    chance::Chance,
    family::{Child, ChildRef, add, settle, tree},
};
use tokio::time::advance;

const IDS: [&str; 5] = ["a", "b", "c", "d", "e"];
const RESTARTS: [Restart; 4] =
    [Restart::Permanent, Restart::Permanent, Restart::Transient, Restart::Temporary];

#[derive(Clone, Debug)]
struct Kid {
    id: &'static str,
    restart: Restart,
    up: bool,
    /// Its life is over, and the supervisor has not heard of it.
    dead: bool,
    lives: u32,
}

impl Kid {
    fn new(id: &'static str, restart: Restart) -> Self {
        Kid { id, restart, up: false, dead: false, lives: 0 }
    }
}

/// An entry of the restart log: who, who was stopped with it, and how many restarts are left; `None`: gave up.
type Entry = (String, Vec<String>, Option<u32>);

struct Model {
    strategy: Strategy,
    /// So many in so many seconds.
    intensity: (u32, u64),
    /// In the order in which they were added.
    kids: Vec<Kid>,
    /// When there was a restart, in seconds.
    spent: Vec<u64>,
    now: u64,
    /// How often a child will not start.
    refuses: HashMap<&'static str, u32>,
    /// What happened since it was last looked at.
    log: Vec<String>,
    entries: Vec<Entry>,
    gave_up: bool,
}

impl Model {
    fn at(&self, id: &str) -> Option<usize> {
        self.kids.iter().position(|kid| kid.id == id)
    }

    /// Whether it came up.
    fn start(&mut self, at: usize) -> bool {
        let kid = &mut self.kids[at];
        self.log.push(format!("{} up", kid.id));
        kid.lives += 1;
        kid.up = match self.refuses.get_mut(kid.id) {
            Some(times) if *times > 0 => {
                *times -= 1;
                false
            }
            _ => true,
        };
        kid.up
    }

    /// Stops those from `first` on, the last one first.
    fn stop_from(&mut self, first: usize) {
        for kid in self.kids[first..].iter_mut().rev().filter(|kid| kid.up) {
            if !kid.dead {
                self.log.push(format!("{} down: shutdown", kid.id));
            }
            (kid.up, kid.dead) = (false, false);
        }
    }

    /// Its life is over, and the supervisor hears of it.
    fn ended(&mut self, at: usize, is_orderly: bool) {
        (self.kids[at].up, self.kids[at].dead) = (false, false);
        match self.kids[at].restart {
            Restart::Permanent => self.restart(at),
            Restart::Transient if !is_orderly => self.restart(at),
            Restart::Temporary => drop(self.kids.remove(at)),
            _ => {}
        }
    }

    fn restart(&mut self, at: usize) {
        let (most, within) = self.intensity;
        let now = self.now;
        self.spent.retain(|then| now - then <= within);
        let id = self.kids[at].id.to_owned();
        if self.spent.len() as u32 >= most {
            self.entries.push((id, Vec::new(), None));
            self.stop_from(0);
            self.gave_up = true;
            return;
        }
        self.spent.push(now);
        let first = match self.strategy {
            Strategy::OneForOne => None,
            Strategy::RestForOne => Some(at),
            _ => Some(0),
        };
        let with_it = self.kids[first.unwrap_or(self.kids.len())..].iter().filter(|kid| kid.up);
        let with_it = with_it.map(|kid| kid.id.to_owned()).collect();
        self.entries.push((id, with_it, Some(most - self.spent.len() as u32)));
        let Some(first) = first else {
            if !self.start(at) {
                self.restart(at);
            }
            return;
        };
        self.stop_from(first);
        // A temporary one that was stopped is forgotten.
        let mut place = 0;
        self.kids.retain(|kid| {
            place += 1;
            place <= first || kid.restart != Restart::Temporary
        });
        for at in first..self.kids.len() {
            if !self.start(at) {
                return self.restart(at);
            }
        }
    }

    fn terminate(&mut self, id: &str) -> &'static str {
        let Some(at) = self.at(id) else { return "not found" };
        let kid = &mut self.kids[at];
        if std::mem::take(&mut kid.up) {
            self.log.push(format!("{} down: shutdown", kid.id));
        }
        if kid.restart == Restart::Temporary {
            self.kids.remove(at);
        }
        "done"
    }

    fn start_again(&mut self, id: &str) -> &'static str {
        match self.at(id) {
            None => "not found",
            Some(at) if self.kids[at].up => "running",
            Some(at) if self.start(at) => "done",
            Some(_) => "not started",
        }
    }

    fn delete(&mut self, id: &str) -> &'static str {
        match self.at(id) {
            None => "not found",
            Some(at) if self.kids[at].up => "running",
            Some(at) => {
                self.kids.remove(at);
                "done"
            }
        }
    }

    fn add(&mut self, id: &'static str, restart: Restart) -> &'static str {
        if let Some(at) = self.at(id) {
            return if self.kids[at].up { "running" } else { "present" };
        }
        self.kids.push(Kid::new(id, restart));
        if self.start(self.kids.len() - 1) {
            return "done";
        }
        self.kids.pop();
        "not started"
    }
}

fn outcome<T>(done: Result<T, AdminError>) -> &'static str {
    match done {
        Ok(_) => "done",
        Err(AdminError::NotFound { .. }) => "not found",
        Err(AdminError::Running { .. } | AdminError::AlreadyStarted { .. }) => "running",
        Err(AdminError::AlreadyPresent { .. }) => "present",
        Err(AdminError::NotStarted { .. }) => "not started",
        Err(error) => panic!("{error}"),
    }
}

/// What the supervisor's restart log says, as the model says it.
fn entries(supervisor: &SupervisorRef) -> Vec<Entry> {
    let log = supervisor.restart_log();
    let entry = |entry: &RestartEntry| {
        let left = match entry.outcome {
            Outcome::Restarted { budget_left, .. } => Some(budget_left),
            _ => None,
        };
        (entry.child.to_string(), entry.taken_down.iter().map(ToString::to_string).collect(), left)
    };
    log.entries().iter().map(entry).collect()
}

fn any_intensity(chance: &mut Chance) -> (u32, u64) {
    (chance.below(5) as u32, 1 + chance.below(9))
}

/// One run of a seed; what happened is printed when it fails.
async fn run(seed: u64) {
    let mut chance = Chance(seed);
    let strategy = chance.one_of(&[Strategy::OneForOne, Strategy::RestForOne, Strategy::OneForAll]);
    let intensity = any_intensity(&mut chance);
    let kids: Vec<Kid> = IDS[..2 + chance.below(4) as usize]
        .iter()
        .map(|id| Kid { up: true, lives: 1, ..Kid::new(id, chance.one_of(&RESTARTS)) })
        .collect();
    let mut story = format!("seed {seed}, {strategy:?}, {intensity:?}");
    let (mut builder, log) = tree(strategy);
    builder.restarts(intensity.0, Duration::from_secs(intensity.1));
    let mut refs = HashMap::<&str, ChildRef>::new();
    for Kid { id, restart, .. } in &kids {
        story += &format!(", {id} {restart:?}");
        refs.insert(id, add(&mut builder, id, &log, *restart));
    }
    let supervisor = builder.start().await.unwrap();
    log.take();
    let (spent, now, refuses, lines, past, gave_up) = Default::default();
    let mut model =
        Model { strategy, intensity, kids, spent, now, refuses, log: lines, entries: past, gave_up };
    for _ in 0..30 {
        let up: Vec<&'static str> = model.kids.iter().filter(|kid| kid.up).map(|kid| kid.id).collect();
        let id = chance.one_of(&IDS);
        match chance.below(17) {
            0..=6 if !up.is_empty() => {
                let (id, how) = (chance.one_of(&up), chance.below(6));
                let (child, at) = (&refs[id], model.at(id).unwrap());
                let reason = [ExitReason::Normal, ExitReason::Shutdown, ExitReason::other("boom")]
                    .get(how as usize)
                    .cloned();
                story += &format!("\n{} {id} ends: {how} {reason:?}", model.now);
                match reason {
                    Some(reason) => {
                        model.log.push(format!("{id} down: {reason}"));
                        child.leave(reason).await.unwrap();
                    }
                    // It ends without a word.
                    None if how == 3 => assert!(child.kill()),
                    None => {
                        model.log.push(format!("{id} down: panic"));
                        child.crash().await.unwrap_err();
                    }
                }
                model.ended(at, how < 2);
            }
            // Two at once, of which one is stopped with the other: that is one restart.
            7 if up.len() > 1 && strategy != Strategy::OneForOne => {
                let second = 1 + chance.below(up.len() as u64 - 1) as usize;
                let (one, two) = (up[chance.below(second as u64) as usize], up[second]);
                story += &format!("\n{} {one} and {two} are killed", model.now);
                assert!(refs[one].kill() && refs[two].kill(), "{story}");
                let (at, other) = (model.at(one).unwrap(), model.at(two).unwrap());
                model.kids[other].dead = true;
                model.ended(at, false);
                if let Some(other) = model.at(two).filter(|other| model.kids[*other].dead) {
                    model.ended(other, false);
                }
            }
            8 => {
                story += &format!("\n{} {id} is terminated", model.now);
                let done = outcome(supervisor.terminate_child(id).await);
                assert_eq!(done, model.terminate(id), "{story}");
            }
            9 => {
                story += &format!("\n{} {id} is restarted", model.now);
                let done = outcome(supervisor.restart_child(id).await);
                assert_eq!(done, model.start_again(id), "{story}");
            }
            10 => {
                story += &format!("\n{} {id} is deleted", model.now);
                assert_eq!(outcome(supervisor.delete_child(id).await), model.delete(id), "{story}");
            }
            11 => {
                let restart = chance.one_of(&RESTARTS);
                story += &format!("\n{} {id} is added, {restart:?}", model.now);
                let (args, options) = (log.clone(), ChildOptions::new(id).restart(restart));
                let added = supervisor.start_child::<Child>(options, move || (id, args.clone())).await;
                if let Ok(child) = &added {
                    refs.insert(id, child.clone());
                }
                assert_eq!(outcome(added), model.add(id, restart), "{story}");
            }
            12 => {
                let times = 1 + chance.below(2) as u32;
                story += &format!("\n{} {id} will refuse {times} times", model.now);
                log.refuse_times(id, times);
                model.refuses.insert(id, times);
            }
            13 => {
                model.intensity = any_intensity(&mut chance);
                let (most, within) = model.intensity;
                story += &format!("\n{} may restart {most} in {within}", model.now);
                supervisor.set_restarts(most, Duration::from_secs(within)).await.unwrap();
            }
            _ => {
                let step = chance.below(6);
                advance(Duration::from_secs(step)).await;
                model.now += step;
            }
        }
        settle().await;
        assert_eq!(log.take(), std::mem::take(&mut model.log), "{story}");
        assert_eq!(entries(&supervisor), model.entries, "{story}");
        assert_eq!(supervisor.is_alive(), !model.gave_up, "{story}");
        if model.gave_up {
            let Some((last, _, None)) = model.entries.last() else { unreachable!("it says so") };
            let end = supervisor.end().await;
            assert!(matches!(end, TreeEnd::GaveUp(gave_up) if *gave_up.child == **last), "{story}");
            return;
        }
        let children = supervisor.children().await.unwrap();
        let found: Vec<_> = children
            .iter()
            .map(|child| (child.spec.id(), child.spec.restart_type(), child.pid.map(|pid| pid.incarnation())))
            .collect();
        let expected: Vec<_> =
            model.kids.iter().map(|kid| (kid.id, kid.restart, kid.up.then_some(kid.lives))).collect();
        assert_eq!(found, expected, "{story}");
    }
    supervisor.stop().await.unwrap();
    model.stop_from(0);
    assert_eq!(log.take(), model.log, "{story}");
}

#[tokio::test(start_paused = true)]
async fn the_supervisor_does_what_the_rules_say() {
    for seed in 0..600 {
        run(seed).await;
    }
}

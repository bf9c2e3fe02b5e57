//! What the tests share: a log that handlers write, and that tells them when to refuse.
#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod chance;
pub(crate) mod family;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// What an `init` does other than to start or refuse.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Hangs,
    Panics,
    Ignores,
}

/// What happened, in order.
#[derive(Clone, Default)]
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    refusing: Arc<Mutex<HashMap<&'static str, u32>>>,
    moods: Arc<Mutex<HashMap<&'static str, Mood>>>,
    in_init: Arc<Mutex<bool>>,
}

impl Log {
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.lines.lock().unwrap().push(what.into());
    }

    pub(crate) fn read(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Reads and empties.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }

    /// An `init` begins; no other may be under way.
    pub(crate) fn enter_init(&self) {
        let before = std::mem::replace(&mut *self.in_init.lock().unwrap(), true);
        assert!(!before, "two children start at once");
    }

    pub(crate) fn leave_init(&self) {
        *self.in_init.lock().unwrap() = false;
    }

    /// From now on `id` does not start.
    pub(crate) fn refuse(&self, id: &'static str) {
        self.refuse_times(id, u32::MAX);
    }

    pub(crate) fn refuse_times(&self, id: &'static str, times: u32) {
        self.refusing.lock().unwrap().insert(id, times);
    }

    /// Whether `id` is to refuse this time.
    pub(crate) fn refuses(&self, id: &str) -> bool {
        match self.refusing.lock().unwrap().get_mut(id) {
            Some(0) | None => false,
            Some(times) => {
                *times -= 1;
                true
            }
        }
    }

    /// From now on `id` is in this mood when it starts; `None`: in no mood.
    pub(crate) fn mood(&self, id: &'static str, mood: Option<Mood>) {
        let mut moods = self.moods.lock().unwrap();
        match mood {
            Some(mood) => moods.insert(id, mood),
            None => moods.remove(id),
        };
    }

    fn is_in(&self, id: &str, mood: Mood) -> bool {
        self.moods.lock().unwrap().get(id) == Some(&mood)
    }

    pub(crate) fn hangs(&self, id: &str) -> bool {
        self.is_in(id, Mood::Hangs)
    }

    pub(crate) fn panics(&self, id: &str) -> bool {
        self.is_in(id, Mood::Panics)
    }

    pub(crate) fn ignores(&self, id: &str) -> bool {
        self.is_in(id, Mood::Ignores)
    }
}

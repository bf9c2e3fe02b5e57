//! What the tests share: a log that handlers write, and that tells them when to refuse.
#![allow(dead_code, reason = "each test file uses a part")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// What happened, in order.
#[derive(Clone, Default)]
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    refusing: Arc<Mutex<HashMap<&'static str, u32>>>,
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
}

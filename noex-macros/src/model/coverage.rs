//! What becomes of each event in each state.

use crate::model::machine::{Fate, Machine};
use crate::model::step::Step;
use proc_macro2::Ident;

/// Of one event, in the order of the states.
pub(crate) struct Coverage<'a> {
    pub(crate) event: usize,
    pub(crate) of: Vec<Cover<'a>>,
    /// States that two handlers are for, each with the word of the second and the method of the first.
    pub(crate) twice: Vec<(&'a Ident, &'a Ident)>,
    /// A second handler for all the rest, and the first.
    pub(crate) second_rest: Vec<(&'a Step, &'a Step)>,
}

/// What becomes of it in one state.
#[derive(Clone, Copy)]
pub(crate) enum Cover<'a> {
    By(&'a Step),
    Fate(Fate),
    /// Nobody said.
    Missing,
}

impl Machine {
    /// What becomes of each event.
    pub(crate) fn coverage(&self) -> Vec<Coverage<'_>> {
        self.events().map(|(event, _)| self.coverage_of(event)).collect()
    }

    fn coverage_of(&self, event: usize) -> Coverage<'_> {
        let mut coverage = Coverage {
            event,
            of: vec![Cover::Missing; self.states.len()],
            twice: Vec::new(),
            second_rest: Vec::new(),
        };
        // Who said it first, for the message.
        let mut said: Vec<Option<&Ident>> = vec![None; self.states.len()];
        let mut rest: Option<&Step> = None;
        for step in self.steps_of(event) {
            let method = self.handler(step).ident();
            let fates = [(Fate::Postpone, &step.postpone), (Fate::Drop, &step.drop)];
            let fates = fates
                .into_iter()
                .flat_map(|(fate, states)| states.iter().map(move |state| (state, Cover::Fate(fate))));
            let own = step.from.iter().flatten().map(|state| (state, Cover::By(step)));
            for (name, cover) in own.chain(fates) {
                let Some(index) = self.state(name) else { continue };
                match said[index] {
                    Some(first) => coverage.twice.push((name, first)),
                    None => {
                        said[index] = Some(method);
                        coverage.of[index] = cover;
                    }
                }
            }
            match (&step.from, rest) {
                (Some(_), _) => {}
                (None, Some(first)) => coverage.second_rest.push((step, first)),
                (None, None) => rest = Some(step),
            }
        }
        for (cover, state) in coverage.of.iter_mut().zip(&self.states) {
            if matches!(cover, Cover::Missing) {
                *cover = match (rest, state.default.or(self.unhandled)) {
                    (Some(step), _) => Cover::By(step),
                    (None, Some(fate)) => Cover::Fate(fate),
                    (None, None) => Cover::Missing,
                };
            }
        }
        coverage
    }

    /// A call that is not handled in every state has its reply address taken along.
    pub(crate) fn put_off(&mut self) {
        let is_put_off = |coverage: &Coverage<'_>| coverage.of.iter().any(|it| !matches!(it, Cover::By(_)));
        let put_off: Vec<usize> =
            self.coverage().iter().filter(|it| is_put_off(it)).map(|it| it.event).collect();
        for event in put_off {
            self.server.handlers[event].is_put_off =
                self.server.handlers[event].kind == crate::model::kind::Kind::Call;
        }
    }

    /// The states that a step is for.
    pub(crate) fn sources(&self, coverage: &Coverage<'_>, step: &Step) -> Vec<usize> {
        let is_by = |cover: &Cover<'_>| matches!(cover, Cover::By(by) if std::ptr::eq(*by, step));
        (0..self.states.len()).filter(|state| is_by(&coverage.of[*state])).collect()
    }

    /// Where it may lead.
    pub(crate) fn targets(&self, step: &Step) -> Vec<&crate::model::machine::State> {
        step.to.iter().filter_map(|name| self.state(name)).map(|index| &self.states[index]).collect()
    }
}

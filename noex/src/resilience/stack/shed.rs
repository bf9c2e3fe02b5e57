//! A load shedder as a layer.

use super::{
    layer::{Entry, Held, Judge, Layer, Left, Outcome, Refusal, refuse},
    place::{Place, Scope},
};
use crate::resilience::{Class, LoadShedder, LoadShedderOptions, NamedError, PolicyKind, load_shed};

/// A load shedder around what is further in: what became of everything that passed says how much more may.
pub(crate) struct ShedLayer<O> {
    shedder: LoadShedder,
    judge: Judge<O>,
}

impl<O> ShedLayer<O> {
    pub(crate) fn new(
        place: &Place,
        handler: &str,
        options: LoadShedderOptions,
        scope: Scope,
        judge: Judge<O>,
    ) -> Result<Self, NamedError> {
        let shedder = match place.shared(scope, handler) {
            Some(name) => LoadShedder::shared(&place.system, &name, options)?,
            None => LoadShedder::within(place.own(PolicyKind::LoadShedder, handler), options)?,
        };
        Ok(ShedLayer::of(shedder, judge))
    }

    pub(crate) fn of(shedder: LoadShedder, judge: Judge<O>) -> Self {
        ShedLayer { shedder, judge }
    }

    pub(crate) fn shedder(&self) -> &LoadShedder {
        &self.shedder
    }
}

impl<R, O: Outcome> Layer<R, O> for ShedLayer<O> {
    fn enter(&self, _: &R, refused: &mut Option<O>) -> Entry {
        match self.shedder.admit() {
            Ok(()) => Entry::Passed(Held::Nothing),
            Err(load_shed::Refusal::Shed(shed)) => refuse(Refusal::Shed(shed), refused),
            Err(load_shed::Refusal::Disposed(disposed)) => refuse(Refusal::Disposed(disposed), refused),
        }
    }

    fn leave(&self, _: Held, outcome: &O) -> Left {
        self.shedder.finish((self.judge)(outcome));
        Left::Done
    }

    fn cancel(&self, _: Held, panicked: bool) {
        self.shedder.finish(if panicked { Class::Panicked } else { Class::Cancelled });
    }
}

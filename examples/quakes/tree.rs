//! The four stages under one supervisor.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;

use noex::prelude::*;

use crate::enrich::Enrich;
use crate::input::Feed;
use crate::journey::Journey;
use crate::meter::Meter;
use crate::outcome::Stage;
use crate::parse::Parse;
use crate::places::Places;
use crate::store::Store;
use crate::summary::StageReport;
use crate::validate::Validate;

/// What the stages are started with, at first and after each crash.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) feed: Feed,
    pub(crate) places: Arc<Places>,
    pub(crate) database: PathBuf,
    pub(crate) crash_every: Option<NonZeroU64>,
    pub(crate) meters: Meters,
}

/// A meter for each stage.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meters {
    pub(crate) parse: Meter,
    pub(crate) validate: Meter,
    pub(crate) enrich: Meter,
    pub(crate) store: Meter,
}

supervisor! {
    /// The pipeline, from its far end to its source.
    ///
    /// Stopping goes the other way, so the source falls silent first and the store, which has
    /// something to flush, is last. A stage that crashes is started anew and alone: the others hold
    /// no state that depends on it. The budget is meant never to run out. A crash costs one event
    /// here, which is told and counted, and that is better than a run that gives up half-way; what
    /// it still stops is a stage that can do nothing but crash, at once and for ever.
    pub(crate) Quakes(plan: Plan) {
        strategy: one_for_one,
        restarts: 100_000 in 1s,

        store:    Store(plan.database.clone(), plan.meters.store.clone()) { shutdown: 30s },
        enrich:   Enrich(plan.places.clone(), plan.crash_every, plan.meters.enrich.clone()),
        validate: Validate(plan.meters.validate.clone()),
        parse:    Parse(plan.feed.clone(), plan.meters.parse.clone()),
    }
}

impl Quakes {
    /// The way of the events that are parsed.
    pub(crate) fn journey(&self) -> Journey {
        Journey::new(self.validate().clone(), self.enrich().clone(), self.store().clone())
    }

    /// What each stage did so far: noex's own counts, and the meters' time.
    pub(crate) fn reports(&self, meters: &Meters) -> [StageReport; 4] {
        [
            StageReport::new(Stage::Parse, &self.parse().snapshot(), &meters.parse),
            StageReport::new(Stage::Validate, &self.validate().snapshot(), &meters.validate),
            StageReport::new(Stage::Enrich, &self.enrich().snapshot(), &meters.enrich),
            StageReport::new(Stage::Store, &self.store().snapshot(), &meters.store),
        ]
    }
}

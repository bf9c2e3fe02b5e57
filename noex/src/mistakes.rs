//! Mistakes made on purpose, so that the models under loom can be seen to fail.
//!
//! A line that is right for a reason that no compiler sees asks here whether it is to be wrong. A model that is run
//! with the mistake has to find it. In an ordinary build the question is `false`, and the wrong way is not there.
//!
//! `RUSTFLAGS="--cfg noex_loom" cargo test -p noex --lib model::finds`

/// Whether this mistake is to be made.
#[cfg(not(noex_loom))]
macro_rules! makes {
    ($mistake:ident) => {
        false
    };
}

#[cfg(noex_loom)]
macro_rules! makes {
    ($mistake:ident) => {
        crate::mistakes::MADE.get() == Some(crate::mistakes::Mistake::$mistake)
    };
}

pub(crate) use makes;

#[cfg(noex_loom)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// The run right is given back whatever flag is up.
    ReleasesUnseen,
    /// What its holder wrote is not published to the next one.
    ReleasesRelaxed,
    /// The inbox says that it is empty when its lock is gone.
    LowersUnlocked,
    /// A sender raises its flag when the lock is gone.
    RaisesUnlocked,
    /// A sender that parks tells nobody.
    ParksSilently,
    /// A sender that parks does not look again.
    ParksUnseen,
    /// The inbox is emptied first and closed then.
    ClosesLate,
    /// The caller's waker is taken first and the answer left then.
    AnswersInTwo,
    /// Whoever watches a caller looks first and leaves its waker then.
    WatchesInTwo,
    /// A call is looked at first and withdrawn then.
    WithdrawsInTwo,
    /// A call that was refused leaves its cell open for another.
    OpensRefused,
    /// Signals are taken first and their flag lowered then.
    LowersLate,
    /// A handler is suspended without a look at what was said meanwhile.
    SuspendsBlind,
    /// The right of a holder that was cut short lies ready for whoever comes by.
    LaysCutReady,
    /// A caller keeps its handler whatever is for the server already.
    KeepsBlind,
    /// A caller puts its handler back without a look whether somebody came for it.
    PutsBackBlind,
    /// A caller leaves its handler first and says so then.
    LeavesFirst,
    /// The end of a runtime lets go of kept handlers without a look whether one is kept by now.
    EndsBlind,
    /// A server is taken off the list of kept handlers without a look whether one is kept by now.
    UnlistsBlind,
    /// Any runner that is known is taken for this one.
    TakesAnyRunner,
    /// A server is paused without a look at its signals.
    PausesBlind,
    /// A permit's waiter stands in line and does not look again.
    JoinsUnseen,
    /// The breaker's word is written without a comparison.
    SwapsBlind,
}

#[cfg(noex_loom)]
thread_local! {
    /// The mistake of the model on this thread. loom runs all threads of a model on one.
    pub(crate) static MADE: std::cell::Cell<Option<Mistake>> = const { std::cell::Cell::new(None) };
}

/// Runs a model with a mistake, which it has to find: by a panic.
#[cfg(all(test, noex_loom))]
pub(crate) fn with(mistake: Mistake, model: fn()) {
    struct Mended;
    impl Drop for Mended {
        fn drop(&mut self) {
            MADE.set(None);
        }
    }
    let _mended = Mended;
    MADE.set(Some(mistake));
    model();
}

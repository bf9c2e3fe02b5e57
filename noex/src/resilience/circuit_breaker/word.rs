//! The state of a breaker in one word, so that one compare-and-swap decides who changes it.
//!
//! ```text
//! 63         62..60   59         58..32       31..0
//! disposed   phase    observed   generation   closed: failures in a row
//!                                             half-open: probes that run (16) | probes that succeeded (16)
//! ```
//!
//! Each entry into a state has a generation of its own. A result brings along the one that its call was
//! admitted in, and counts only in that one.
//!
//! Observed, it goes from phase to phase as ever, and nobody is refused.

use super::super::CircuitState;

/// The most probes at once, and the most that must succeed.
pub(super) const MOST_PROBES: u32 = u16::MAX as u32;

const DISPOSED: u64 = 1 << 63;
const OBSERVED: u64 = 1 << 59;
const GENERATIONS: u32 = (1 << 27) - 1;
/// Of a pass: beyond all generations.
const BESIDE: u32 = 1 << 31;
const PROBE: u64 = 1 << 16;

/// The state at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

/// Which of the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Closed = 0,
    Open = 1,
    HalfOpen = 2,
    Forced = 3,
    Disabled = 4,
}

impl Phase {
    const fn state(self) -> CircuitState {
        match self {
            Phase::Closed => CircuitState::Closed,
            Phase::Open => CircuitState::Open,
            Phase::HalfOpen => CircuitState::HalfOpen,
            Phase::Forced => CircuitState::ForcedOpen,
            Phase::Disabled => CircuitState::Disabled,
        }
    }
}

/// Leave to run: what a call was admitted with, and is finished with, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pass {
    generation: u32,
}

impl Pass {
    /// Given in place of a refusal: its result moves nothing.
    pub(super) const fn is_beside(self) -> bool {
        self.generation & BESIDE != 0
    }
}

impl Word {
    pub(super) const NEW: Word = Word(0);

    /// Closed, and not disposed of: calls pass.
    #[inline]
    pub(super) const fn is_closed(self) -> bool {
        self.0 >> 60 == Phase::Closed as u64
    }

    pub(super) const fn is_disposed(self) -> bool {
        self.0 & DISPOSED != 0
    }

    pub(super) const fn phase(self) -> Phase {
        match self.0 >> 60 & 7 {
            0 => Phase::Closed,
            1 => Phase::Open,
            2 => Phase::HalfOpen,
            3 => Phase::Forced,
            _ => Phase::Disabled,
        }
    }

    /// What people are told.
    pub(super) const fn state(self) -> CircuitState {
        if self.is_observed() { CircuitState::Observed } else { self.phase().state() }
    }

    pub(super) const fn is_observed(self) -> bool {
        self.0 & OBSERVED != 0
    }

    pub(super) const fn generation(self) -> u32 {
        (self.0 >> 32) as u32 & GENERATIONS
    }

    #[inline]
    pub(super) const fn pass(self) -> Pass {
        Pass { generation: self.generation() }
    }

    /// A pass in place of a refusal.
    pub(super) const fn pass_beside(self) -> Pass {
        Pass { generation: self.generation() | BESIDE }
    }

    /// Closed as it was when the pass was given, not disposed of, no failures: all in one comparison.
    #[inline]
    pub(super) const fn is_untouched(self, pass: Pass) -> bool {
        self.0 == (pass.generation as u64) << 32
    }

    /// Whether a call with this pass counts now.
    #[inline]
    pub(super) const fn admitted(self, pass: Pass) -> bool {
        self.generation() == pass.generation && !self.is_disposed()
    }

    /// The next generation: this state, entered anew. Observed or not, that stays.
    pub(super) const fn enter(self, phase: Phase) -> Word {
        let generation = self.generation().wrapping_add(1) & GENERATIONS;
        Word((phase as u64) << 60 | self.0 & OBSERVED | (generation as u64) << 32)
    }

    pub(super) const fn observed(self) -> Word {
        Word(self.0 | OBSERVED)
    }

    pub(super) const fn unobserved(self) -> Word {
        Word(self.0 & !OBSERVED)
    }

    /// The same, never to change again.
    pub(super) const fn dispose(self) -> Word {
        Word(self.enter(self.phase()).0 | DISPOSED)
    }

    /// Of the two deadlines, the one of this generation.
    pub(super) const fn deadline(self) -> usize {
        (self.generation() & 1) as usize
    }

    /// Failures in a row, while closed.
    pub(super) const fn failures(self) -> u32 {
        self.0 as u32
    }

    pub(super) const fn with_failures(self, failures: u32) -> Word {
        Word(self.0 >> 32 << 32 | failures as u64)
    }

    /// Probes that run, while half-open.
    pub(super) const fn probes(self) -> u32 {
        self.0 as u32 >> 16
    }

    /// Probes that succeeded.
    pub(super) const fn good(self) -> u32 {
        self.0 as u32 & MOST_PROBES
    }

    pub(super) const fn with_probe(self) -> Word {
        Word(self.0 + PROBE)
    }

    pub(super) const fn without_probe(self) -> Word {
        Word(self.0 - PROBE)
    }

    pub(super) const fn with_good(self) -> Word {
        Word(self.0 + 1)
    }
}

//! Where the state is, and which one.

use std::{fmt, marker::PhantomData};

use super::StateMachine;

/// Holds the state of a machine. A handler may take the state out to make the next one of its parts; then it must
/// lead to another.
#[derive(Debug)]
pub struct Place<S>(Option<S>);

impl<S> Place<S> {
    pub(super) fn new(state: S) -> Self {
        Place(Some(state))
    }

    /// The state.
    ///
    /// # Panics
    ///
    /// When it was taken.
    pub fn get(&self) -> &S {
        self.0.as_ref().expect("the state was taken")
    }

    /// The state, to change its data.
    ///
    /// # Panics
    ///
    /// When it was taken.
    pub fn get_mut(&mut self) -> &mut S {
        self.0.as_mut().expect("the state was taken")
    }

    /// Takes the state out.
    ///
    /// # Panics
    ///
    /// When it was taken before.
    pub fn take(&mut self) -> S {
        self.0.take().expect("the state was taken")
    }

    pub(super) fn look(&self) -> Option<&S> {
        self.0.as_ref()
    }

    pub(super) fn look_mut(&mut self) -> Option<&mut S> {
        self.0.as_mut()
    }

    /// What was there is given back.
    pub(super) fn put(&mut self, state: S) -> Option<S> {
        self.0.replace(state)
    }
}

/// Which state it is, without its data: where a hook comes from or goes to.
pub struct At<M> {
    index: usize,
    machine: PhantomData<fn() -> M>,
}

impl<M: StateMachine> At<M> {
    /// The state that a value is of.
    pub fn of(state: &M::State) -> Self {
        At::index(M::index(state))
    }

    pub(super) fn index(index: usize) -> Self {
        At { index, machine: PhantomData }
    }

    /// Its place in [`StateMachine::STATES`].
    pub fn place(self) -> usize {
        self.index
    }

    /// The name of the state.
    pub fn name(self) -> &'static str {
        M::STATES.get(self.index).copied().unwrap_or("?")
    }

    /// Whether it is this state.
    pub fn is<T: StateOf<M>>(self) -> bool {
        self.index == T::INDEX
    }
}

impl<M> Clone for At<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for At<M> {}

impl<M> PartialEq for At<M> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}

impl<M> Eq for At<M> {}

impl<M: StateMachine> fmt::Debug for At<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("At").field(&self.name()).finish()
    }
}

impl<M: StateMachine> fmt::Display for At<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One of the states of a machine.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no state of `{M}`",
    note = "the states of `{M}` stand in `#[state_machine(states(..))]` above its impl block"
)]
pub trait StateOf<M> {
    /// Its place in [`StateMachine::STATES`].
    const INDEX: usize;
}

//! Catching a callback's panic with its place.
//!
//! `catch_unwind` gives the payload but not the place; only the panic hook sees that. So the first
//! system installs a hook that notes the place for the thread and passes on to the hook before it.

use std::{
    any::Any,
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Once},
    task::Waker,
};

use super::{ExitReason, Panic, PanicLocation};

thread_local! {
    static PLACE: RefCell<Option<PanicLocation>> = const { RefCell::new(None) };
}

/// Installs the hook, once for the whole program.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(|at| PanicLocation {
                file: at.file().into(),
                line: at.line(),
                column: at.column(),
            });
            // A panic while the thread's locals are being torn down has no place to note it.
            let _ = PLACE.try_with(|cell| *cell.borrow_mut() = place);
            before(info);
        }));
    });
}

/// What a callback left when it panicked; `into_reason` makes it readable.
pub(crate) struct Caught(Box<dyn Any + Send>);

impl Caught {
    /// Goes on with the panic, for a callback that was run for somebody else.
    pub(crate) fn resume(self) -> ! {
        panic::resume_unwind(self.0)
    }

    /// The exit reason; called on the thread that caught the panic, at once.
    #[cold]
    pub(crate) fn into_reason(self, handler: &'static str) -> ExitReason {
        let text = match self.0.downcast::<String>() {
            Ok(text) => text.into_boxed_str(),
            Err(other) => match other.downcast::<&'static str>() {
                Ok(text) => (*text).into(),
                Err(other) => {
                    // The payload's own drop may panic as well.
                    if let Err(second) = catch(|| drop(other)) {
                        std::mem::forget(second);
                    }
                    "a value that is no text".into()
                }
            },
        };
        let location = PLACE.try_with(|cell| cell.borrow_mut().take()).ok().flatten();
        ExitReason::Panic(Arc::new(Panic { message: text, location, handler }))
    }
}

/// Drops what a user made; a panic in its destructor concerns nobody here.
pub(crate) fn drop_quietly<T>(it: T) {
    quietly(|| drop(it));
}

/// Calls what a user made; a panic there concerns nobody here.
#[inline]
pub(crate) fn quietly(callback: impl FnOnce()) {
    if let Err(panic) = catch(callback) {
        // The payload's own destructor is run under a `catch` of its own.
        drop(panic.into_reason("?"));
    }
}

/// Wakes somebody, who may have made this waker.
#[inline]
pub(crate) fn wake(waker: Waker) {
    quietly(|| waker.wake());
}

/// Runs a callback; its state is not looked at again after a panic except by `terminate` and its drop.
#[inline]
pub(crate) fn catch<R>(callback: impl FnOnce() -> R) -> Result<R, Caught> {
    panic::catch_unwind(AssertUnwindSafe(callback)).map_err(Caught)
}

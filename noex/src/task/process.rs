//! The process that a task is: a server that does one thing and ends.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    ChildOptions, Context, ExitReason, GenServer, Init, Message, Never, Restart, ServerConfig, ServerRef,
    Shutdown, supervisor::Planned,
};

pub(super) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A reference to a task's process: to watch it, link it, end it.
pub type TaskRef = ServerRef<TaskProcess>;

/// The process that a task is.
#[doc(hidden)]
pub struct TaskProcess {
    work: Option<Work>,
}

/// Its one message: begin.
#[doc(hidden)]
#[derive(Debug)]
pub struct Begin;

impl Message for Begin {
    const VARIANTS: &'static [&'static str] = &["task"];
}

/// What a task process begins with.
#[doc(hidden)]
pub struct Beginning {
    work: Option<Work>,
    /// Told to shut down, it finishes first.
    finishes: bool,
}

// No help to whoever forgot to write a server.
#[diagnostic::do_not_recommend]
impl ServerConfig for TaskProcess {}

#[diagnostic::do_not_recommend]
impl GenServer for TaskProcess {
    type Args = Beginning;
    type InitError = Infallible;
    type Call = Never;
    type Reply = ();
    type Cast = Never;
    type Info = Never;
    type Continue = Begin;
    type Ref = TaskRef;

    async fn init(
        Beginning { work, finishes }: Beginning,
        cx: &mut Context<Self>,
    ) -> Result<Init<Self>, Infallible> {
        cx.trap_exit(finishes);
        Ok(Init::Ready(TaskProcess { work }, Some(Begin)))
    }

    async fn handle_continue(&mut self, Begin: Begin, cx: &mut Context<Self>) {
        if let Some(work) = self.work.take() {
            work.await;
        }
        cx.stop(ExitReason::Normal);
    }
}

/// A task as a child: it has one life. With `grace` it may finish within that when the supervisor stops it.
pub(super) fn child(work: Work, grace: Option<Shutdown>) -> (Planned, TaskRef) {
    let options = ChildOptions::new("task").restart(Restart::Temporary);
    let options = grace.into_iter().fold(options, ChildOptions::shutdown);
    let work = Mutex::new(Some(work));
    let finishes = grace.is_some();
    let args = move || {
        let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
        Beginning { work, finishes }
    };
    Planned::server::<TaskProcess>(options, Arc::new(args))
}

impl fmt::Debug for TaskProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskProcess").finish_non_exhaustive()
    }
}

impl fmt::Debug for Beginning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beginning").finish_non_exhaustive()
    }
}

//! The signals that ask a program to end.

use std::{
    io,
    task::{Context, Poll},
};

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens from when it is made.
pub(crate) struct Signals {
    #[cfg(unix)]
    heard: [Signal; 2],
    #[cfg(windows)]
    heard: tokio::signal::windows::CtrlC,
}

impl Signals {
    #[cfg(unix)]
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Signals { heard: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?] })
    }

    #[cfg(windows)]
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Signals { heard: tokio::signal::windows::ctrl_c()? })
    }

    /// Whether one was heard.
    #[cfg(unix)]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let is_heard = self.heard.iter_mut().any(|signal| signal.poll_recv(cx).is_ready());
        if is_heard { Poll::Ready(()) } else { Poll::Pending }
    }

    #[cfg(windows)]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.heard.poll_recv(cx).map(drop)
    }
}

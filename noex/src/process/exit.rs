//! Why a process ended.

use std::{fmt, sync::Arc};

/// Why a server ended, as data. The words are Erlang's.
///
/// `Normal`, `Shutdown` and `ShutdownWith` are orderly; everything else is abnormal and makes a
/// `transient` child come back.
///
/// # Examples
///
/// ```
/// use noex::ExitReason;
///
/// assert!(ExitReason::shutdown("new configuration").is_orderly());
/// assert!(!ExitReason::other("disk full").is_orderly());
/// assert_eq!(ExitReason::other("disk full").to_string(), "disk full");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitReason {
    /// It was done.
    Normal,
    /// Its supervisor, or somebody in its place, asked it to end.
    Shutdown,
    /// As `Shutdown`, with a word on why.
    ShutdownWith(Arc<str>),
    /// It was killed.
    Killed,
    /// A callback panicked.
    Panic(Arc<Panic>),
    /// There was no such process.
    NoProc,
    /// Any other reason; abnormal.
    Other(Arc<str>),
}

impl ExitReason {
    /// An orderly reason with a word on why.
    pub fn shutdown(why: impl Into<Arc<str>>) -> Self {
        ExitReason::ShutdownWith(why.into())
    }

    /// An abnormal reason of one's own.
    pub fn other(why: impl Into<Arc<str>>) -> Self {
        ExitReason::Other(why.into())
    }

    /// `Normal`, `Shutdown` or `ShutdownWith`.
    pub fn is_orderly(&self) -> bool {
        matches!(self, ExitReason::Normal | ExitReason::Shutdown | ExitReason::ShutdownWith(_))
    }

    /// A panic in a callback.
    pub fn is_panic(&self) -> bool {
        matches!(self, ExitReason::Panic(_))
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExitReason::Normal => f.write_str("normal"),
            ExitReason::Shutdown => f.write_str("shutdown"),
            ExitReason::ShutdownWith(why) => write!(f, "shutdown ({why})"),
            ExitReason::Killed => f.write_str("killed"),
            ExitReason::Panic(panic) => panic.fmt(f),
            ExitReason::NoProc => f.write_str("no such process"),
            ExitReason::Other(why) => f.write_str(why),
        }
    }
}

/// A panic in a callback: what it said, where, and in which handler.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Panic {
    /// The panic's text; a payload that is no text reads "a value that is no text".
    pub message: Box<str>,
    /// File, line and column; `None` when the program replaced the panic hook after noex set its own.
    pub location: Option<PanicLocation>,
    /// The handler that was running, or `init`, `terminate`, ..
    pub handler: &'static str,
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` panicked", self.handler)?;
        if let Some(location) = &self.location {
            write!(f, " at {location}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Where a panic happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PanicLocation {
    /// The source file as rustc names it.
    pub file: Box<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl fmt::Display for PanicLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

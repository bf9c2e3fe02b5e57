//! Why a call that met policies has no reply.

use crate::{
    CallError, Target,
    resilience::{
        Class, TimedOut,
        stack::{Outcome, Refusal},
    },
    server::error::Failure,
};

/// Why there is no reply.
#[derive(Clone, Debug)]
pub(crate) enum Unserved {
    /// The last attempt failed.
    Failure(Failure),
    /// A policy refused.
    Refused(Refusal),
    /// A policy's time was over.
    TimedOut { late: TimedOut, began: bool },
}

impl Unserved {
    /// How it counts.
    pub(crate) fn class(&self) -> Class {
        match self {
            Unserved::Failure(failure) => match *failure {
                Failure::Stopped(_)
                | Failure::NotRunning(_)
                | Failure::Crashed { may_have_run: false, .. } => Class::Absent,
                Failure::Crashed { .. } | Failure::ReplyDropped => Class::Crashed,
                Failure::MailboxFull { .. } => Class::Busy,
                // By a policy, if only when the server came to it.
                Failure::Shed(_) => Class::Refused,
                Failure::Deadlock(_) => Class::Permanent,
                Failure::Timeout { began, .. } => Class::TimedOut { began },
            },
            Unserved::Refused(_) => Class::Refused,
            Unserved::TimedOut { began, .. } => Class::TimedOut { began: *began },
        }
    }

    pub(crate) fn at<E>(self, target: Target) -> CallError<E> {
        match self {
            Unserved::Failure(failure) => failure.at(target),
            Unserved::TimedOut { late, .. } => CallError::Timeout { target, after: late.limit },
            Unserved::Refused(refusal) => match refusal {
                Refusal::CircuitOpen(open) => CallError::CircuitOpen { target, open },
                Refusal::RateLimited(limited) => CallError::RateLimited { target, limited },
                Refusal::BulkheadFull(full) => CallError::BulkheadFull { target, full },
                Refusal::Shed(shed) => CallError::Shed { target, shed },
                Refusal::Disposed(disposed) => CallError::Disposed { target, disposed },
            },
        }
    }
}

impl<R> Outcome for Result<R, Unserved> {
    fn refused(refusal: Refusal) -> Self {
        Err(Unserved::Refused(refusal))
    }

    fn timed_out(late: TimedOut, began: bool) -> Self {
        Err(Unserved::TimedOut { late, began })
    }

    fn is_late(&self) -> Option<bool> {
        match self {
            Err(Unserved::Failure(Failure::Timeout { began, .. })) => Some(*began),
            _ => None,
        }
    }
}

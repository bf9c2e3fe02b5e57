//! How a server is set up: the struct half of `#[genserver]`.

use std::time::Duration;

/// The configuration of a server; `#[genserver(..)]` on the struct implements it.
///
/// By hand it is `impl ServerConfig for Counter {}`, with the constants that differ from the defaults.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `#[genserver]` attribute on its struct",
    label = "this server has no configuration",
    note = "write `#[genserver] struct {Self} {{ .. }}`"
)]
pub trait ServerConfig {
    /// The name the server registers when it starts; none by default.
    const NAME: Option<&'static str> = None;
    /// How many messages may wait; 1024 by default.
    const MAILBOX: Mailbox = Mailbox::bounded(1024);
    /// What a sender meets when the mailbox is full; it waits by default.
    const OVERFLOW: Overflow = Overflow::Wait;
    /// How long a call waits for its reply, from the moment it is made; 5 s by default, `None` is for ever.
    const CALL_TIMEOUT: Option<Duration> = Some(Duration::from_secs(5));
    /// What becomes of queued messages when the server is restarted; they are kept by default.
    const ON_RESTART: OnRestart = OnRestart::Keep;
    /// Whether exit signals come as [`Exit`](crate::Exit) messages, and `terminate` runs when the supervisor or
    /// parent shuts the server down; as `trap_exit` in OTP. [`Context::trap_exit`](crate::Context::trap_exit)
    /// changes it while the server runs.
    const TRAP_EXIT: bool = false;
    /// Whether a caller may run a synchronous handler itself when the server is idle.
    const INLINE: bool = true;
}

/// How many messages may wait for a server: messages, not bytes.
///
/// What timers and streams bring takes a place like any other message, and meets a full mailbox as any sender's
/// does; see [`Overflow`]. A [`Down`](crate::Down), an [`Exit`](crate::Exit) and word of silence come in at once,
/// room or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mailbox(usize);

impl Mailbox {
    /// No bound: senders never wait, and memory is the limit.
    pub const UNBOUNDED: Mailbox = Mailbox(usize::MAX);

    /// At most `capacity` messages.
    ///
    /// # Panics
    ///
    /// When `capacity` is 0; in a constant that is a compile error.
    #[track_caller]
    pub const fn bounded(capacity: usize) -> Self {
        assert!(capacity > 0, "a mailbox must hold at least one message");
        Mailbox(capacity)
    }

    /// The bound; `None` when there is none.
    pub const fn capacity(self) -> Option<usize> {
        if self.0 == usize::MAX { None } else { Some(self.0) }
    }
}

/// What a sender meets when the mailbox is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// Calls and casts wait for room, first come first served; `ServerRef::try_cast` fails.
    Wait,
    /// They fail at once with `MailboxFull`.
    Fail,
    /// The oldest waiting message makes room: it becomes a dead letter, a call among them fails.
    DropOldest,
    /// The new message becomes a dead letter; a call fails.
    DropNewest,
}

/// What becomes of queued messages when the server is restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnRestart {
    /// The next incarnation serves them.
    Keep,
    /// They become dead letters and their callers are told, as in OTP.
    Drop,
}

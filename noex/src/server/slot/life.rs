//! One life of a server: how it starts, why and how it ends, what becomes of the slot then.
//!
//! ```text
//! down ── bring_up: init ──▶ live ── stop, exit, crash ──▶ terminate ──▶ down
//!   ▲                                      └── kill ────────────────────▶ │
//!   └──────────────── a supervisor starts the next life ◀─────────────────┘
//! ```
//!
//! A server without a supervisor has one life: when it ends the slot is closed, its name is free, what
//! was queued is refused. A supervised slot keeps its queue until its supervisor decides.

use std::{fmt::Display, future::Future, pin::pin, sync::Arc, task::Poll, time::Duration};

use super::{
    AnySlot, End, Envelope, Live, RightTo, Room, Signal, Slot, beside,
    core::{INIT, TERMINATE},
    handler::{begin_terminate, break_off},
    kept,
    notice::{Origin, Recall, Stamp, notify},
    refuse::{announce, refuse, refuse_all, unhandled},
    right::{HALT, QUEUED, SIGNAL},
    turn::{hand_over, summon},
};
use crate::{
    observer::EventKind,
    process::{
        Exit, ExitReason,
        door::within,
        idle,
        link::{Life, hear_exit},
        panic::{Caught, catch, drop_quietly},
        seat::{Seat, clear_seat, empty_seat, keep_seat},
        work::Work,
    },
    resilience::NamedError,
    server::{Context, GenServer, Held, Init, Now, OnRestart},
    supervisor::Permit,
};

/// Why a life did not begin.
pub(crate) enum Unborn<E> {
    Refused(E),
    Ignored,
    Crashed(ExitReason),
    Timeout(Duration),
    /// A policy of its handlers is not to be had.
    Policy(NamedError),
    /// It is running already.
    Running,
}

/// Who starts a life.
#[derive(Clone, Copy)]
pub(crate) enum Starter<'a> {
    Anybody,
    /// A server, linked with it from before `init` on.
    Parent(&'a Life),
    Supervisor(&'a Permit),
}

/// Starts a life in a slot that is down.
pub(crate) async fn bring_up<S: GenServer>(
    slot: &Arc<Slot<S>>,
    args: S::Args,
    limit: Option<Duration>,
    starter: Starter<'_>,
) -> Result<(), Unborn<S::InitError>> {
    let Some(right) = slot.enter_down() else { return Err(Unborn::Running) };
    slot.core.trap_exits(S::TRAP_EXIT);
    if slot.core.incarnation() > 0 {
        slot.inbox().reopen();
    }
    slot.core.be_born();
    if let Starter::Parent(parent) = starter {
        slot.core.set_parent(slot.core.incarnation(), parent.pid(), Arc::downgrade(&parent.slot));
    }
    slot.begin(INIT);
    let mut birth = Birth { slot, right: Some(right) };
    // After the birth: a supervisor that takes its leave back either is seen here or sees a life to end.
    if let Starter::Supervisor(permit) = starter
        && permit.is_revoked()
    {
        birth.end(ExitReason::Killed);
        return Err(Unborn::Crashed(ExitReason::Killed));
    }
    if let Some(error) = slot.begin_policies() {
        birth.end(refusal(&error));
        return Err(Unborn::Policy(error));
    }
    let mut cx = Context::new(slot);
    let init = caught(async { S::init(args, &mut cx).await });
    let outcome = within(limit, uncut(slot, init)).await;
    let unborn = match outcome {
        Some(Err(reason)) => Unborn::Crashed(reason),
        Some(Ok(Ok(Ok(Init::Ready(state, first))))) => {
            cx.first(first);
            if let Some(right) = birth.right.take() {
                go_live(slot, right, state, cx);
            }
            return Ok(());
        }
        Some(Ok(Ok(Ok(Init::Ignore)))) => Unborn::Ignored,
        Some(Ok(Ok(Err(error)))) => Unborn::Refused(error),
        Some(Ok(Err(panic))) => Unborn::Crashed(panic.into_reason("init")),
        None => Unborn::Timeout(limit.unwrap_or_default()),
    };
    birth.end(match &unborn {
        Unborn::Refused(error) => refusal(error),
        Unborn::Crashed(reason) => reason.clone(),
        Unborn::Timeout(_) => ExitReason::Killed,
        Unborn::Ignored | Unborn::Running | Unborn::Policy(_) => ExitReason::Normal,
    });
    Err(unborn)
}

/// Holds the right while `init` runs; a start that is dropped half-way leaves nothing behind.
struct Birth<'a, S: GenServer> {
    slot: &'a Arc<Slot<S>>,
    right: Option<RightTo<'a, S>>,
}

impl<S: GenServer> Birth<'_, S> {
    fn end(&mut self, reason: ExitReason) {
        if let Some(right) = self.right.take() {
            finish(self.slot, right, reason);
        }
    }
}

impl<S: GenServer> Drop for Birth<'_, S> {
    fn drop(&mut self) {
        self.end(ExitReason::Killed);
    }
}

fn go_live<S: GenServer>(slot: &Arc<Slot<S>>, mut right: RightTo<'_, S>, state: S, cx: Context<S>) {
    let restarts = slot.core.incarnation() - 1;
    announce(slot, || EventKind::Started { restarts });
    slot.core.rest();
    slot.core.be_up();
    let busy = cx.has_orders() || !right.batch.is_empty();
    right.live = Some(Live { state, cx });
    right.end = End::No;
    let busy = if busy { Err(right) } else { right.release_up() };
    if let Err(right) = busy {
        slot.lower(HALT);
        hand_over(slot, right);
    }
}

/// Why `init` refused, as a reason; the error's own text may panic.
pub(crate) fn refusal<E: Display>(error: &E) -> ExitReason {
    match catch(|| error.to_string()) {
        Ok(text) => ExitReason::other(text),
        Err(panic) => panic.into_reason("init"),
    }
}

/// `init`, unless the server is killed meanwhile: then the reason.
async fn uncut<S: GenServer, F: Future>(slot: &Slot<S>, init: F) -> Result<F::Output, ExitReason> {
    let mut init = pin!(init);
    std::future::poll_fn(|cx| match init.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => match slot.core.cut_or_wake(cx.waker()) {
            Some(reason) => Poll::Ready(Err(reason)),
            None => Poll::Pending,
        },
    })
    .await
}

/// A future whose panic is an output.
pub(super) async fn caught<F: Future>(future: F) -> Result<F::Output, Caught> {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| match catch(|| future.as_mut().poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Takes a signal along the control lane.
pub(super) fn signal<S: GenServer>(slot: &Arc<Slot<S>>, signal: Signal) -> bool {
    signal_to(slot, signal, None)
}

/// As [`signal`], for that life alone if one is given. `false`: it is over.
pub(crate) fn signal_to<S: GenServer>(slot: &Arc<Slot<S>>, signal: Signal, life: Option<u32>) -> bool {
    // An idle server is ended by whoever asks for it: that needs no runner.
    if !matches!(signal, Signal::Unreferenced)
        && let Some(mut right) = slot.try_enter()
    {
        if life.is_some_and(|life| life != slot.core.incarnation()) {
            if let Err(right) = right.release() {
                hand_over(slot, right);
            }
            return false;
        }
        heed(slot, &mut right, signal);
        right.end = match std::mem::replace(&mut right.end, End::No) {
            End::AfterBatch(reason) if right.batch.is_empty() => End::Terminate(reason),
            end => end,
        };
        let mut seat = empty_seat();
        // `terminate` and the state's destructor may want to spawn, whoever asked for the end.
        let _home = slot.core.door().and_then(|door| door.home());
        match end(slot, right, &mut seat) {
            Attended::Down => keep_seat(seat),
            Attended::Live(right) | Attended::Draining(right) => hand_over(slot, right),
            Attended::Terminating => {
                if let Some(door) = slot.core.door() {
                    door.put_to_work(Work::begun(slot.clone(), seat));
                }
            }
        }
        return true;
    }
    post(slot, signal, life)
}

/// Takes a signal along the control lane without looking whether the server is idle: for signals that
/// spread, of which each would else end the next server on the stack of the last.
pub(super) fn post<S: GenServer>(slot: &Arc<Slot<S>>, signal: Signal, life: Option<u32>) -> bool {
    if !slot.core.post(signal, life) {
        return false;
    }
    if slot.raise(SIGNAL) {
        summon(slot);
    }
    true
}

/// An exit signal as a message. `false`: that life is over, or has no handler for it.
pub(super) fn exit_message<S: GenServer>(
    slot: &Arc<Slot<S>>,
    life: u32,
    exit: Exit,
    recall: Option<Recall>,
) -> bool {
    if slot.core.is_over(life) {
        return false;
    }
    let origin = match (&recall, exit.pid) {
        (Some(_), Some(pid)) => Origin::Link(pid),
        _ => Origin::Signal,
    };
    match S::info_from(Box::new(exit)) {
        Ok(info) => {
            let stamp = Stamp::new(life, origin);
            notify(slot, info, recall.into_iter().fold(stamp, Stamp::recalled_by));
            true
        }
        Err(exit) => {
            unhandled(slot, "exit", exit);
            false
        }
    }
}

/// What a signal means for the life.
pub(super) fn heed<S: GenServer>(slot: &Slot<S>, right: &mut RightTo<'_, S>, signal: Signal) {
    let ending = matches!(right.end, End::Terminate(_) | End::Finish(_));
    match signal {
        Signal::Kill => right.end = End::Finish(ExitReason::Killed),
        _ if ending => {}
        Signal::Exit(reason) if slot.core.traps_exits() => right.end = End::Terminate(reason),
        Signal::Exit(reason) => right.end = End::Finish(reason),
        Signal::Unreferenced if slot.core.is_referenced() || slot.core.is_supervised() => {}
        Signal::Unreferenced => drain(slot, right, ExitReason::Normal),
        Signal::Stop(reason) => drain(slot, right, reason),
    }
}

/// What is queued now is served first, then the life ends.
fn drain<S: GenServer>(slot: &Slot<S>, right: &mut RightTo<'_, S>, reason: ExitReason) {
    if slot.flags() & QUEUED != 0 {
        take(slot, right);
    }
    right.end = End::AfterBatch(reason);
}

/// Takes what is queued.
pub(super) fn take<S: GenServer>(slot: &Slot<S>, room: &mut Room<S>) {
    if slot.inbox().take(&mut room.batch, || slot.lower(QUEUED)) {
        announce(slot, || EventKind::MailboxLow);
    }
}

/// One of the messages taken has begun; there may be room for a parked one now.
#[inline]
pub(super) fn begun<S: GenServer>(slot: &Slot<S>, left: usize) {
    if slot.inbox().begun(left, || slot.set(QUEUED)) {
        announce(slot, || EventKind::MailboxLow);
    }
}

pub(super) fn drained<S: GenServer>(right: &mut RightTo<'_, S>) {
    right.end = match std::mem::replace(&mut right.end, End::No) {
        End::AfterBatch(reason) => End::Terminate(reason),
        end => end,
    };
}

/// What the last handler asked of its context: the end, or a continuation.
pub(super) fn orders<S: GenServer>(right: &mut RightTo<'_, S>) -> Option<S::Continue> {
    let room = &mut **right;
    if matches!(room.end, End::Terminate(_) | End::Finish(_)) {
        return None;
    }
    let orders = &mut room.live.as_mut()?.cx;
    if orders.take_hibernate() {
        orders.slot().inbox().shrink();
        room.batch.shrink_to_fit();
    }
    let orders = &mut room.live.as_mut()?.cx;
    if let Some(reason) = orders.take_stop() {
        room.end = End::Terminate(reason);
        return None;
    }
    if let Some(message) = orders.take_continuation() {
        return Some(message);
    }
    if let Some((after, info)) = orders.take_idle() {
        idle::arm(&orders.slot(), after, info);
    }
    None
}

pub(super) enum Attended<'a, S: GenServer> {
    /// It goes on.
    Live(RightTo<'a, S>),
    /// It ends when what is in the batch is served.
    Draining(RightTo<'a, S>),
    /// `terminate` sits in the seat.
    Terminating,
    Down,
}

/// Ends the life if that was decided.
pub(super) fn end<'a, S: GenServer>(
    slot: &'a Arc<Slot<S>>,
    mut right: RightTo<'a, S>,
    seat: &mut Seat,
) -> Attended<'a, S> {
    match std::mem::replace(&mut right.end, End::No) {
        End::No if slot.flags() & HALT == 0 => Attended::Live(right),
        // The holder of the right was cut short without a word on why.
        End::No => {
            finish(slot, right, ExitReason::Killed);
            Attended::Down
        }
        End::AfterBatch(reason) => {
            right.end = End::AfterBatch(reason);
            Attended::Draining(right)
        }
        End::Terminate(reason) => {
            halt(slot);
            if beside::is_busy(slot, &reason) {
                right.end = End::Terminate(reason);
                beside::wait(slot, right, seat);
                return Attended::Terminating;
            }
            slot.begin(TERMINATE);
            let Some(Live { state, cx }) = &mut right.live else {
                finish(slot, right, reason);
                return Attended::Down;
            };
            match catch(|| state.terminate_now(&reason, cx)) {
                Ok(Now::Done(())) => finish(slot, right, reason),
                Ok(Now::Later(())) => {
                    right.end = End::Finish(reason.clone());
                    begin_terminate(slot, right, reason, seat);
                    return Attended::Terminating;
                }
                Err(panic) => {
                    let panic = panic.into_reason("terminate");
                    finish(slot, right, if reason.is_orderly() { panic } else { reason });
                }
            }
            Attended::Down
        }
        End::Finish(reason) => {
            finish(slot, right, reason);
            Attended::Down
        }
    }
}

/// From here on no message is served in this life.
fn halt<S: GenServer>(slot: &Slot<S>) {
    // Whoever holds the right alone puts it up or takes it down.
    if slot.flags() & HALT == 0 {
        slot.set(HALT);
    }
}

/// The life is over: drops the state, tells who wants to know, leaves the slot down.
fn finish<S: GenServer>(slot: &Slot<S>, mut right: RightTo<'_, S>, reason: ExitReason) {
    halt(slot);
    let supervised = slot.core.is_supervised();
    let held = take_back(&mut right);
    slot.core.break_promises(&reason);
    drop_quietly(right.live.take());
    right.end = End::No;
    slot.core.rest();
    let has_ties = slot.core.note_end(&reason, supervised);
    put_back(slot, &mut right, held, &reason);
    if !supervised {
        refuse_all(slot, &mut right, &reason);
        if has_ties {
            forget_name(slot);
        }
    } else if S::ON_RESTART == OnRestart::Drop {
        let batch = std::mem::take(&mut right.batch);
        for message in batch.into_iter().chain(slot.inbox().empty()) {
            refuse(slot, message, &reason);
        }
    }
    let pid = slot.core.pid();
    if has_ties {
        slot.core.end_subscriptions(!supervised);
        slot.core.end_registrations(pid);
    }
    announce(slot, || EventKind::ended(reason.clone()));
    leave_down(slot, right);
    // From here on the next life may begin; nobody is told before.
    let gone = slot.core.be_gone();
    slot.core.settle();
    if supervised && !gone.supervised {
        close(slot, &reason);
    }
    for (_, watcher) in gone.watchers {
        // It wakes a task, whose waker may be anybody's: the others are told all the same.
        if let Err(panic) = catch(|| watcher(pid, &reason)) {
            drop(panic.into_reason("?"));
        }
    }
    if let Some(bonds) = gone.bonds {
        let exit = Exit { pid: Some(pid), name: slot.core.name(), reason };
        for (linked, slot) in bonds.dissolve() {
            hear_exit(&slot, linked.incarnation(), exit.clone());
        }
    }
}

/// What the server has taken from its mailbox and not handled.
fn take_back<S: GenServer>(right: &mut RightTo<'_, S>) -> Held<S> {
    let mut held = Held::new();
    if let Some(Live { state, .. }) = &mut right.live {
        state.give_back(&mut held);
    }
    held
}

/// As if it had never left the mailbox; but infos may be notices, which are of one life.
fn put_back<S: GenServer>(slot: &Slot<S>, right: &mut RightTo<'_, S>, held: Held<S>, reason: &ExitReason) {
    for message in held.into_messages().rev() {
        match message {
            Envelope::Info(_) | Envelope::Notice(..) => refuse(slot, message, reason),
            message => right.batch.push_front(message),
        }
    }
}

fn leave_down<S: GenServer>(slot: &Slot<S>, mut right: RightTo<'_, S>) {
    while let Err(back) = right.leave_down() {
        slot.lower(SIGNAL);
        right = back;
    }
}

/// The runtime that served the slot is gone.
pub(super) fn abandon<S: GenServer>(slot: &Arc<Slot<S>>) {
    if let Some(seat) = kept::fetch(slot) {
        drop(clear_seat(seat));
        break_off(slot, ExitReason::Killed);
    }
    if let Some(right) = slot.take_ready(0) {
        finish(slot, right, ExitReason::Killed);
        slot.close(&ExitReason::Killed);
    }
}

/// No next life.
pub(super) fn close<S: GenServer>(slot: &Slot<S>, reason: &ExitReason) {
    let Some(mut right) = slot.enter_down() else { return };
    refuse_all(slot, &mut right, reason);
    forget_name(slot);
    slot.core.end_subscriptions(true);
    leave_down(slot, right);
}

fn forget_name<S: GenServer>(slot: &Slot<S>) {
    if let Some(name) = slot.core.name()
        && let Some(door) = slot.core.door()
        && door.system().names().forget(&name, slot.core.id)
    {
        announce(slot, || EventKind::NameFreed { name });
    }
}

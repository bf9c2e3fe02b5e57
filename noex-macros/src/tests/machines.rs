//! What wrong state machines are told.

use super::{assert_each, of_machine, of_machine_with};
use quote::quote;

#[test]
fn every_event_has_its_place_in_every_state() {
    assert_each(
        vec![
            (
                quote!(
                    #[cast]
                    #[on(Locked)]
                    fn knock(&mut self) {}
                ),
                "`knock` is not handled in `Closed`, `Open`",
                "handle it: `#[on(Closed | Open)]`; or say what becomes of it: `#[drop(Closed)]`, \
                 `#[postpone(Closed)]`, or `unhandled = drop` above the `impl`",
            ),
            (
                quote!(
                    #[cast]
                    fn knock(&mut self) {}
                    #[cast(knock)]
                    #[on(Locked)]
                    #[drop(Locked)]
                    fn again(&mut self) {}
                ),
                "what becomes of `knock` in `Locked` is said at `again` already",
                "remove it here or there",
            ),
            (
                quote!(
                    #[cast]
                    fn knock(&mut self) {}
                    #[cast(knock)]
                    fn again(&mut self) {}
                ),
                "`knock` is for every state that is left, and so is `again`",
                "write `#[on(..)]` with the states of one of the two",
            ),
        ],
        of_machine,
    );
    let right = quote! {
        #[cast] #[on(Locked)] #[drop(Closed)] #[postpone(Open)] fn knock(&mut self) {}
        #[event] #[on(Locked => Closed)] fn due(&mut self) -> Closed { x }
        #[event(due)] #[on(_)] fn due_elsewhere(&mut self, state: &mut DoorState) {}
    };
    assert!(of_machine(right).is_empty());
}

#[test]
fn a_handler_returns_where_it_leads() {
    assert_each(
        vec![
            (
                quote!(
                    #[call]
                    #[on(_ => Open)]
                    fn push(&mut self) -> u8 {
                        x
                    }
                ),
                "`push` leads to `Open`, but does not return where",
                "return `(Open, u8)`, or `Next<Open, u8>` where it may stay",
            ),
            (
                quote!(
                    #[cast]
                    #[on(_ => Open)]
                    fn push(&mut self) {}
                ),
                "`push` leads to `Open`, but does not return where",
                "return `Open`, or `Next<Open>` where it may stay",
            ),
            (
                quote!(
                    #[cast]
                    fn push(&mut self) -> Next<Open> {
                        x
                    }
                ),
                "`push` may lead to another state, but does not declare which",
                "write `#[on(.. => State)]`, or return the reply alone",
            ),
            (
                quote!(
                    #[cast]
                    fn push(&mut self) -> Open {
                        x
                    }
                ),
                "a cast has no reply",
                "use `#[call]`, or drop the return type",
            ),
        ],
        of_machine,
    );
}

#[test]
fn states_are_known_and_taken_where_they_are() {
    assert_each(
        vec![
            (
                quote!(
                    #[cast]
                    #[on(Lokced)]
                    #[drop(Locked | Closed | Open)]
                    fn push(&mut self) {}
                ),
                "unknown state `Lokced`",
                "did you mean `Locked`? states of `Door`: `Locked`, `Closed`, `Open`",
            ),
            (
                quote!(
                    #[cast]
                    #[on(Open)]
                    #[drop(Locked | Closed)]
                    fn push(&mut self, open: Open) {}
                ),
                "`push` takes the state away, so it has to lead to one",
                "take `&mut Open`, or return the next state itself",
            ),
            (
                quote!(
                    #[exit(Open)]
                    fn left(&mut self, open: &mut Open) {}
                    #[cast]
                    #[on(Open => Closed)]
                    #[drop(Locked | Closed)]
                    fn slam(&mut self, open: Open) -> Closed {
                        x
                    }
                ),
                "`slam` takes the state away, so this hook cannot see it",
                "remove this argument, or take `&mut Open` there",
            ),
            (
                quote!(
                    #[enter(Open)]
                    fn a(&mut self) {}
                    #[enter(Open)]
                    fn b(&mut self) {}
                ),
                "`Open` has this hook already",
                "make one of the two",
            ),
            (
                quote!(
                    #[enter(Open)]
                    fn opened(&mut self) -> Closed {
                        x
                    }
                ),
                "an enter hook returns nothing",
                "to go on from here, raise an event: `actions.raise(..)`",
            ),
        ],
        of_machine,
    );
}

#[test]
fn handlers_are_plain_methods() {
    assert_each(
        vec![
            (
                quote!(
                    #[cast]
                    async fn push(&mut self) {}
                ),
                "a handler of a state machine is a plain `fn`: nothing else happens while it runs",
                "spawn what takes time, and send its outcome back as an event",
            ),
            (
                quote!(
                    #[every(5s)]
                    fn push(&mut self) {}
                ),
                "a state machine has no `#[every]`",
                "set a time-out: `actions.timeout(\"tick\").set(..)`, or `event_timeout()` for silence",
            ),
            (
                quote!(
                    #[on(Open)]
                    fn push(&mut self) {}
                ),
                "`#[on(..)]` belongs to a handler",
                "add `#[call]`, `#[cast]`, `#[info]` or `#[event]`",
            ),
            (
                quote!(
                    #[cfg(x)]
                    #[cast]
                    fn push(&mut self) {}
                ),
                "a handler that may not be there cannot be counted on in its states",
                "put `cfg` inside of the method",
            ),
            (
                quote!(
                    #[cast]
                    #[on(Open)]
                    fn push(&mut self, hard: bool) {}
                    #[cast(push)]
                    fn again(&mut self) {}
                ),
                "`again` handles the event `push`, which takes `hard: bool`",
                "take the same",
            ),
        ],
        of_machine,
    );
}

#[test]
fn the_head_says_the_states() {
    let block = || quote!(impl Door { #[init] fn new() -> (Self, Locked) { x } });
    let told = of_machine_with(quote!(), block());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("`Door` has no states"), "{told:?}");
    assert_each(
        vec![
            (
                quote!(states(Locked, Locked)),
                "`Locked` is a state already",
                "remove it; two states are two types with names of their own",
            ),
            (
                quote!(states(Locked: keep)),
                "unknown default `keep`",
                "what becomes of an event without a handler: `drop`, `postpone`",
            ),
            (
                quote!(states(Locked), unhandled = ignore),
                "unknown unhandled `ignore`",
                "`unhandled` is one of: `drop`, `postpone`",
            ),
        ],
        |options| of_machine_with(options, block()),
    );
    let generic = quote!(
        impl<T> Lift<T> {
            #[init]
            fn new() -> (Self, Empty) {
                x
            }
        }
    );
    assert_eq!(
        of_machine_with(quote!(states(Empty, T)), generic),
        [
            "the parameter `T` is no state\n= help: make it a type of its own: `struct Holding<T>(T);`, and write `Holding<T>`"
        ]
    );
    assert_eq!(
        of_machine_with(quote!(states(Locked)), quote!(impl Door { #[init] fn new() -> Self { x } })),
        [
            "`#[init]` makes the machine and its first state\n= help: return `(Self, Locked)`, or `Result<(Self, Locked), E>`"
        ]
    );
}

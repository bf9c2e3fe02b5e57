//! Every identifier that a macro makes up, in one place.
//!
//! Names are derived from the user's own and from nothing else, so the same input always gives the same names.

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::ext::IdentExt;

/// Names that begin like this are ours.
pub(crate) const RESERVED: &str = "__";

/// The functions that every server gets, and what each is for.
pub(crate) const GIVEN: [(&str, &str); 4] = [
    ("start", "starts the server"),
    ("child", "is the server as a child of a supervisor"),
    ("whereis", "looks the server up by its name"),
    ("named", "is the server that has a name"),
];

/// Methods of std that take any value as it is, and so come before a method of the reference, which borrows.
pub(crate) const HIDDEN: [&str; 2] = ["into", "try_into"];

/// Whether every server gets a function of this name.
pub(crate) fn is_given(name: &Ident) -> bool {
    GIVEN.iter().any(|(given, _)| name == given)
}

/// The items that belong to the server `Account`.
pub(crate) struct Names {
    pub(crate) reference: Ident,
    pub(crate) call: Ident,
    pub(crate) reply: Ident,
    pub(crate) cast: Ident,
    pub(crate) info: Ident,
    pub(crate) continuation: Ident,
    /// Of a state machine.
    pub(crate) event: Ident,
    pub(crate) state: Ident,
}

impl Names {
    pub(crate) fn of(server: &Ident) -> Self {
        // Derived names keep the location of the server's name, but resolve where the macro was called.
        let name = |suffix: &str| Ident::new(&format!("{}{suffix}", server.unraw()), derived(server.span()));
        Names {
            reference: name("Ref"),
            call: name("Call"),
            reply: name("Reply"),
            cast: name("Cast"),
            info: name("Info"),
            continuation: name("Continue"),
            event: name("Event"),
            state: name("State"),
        }
    }
}

/// The location of a user's token with the resolution of the macro's own tokens, so that lints know the code as
/// generated.
pub(crate) fn derived(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The variant of the handler `take_out`: `TakeOut`.
pub(crate) fn variant(handler: &Ident) -> Ident {
    Ident::new(&pascal(&handler.unraw().to_string()), derived(handler.span()))
}

/// The fn that holds the future of one async handler to `Send`: `__noex_take_out`.
pub(crate) fn future_of(handler: &Ident) -> Ident {
    format_ident!("__noex_{}", handler.unraw(), span = derived(handler.span()))
}

/// Where the handler `unlock` of the machine `Door` may lead: `DoorUnlockTo`.
pub(crate) fn targets(machine: &Ident, method: &Ident) -> Ident {
    let name = format!("{}{}To", machine.unraw(), pascal(&method.unraw().to_string()));
    Ident::new(&name, derived(method.span()))
}

/// The hidden constructor of a server's arguments, located at its `#[init]` method.
pub(crate) fn args_of(init: &Ident) -> Ident {
    Ident::new("__noex_args", derived(init.span()))
}

/// The assertion that the child `cache` is a server: `__noex_cache`.
pub(crate) fn child(child: &Ident) -> Ident {
    format_ident!("__noex_{}", child.unraw(), span = Span::call_site())
}

/// `take_out` as `TakeOut`; what is no identifier after that gets an underscore.
pub(crate) fn pascal(snake: &str) -> String {
    let mut name = String::with_capacity(snake.len());
    for word in snake.split('_') {
        let mut letters = word.chars();
        if let Some(first) = letters.next() {
            name.extend(first.to_uppercase());
            name.push_str(letters.as_str());
        }
    }
    if name == "Self" {
        name.push('_');
    }
    if name.chars().next().is_none_or(|first| first.is_ascii_digit()) {
        name.insert(0, '_');
    }
    // Some letters have an upper case that is no letter of an identifier; a snake-case variant is better than none.
    match syn::parse_str::<Ident>(&name) {
        Ok(_) => name,
        Err(_) if name == "_" => "__Unnamed".into(),
        Err(_) => format!("__{snake}"),
    }
}

//! The inputs that are kept: right ones to begin with, and whatever was found to be worth a second look.
//!
//! `corpus/<macro>/<case>.txt`, with the options above a line `---` where the macro has some.

use crate::{genserver, inert, pipeline, resilience, state_machine, supervisor};
use proc_macro2::{TokenStream, TokenTree};
use std::{
    fmt, fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Macro {
    Genserver,
    StateMachine,
    Supervisor,
    Pipeline,
    Resilience,
    /// A handler's attribute outside of a block.
    Handler,
}

impl Macro {
    pub(super) const ALL: [Macro; 6] = [
        Macro::Genserver,
        Macro::StateMachine,
        Macro::Supervisor,
        Macro::Pipeline,
        Macro::Resilience,
        Macro::Handler,
    ];

    fn folder(self) -> &'static str {
        match self {
            Macro::Genserver => "genserver",
            Macro::StateMachine => "state_machine",
            Macro::Supervisor => "supervisor",
            Macro::Pipeline => "pipeline",
            Macro::Resilience => "resilience",
            Macro::Handler => "handler",
        }
    }
}

#[derive(Clone)]
pub(super) struct Input {
    pub(super) of: Macro,
    pub(super) options: TokenStream,
    pub(super) item: TokenStream,
}

impl Input {
    fn expand(&self) -> TokenStream {
        let (options, item) = (self.options.clone(), self.item.clone());
        match self.of {
            Macro::Genserver => genserver::genserver(options, item),
            Macro::StateMachine => state_machine::state_machine(options, item),
            Macro::Supervisor => supervisor::supervisor(item),
            Macro::Pipeline => pipeline::pipeline(item),
            Macro::Resilience => resilience::resilience(item),
            Macro::Handler => inert::outside("call", item),
        }
    }

    /// The expansion does not panic, and neither does printing it.
    pub(super) fn survive(&self) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.expand().to_string())) {
            eprintln!("keep this as corpus/{}/<case>.txt:\n{self}", self.of.folder());
            resume_unwind(panic);
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.options.is_empty() {
            writeln!(f, "{}\n---", self.options)?;
        }
        writeln!(f, "{}", self.item)
    }
}

/// What is kept of one macro, by name.
pub(super) fn of(macro_: Macro) -> Vec<Input> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/corpus").join(macro_.folder());
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let read = |file: &Path| -> Input {
        let text = fs::read_to_string(file).expect("a text");
        let (options, item) = text.split_once("\n---\n").unwrap_or(("", &text));
        let tokens = |text: &str| text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Input { of: macro_, options: tokens(options), item: tokens(item) }
    };
    files.iter().map(|file| read(file)).collect()
}

/// All that is kept.
pub(super) fn whole() -> Vec<Input> {
    Macro::ALL.into_iter().flat_map(of).collect()
}

/// Every token tree in it, at every depth.
pub(super) fn pool() -> Vec<TokenTree> {
    fn gather(tokens: TokenStream, pool: &mut Vec<TokenTree>) {
        for token in tokens {
            pool.push(token.clone());
            if let TokenTree::Group(group) = token {
                gather(group.stream(), pool);
            }
        }
    }
    let mut pool = Vec::new();
    for input in whole() {
        gather(input.options, &mut pool);
        gather(input.item, &mut pool);
    }
    pool
}

//! No input makes a macro panic: what is kept in the corpus, the same with something wrong in it, and random
//! tokens. The number of steps is fixed and the dice are seeded, so that a failure is there each time; its input is
//! printed, to be kept as well.

mod corpus;
mod dice;
mod words;

use corpus::{Input, Macro};
use dice::Dice;
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

/// Mutations of each macro's corpus.
const STEPS: usize = 1200;
/// Inputs that are random from the ground up, of each macro.
const RANDOM: usize = 600;

#[test]
fn the_corpus() {
    let corpus = corpus::whole();
    assert!(corpus.len() >= 24, "{} inputs: it is kept in the tree", corpus.len());
    corpus.iter().for_each(Input::survive);
}

/// What a macro is given while somebody types.
#[test]
fn truncations_of_the_corpus() {
    for input in corpus::whole() {
        for item in truncations(&input.item) {
            Input { item, ..input.clone() }.survive();
        }
        for options in truncations(&input.options) {
            Input { options, ..input.clone() }.survive();
        }
    }
}

/// Cut short at each token, on the top and in the last of the groups.
fn truncations(tokens: &TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut cut: Vec<TokenStream> =
        (0..tokens.len()).map(|length| tokens[..length].iter().cloned().collect()).collect();
    if let Some((TokenTree::Group(last), before)) = tokens.split_last() {
        for inside in truncations(&last.stream()) {
            let group = TokenTree::Group(proc_macro2::Group::new(last.delimiter(), inside));
            cut.push(before.iter().cloned().chain([group]).collect());
        }
    }
    cut
}

fn mutate(of: Macro, seed: u64) {
    let (corpus, pool, mut dice) = (corpus::of(of), corpus::pool(), Dice(seed));
    for step in 0..STEPS {
        let Input { options, item, .. } = corpus[dice.roll(corpus.len())].clone();
        let rate = 10 + step % 120;
        // One of them stays right now and then, so that the macro comes to the other.
        let options = if step % 3 == 0 { options } else { dice.mutate(options, rate, &pool) };
        let item = if step % 3 == 1 { item } else { dice.mutate(item, rate, &pool) };
        Input { of, options, item }.survive();
    }
}

#[test]
fn mutations_of_servers() {
    mutate(Macro::Genserver, 0x7365_7276);
}

#[test]
fn mutations_of_machines() {
    mutate(Macro::StateMachine, 0x646F_6F72);
}

#[test]
fn mutations_of_trees() {
    mutate(Macro::Supervisor, 0x7472_6565);
}

#[test]
fn mutations_of_the_others() {
    mutate(Macro::Pipeline, 0x7069_7065);
    mutate(Macro::Resilience, 0x6572_726F);
    mutate(Macro::Handler, 0x6861_6E64);
}

#[test]
fn random_tokens() {
    let mut dice = Dice(0x6E6F_6578);
    for of in Macro::ALL {
        for _ in 0..RANDOM {
            let (options, item, inside) = (dice.stream(2), dice.stream(4), dice.stream(4));
            Input { of, options, item }.survive();
            let item = match of {
                Macro::Genserver | Macro::StateMachine => quote!(impl Counter { #inside }),
                Macro::Supervisor => quote!(Shop { #inside }),
                Macro::Pipeline => quote!(Ingest: Request => Response { #inside }),
                Macro::Resilience => quote!(enum Error { #inside }),
                Macro::Handler => quote!(fn handle() { #inside }),
            };
            Input { of, options: TokenStream::new(), item }.survive();
        }
    }
}

//! Collects what is wrong with the user's code.
//!
//! A phase never stops at its first mistake: it reports it here and goes on, so that one build shows every
//! mistake once. The entry point ends with [`Diag::finish`], which puts the errors beside the best code that
//! could still be made.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

/// The errors found so far.
///
/// Dropping one that was not finished would lose errors, so that is a bug and panics.
pub(crate) struct Diag {
    reports: Vec<Report>,
    is_finished: bool,
}

/// One error: where, what, and how to mend it.
pub(crate) struct Report {
    at: TokenStream,
    message: String,
    help: Option<String>,
}

impl Diag {
    pub(crate) fn new() -> Self {
        Diag { reports: Vec::new(), is_finished: false }
    }

    /// Reports an error that underlines `at`.
    pub(crate) fn error(&mut self, at: &dyn ToTokens, message: impl Into<String>) -> &mut Report {
        self.reports.push(Report { at: at.to_token_stream(), message: message.into(), help: None });
        self.reports.last_mut().expect("a report was pushed on the line above")
    }

    /// Reports an error where only a span is known.
    pub(crate) fn error_at(&mut self, span: Span, message: impl Into<String>) -> &mut Report {
        self.error(&Ident::new("_", span), message)
    }

    /// Takes over what syn reports, for input that has no shape of ours at all.
    pub(crate) fn adopt(&mut self, error: &syn::Error) {
        for one in error.clone() {
            self.error_at(one.span(), one.to_string());
        }
    }

    /// How many errors there are; comparing two counts tells whether the part in between was sound.
    pub(crate) fn count(&self) -> usize {
        self.reports.len()
    }

    /// The expansion, with the errors after it.
    pub(crate) fn finish(mut self, expansion: TokenStream) -> TokenStream {
        self.is_finished = true;
        let errors = self.reports.iter().map(Report::to_compile_error);
        quote!(#expansion #(#errors)*)
    }

    /// The messages, each with its help, for tables of tests.
    #[cfg(test)]
    pub(crate) fn into_messages(mut self) -> Vec<String> {
        self.is_finished = true;
        self.reports.iter().map(Report::text).collect()
    }
}

impl Drop for Diag {
    fn drop(&mut self) {
        assert!(
            !(!self.is_finished && !std::thread::panicking()),
            "a diagnostic sink was dropped without its errors being reported"
        );
    }
}

impl Report {
    /// Adds the line that says what to write instead.
    pub(crate) fn help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }

    /// A newline in a message is kept by rustc, which makes the second line read as one of its own helps
    /// (real sub-diagnostics are not open to stable macros).
    fn text(&self) -> String {
        match &self.help {
            Some(help) => format!("{}\n= help: {help}", self.message),
            None => self.message.clone(),
        }
    }

    fn to_compile_error(&self) -> TokenStream {
        syn::Error::new_spanned(&self.at, self.text()).to_compile_error()
    }
}

/// An error that is one only under a condition, `#[cfg(..)]`.
pub(crate) fn error_if(cfg: &TokenStream, at: &dyn ToTokens, message: String, help: &str) -> TokenStream {
    let report = Report { at: at.to_token_stream(), message, help: Some(help.into()) };
    let error = report.to_compile_error();
    quote!(#cfg #error)
}

/// The candidate that `word` was probably meant to be.
pub(crate) fn did_you_mean<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let close = |candidate: &&str| distance(word, candidate) <= (candidate.len().max(word.len()) / 3).max(1);
    let stem = |candidate: &&str| {
        let shared = word.bytes().zip(candidate.bytes()).take_while(|(a, b)| a == b).count();
        shared >= 5 || (shared >= 4 && shared == word.len())
    };
    let nearest = candidates.iter().copied().min_by_key(|candidate| distance(word, candidate))?;
    Some(nearest).filter(close).or_else(|| candidates.iter().copied().find(stem))
}

/// The number of inserted, removed, replaced and swapped letters between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

/// `a`, `b` and `c`, each in backticks, for a help line.
pub(crate) fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// `OneForOne` as `one_for_one`.
fn snake(pascal: &str) -> String {
    let mut snake = String::new();
    for letter in pascal.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The help for a word that is not one of `words`: the likely one, then all of them.
pub(crate) fn choices(word: &str, words: &[&str], what: &str) -> String {
    match did_you_mean(word, words).or_else(|| did_you_mean(&snake(word), words)) {
        Some(near) => format!("did you mean `{near}`? {what}: {}", list(words)),
        None => format!("{what}: {}", list(words)),
    }
}

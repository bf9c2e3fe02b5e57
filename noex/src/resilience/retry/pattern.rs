//! Which errors are worth another attempt, told by what they say.

use std::{fmt, sync::OnceLock};

/// What an error's text has in it, if another attempt may mend it.
///
/// The text is what the error's `Display` says. A type that implements [`Classify`](crate::resilience::Classify),
/// or [`judge::retry_if`](crate::resilience::judge::retry_if), is the better way where there is a type to ask.
///
/// In a configuration file and in an attribute, a pattern is a string; between slashes, as `"/5\d\d/"`, it is a regular
/// expression.
///
/// # Examples
///
/// ```
/// use noex::resilience::{Pattern, RetryOptions};
///
/// let options = RetryOptions::new().retryable_errors(&[Pattern::Text("network error"), Pattern::Text("timeout")]);
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pattern {
    /// This text, in exactly these letters.
    Text(&'static str),
    /// Something that this regular expression matches, in the syntax of the crate `regex`.
    #[cfg(feature = "regex")]
    Regex(&'static str),
}

/// Patterns, ready to be matched.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    texts: Vec<&'static str>,
    #[cfg(feature = "regex")]
    expressions: Vec<regex::Regex>,
}

/// One of the patterns is no regular expression.
pub(super) struct NoPattern;

impl Patterns {
    pub(super) fn new(patterns: &'static [Pattern]) -> Result<Self, NoPattern> {
        let mut ready = Patterns::default();
        for pattern in patterns {
            match *pattern {
                Pattern::Text(text) => ready.texts.push(text),
                #[cfg(feature = "regex")]
                Pattern::Regex(expression) => {
                    ready.expressions.push(regex::Regex::new(expression).map_err(|_| NoPattern)?);
                }
            }
        }
        Ok(ready)
    }

    /// Whether one of them matches; no patterns match everything.
    pub(super) fn match_error(&self, error: &impl fmt::Display) -> bool {
        if self.are_none() {
            return true;
        }
        let error = error.to_string();
        #[cfg(feature = "regex")]
        if self.expressions.iter().any(|expression| expression.is_match(&error)) {
            return true;
        }
        self.texts.iter().any(|text| error.contains(text))
    }

    fn are_none(&self) -> bool {
        #[cfg(feature = "regex")]
        if !self.expressions.is_empty() {
            return false;
        }
        self.texts.is_empty()
    }
}

/// The patterns of an attribute, made ready when the first error is to be matched.
#[derive(Debug)]
pub struct ErrorPatterns {
    patterns: &'static [Pattern],
    ready: OnceLock<Patterns>,
}

impl ErrorPatterns {
    /// Of these.
    pub const fn new(patterns: &'static [Pattern]) -> Self {
        ErrorPatterns { patterns, ready: OnceLock::new() }
    }

    /// Whether one of them matches. One that is no regular expression does not: its server did not start.
    pub fn match_error(&self, error: &impl fmt::Display) -> bool {
        let ready = || Patterns::new(self.patterns).unwrap_or_default();
        self.ready.get_or_init(ready).match_error(error)
    }
}

/// A pattern that is a regular expression.
#[cfg(feature = "regex")]
pub const fn regex(expression: &'static str) -> Pattern {
    Pattern::Regex(expression)
}

/// Does not compile: it is called where the compiler works its value out.
#[cfg(not(feature = "regex"))]
pub const fn regex(_: &'static str) -> Pattern {
    panic!("a regular expression needs noex's feature `regex`")
}

#[cfg(feature = "serde")]
pub(super) mod config {
    use std::sync::{Mutex, PoisonError};

    use serde::{Deserialize, Deserializer, de::Error};

    use super::Pattern;
    use crate::resilience::config::keep;

    /// Kept for good and once, as the texts in them.
    pub(crate) fn deserialize<'de, D>(from: D) -> Result<&'static [Pattern], D::Error>
    where
        D: Deserializer<'de>,
    {
        static KEPT: Mutex<Vec<&'static [Pattern]>> = Mutex::new(Vec::new());
        let texts: Vec<String> = Deserialize::deserialize(from)?;
        let patterns =
            texts.into_iter().map(pattern).collect::<Result<Vec<_>, _>>().map_err(D::Error::custom)?;
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.iter().find(|known| ***known == *patterns) {
            return Ok(known);
        }
        let patterns: &'static [Pattern] = patterns.leak();
        kept.push(patterns);
        Ok(patterns)
    }

    fn pattern(text: String) -> Result<Pattern, &'static str> {
        let expression = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        match expression {
            #[cfg(feature = "regex")]
            Some(expression) => Ok(Pattern::Regex(keep(expression.to_owned()))),
            #[cfg(not(feature = "regex"))]
            Some(_) => Err("a regular expression needs noex's feature `regex`"),
            None => Ok(Pattern::Text(keep(text))),
        }
    }
}

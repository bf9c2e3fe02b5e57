//! Patterns: which topics a subscriber listens to.

use std::{borrow::Borrow, convert::Infallible, fmt, sync::Arc};

use super::text::{Fault, Text, fault};

/// Which topics a subscriber listens to: a topic, in which `*` stands for exactly one segment and `**` for any
/// number of them, also none.
///
/// | pattern | matches | does not match |
/// |---|---|---|
/// | `delivery.failed` | `delivery.failed` | anything else |
/// | `delivery.*` | `delivery.failed`, `delivery.success` | `delivery`, `delivery.email.failed` |
/// | `delivery.**` | `delivery`, `delivery.failed`, `delivery.email.failed` | `deliveries` |
/// | `*.failed` | `delivery.failed` | `failed`, `delivery.email.failed` |
/// | `delivery.**.failed` | `delivery.failed`, `delivery.email.failed` | `delivery.failed.twice` |
/// | `**` | everything | |
///
/// A wildcard is a whole segment: `deliver*` is an error. Where `*` at the end is meant for all that is below, as in
/// some libraries, it is `**` here.
///
/// # Examples
///
/// ```
/// use noex::event_bus::{Pattern, PatternError};
///
/// let pattern = Pattern::new("delivery.*")?;
/// assert!(pattern.matches("delivery.failed"));
/// assert!(!pattern.matches("delivery.email.failed"));
/// assert!(matches!(Pattern::new("deliver*"), Err(PatternError::Wildcard { .. })));
/// # Ok::<(), PatternError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(Text);

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// There is no text.
    #[error("a pattern cannot be empty")]
    Empty,
    /// Two dots in a row, or one at an end.
    #[error("the pattern `{pattern}` has an empty segment")]
    EmptySegment {
        /// The text.
        pattern: Arc<str>,
    },
    /// A `*` beside other characters in a segment.
    #[error("the pattern `{pattern}` has a `*` in a segment, which can only be a whole one: `*` or `**`")]
    Wildcard {
        /// The text.
        pattern: Arc<str>,
    },
    /// `**.**`, which is `**`.
    #[error("the pattern `{pattern}` has two `**` in a row, which are one")]
    Repeated {
        /// The text.
        pattern: Arc<str>,
    },
}

impl Pattern {
    /// The pattern with this text.
    ///
    /// # Errors
    ///
    /// [`PatternError`] says what is wrong with the text.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let text = || pattern.into();
        match fault(pattern, true) {
            None => Ok(Pattern(Text::Shared(pattern.into()))),
            Some(Fault::Empty) => Err(PatternError::Empty),
            Some(Fault::EmptySegment) => Err(PatternError::EmptySegment { pattern: text() }),
            Some(Fault::Star) => Err(PatternError::Wildcard { pattern: text() }),
            Some(Fault::Repeated) => Err(PatternError::Repeated { pattern: text() }),
        }
    }

    /// The pattern with this text, at compile time.
    ///
    /// # Panics
    ///
    /// When the text is no pattern; in a constant that is a compile error.
    #[track_caller]
    pub const fn from_static(pattern: &'static str) -> Self {
        Pattern::check(pattern);
        Pattern(Text::Static(pattern))
    }

    #[track_caller]
    pub(crate) const fn check(pattern: &str) {
        match fault(pattern, true) {
            None => {}
            Some(Fault::Empty) => panic!("a pattern cannot be empty"),
            Some(Fault::EmptySegment) => panic!("a pattern cannot have an empty segment"),
            Some(Fault::Star) => panic!("a `*` in a pattern can only be a whole segment: `*` or `**`"),
            Some(Fault::Repeated) => panic!("two `**` in a row are one"),
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is a topic itself, and matches that alone.
    pub fn is_exact(&self) -> bool {
        !self.as_str().contains('*')
    }

    /// Whether an event under this topic is for its subscribers.
    pub fn matches(&self, topic: &str) -> bool {
        let pattern: Vec<&str> = self.as_str().split('.').collect();
        let topic: Vec<&str> = topic.split('.').collect();
        // `is[p]`: the first `p` segments of the pattern match what was read of the topic.
        let mut is = vec![false; pattern.len() + 1];
        is[0] = true;
        skip_any(&pattern, &mut is);
        for segment in topic {
            let mut next = vec![false; pattern.len() + 1];
            for (at, wanted) in pattern.iter().enumerate().filter(|(at, _)| is[*at]) {
                match *wanted {
                    "**" => next[at] = true,
                    "*" => next[at + 1] = true,
                    wanted => next[at + 1] |= wanted == segment,
                }
            }
            skip_any(&pattern, &mut next);
            is = next;
        }
        is[pattern.len()]
    }
}

/// `**` may stand for nothing.
fn skip_any(pattern: &[&str], is: &mut [bool]) {
    for at in 0..pattern.len() {
        if is[at] && pattern[at] == "**" {
            is[at + 1] = true;
        }
    }
}

impl TryFrom<&str> for Pattern {
    type Error = PatternError;

    fn try_from(pattern: &str) -> Result<Self, PatternError> {
        Pattern::new(pattern)
    }
}

impl TryFrom<&String> for Pattern {
    type Error = PatternError;

    fn try_from(pattern: &String) -> Result<Self, PatternError> {
        Pattern::new(pattern)
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(pattern: String) -> Result<Self, PatternError> {
        Pattern::new(&pattern)
    }
}

impl From<super::Topic> for Pattern {
    /// The pattern that matches this topic alone.
    fn from(topic: super::Topic) -> Self {
        Pattern(topic.into_text())
    }
}

impl From<Infallible> for PatternError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Borrow<str> for Pattern {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Pattern {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Pattern {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn what_matches() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("a.b", &["a.b"], &["a", "a.b.c", "a.c", "ab"]),
            ("a.*", &["a.b", "a.c"], &["a", "a.b.c", "b.b"]),
            ("*", &["a"], &["a.b"]),
            ("*.*", &["a.b"], &["a", "a.b.c"]),
            ("**", &["a", "a.b", "a.b.c"], &[]),
            ("a.**", &["a", "a.b", "a.b.c"], &["b", "ab"]),
            ("**.a", &["a", "b.a", "b.c.a"], &["a.b"]),
            ("a.**.b", &["a.b", "a.c.b", "a.b.b", "a.c.d.b"], &["a", "b", "a.b.c"]),
            ("**.a.**", &["a", "a.a", "b.a.c"], &["b", "b.c"]),
            ("a.*.**", &["a.b", "a.b.c"], &["a"]),
            ("**.*", &["a", "a.b"], &[]),
        ];
        for (pattern, matching, others) in table {
            let pattern = Pattern::new(pattern).unwrap();
            for topic in *matching {
                assert!(pattern.matches(topic), "{pattern} and {topic}");
            }
            for topic in *others {
                assert!(!pattern.matches(topic), "{pattern} and {topic}");
            }
        }
    }
}

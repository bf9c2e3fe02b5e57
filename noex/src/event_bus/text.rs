//! The text of topics and patterns: segments between dots, checked by one rule, also at compile time.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

/// Text that is known to be well-formed; a clone of it copies nothing.
#[derive(Clone)]
pub(super) enum Text {
    Static(&'static str),
    Shared(Arc<str>),
}

impl Text {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Text::Static(text) => text,
            Text::Shared(text) => text,
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Text {
    /// As a `str`, so that a table can be asked with one.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// What can be wrong with a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    Empty,
    EmptySegment,
    /// A `*` in a topic, or in a pattern beside other characters.
    Star,
    /// `**.**`
    Repeated,
}

/// The first thing that is wrong with the text, as a topic or as a pattern.
pub(super) const fn fault(text: &str, is_pattern: bool) -> Option<Fault> {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Some(Fault::Empty);
    }
    let (mut at, mut length, mut stars) = (0, 0, 0);
    let mut was_any = false;
    loop {
        if at == bytes.len() || bytes[at] == b'.' {
            if length == 0 {
                return Some(Fault::EmptySegment);
            }
            if stars > 0 && !(is_pattern && stars == length && stars <= 2) {
                return Some(Fault::Star);
            }
            let is_any = stars == 2;
            if is_any && was_any {
                return Some(Fault::Repeated);
            }
            was_any = is_any;
            if at == bytes.len() {
                return None;
            }
            (length, stars) = (0, 0);
        } else {
            length += 1;
            if bytes[at] == b'*' {
                stars += 1;
            }
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, fault};

    #[test]
    fn what_is_wrong() {
        let table = [
            ("a", None, None),
            ("a.b-c.d", None, None),
            ("", Some(Fault::Empty), Some(Fault::Empty)),
            (".", Some(Fault::EmptySegment), Some(Fault::EmptySegment)),
            ("a.", Some(Fault::EmptySegment), Some(Fault::EmptySegment)),
            ("a..b", Some(Fault::EmptySegment), Some(Fault::EmptySegment)),
            ("*", Some(Fault::Star), None),
            ("a.*.b", Some(Fault::Star), None),
            ("**", Some(Fault::Star), None),
            ("a.**", Some(Fault::Star), None),
            ("a*", Some(Fault::Star), Some(Fault::Star)),
            ("a.b**.c", Some(Fault::Star), Some(Fault::Star)),
            ("***", Some(Fault::Star), Some(Fault::Star)),
            ("a.**.**", Some(Fault::Star), Some(Fault::Repeated)),
            ("**.a.**", Some(Fault::Star), None),
            ("zürich.öl", None, None),
        ];
        for (text, topic, pattern) in table {
            assert_eq!(fault(text, false), topic, "the topic {text:?}");
            assert_eq!(fault(text, true), pattern, "the pattern {text:?}");
        }
    }
}

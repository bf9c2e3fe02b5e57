//! Topics: what an event is about.

use std::{borrow::Borrow, fmt, ops::Deref, sync::Arc};

use super::text::{Fault, Text, fault};

/// What an event is about: segments between dots, as `rates.eur`.
///
/// A segment is any text that is not empty and has neither `.` nor `*` in it; capitals count. A clone copies
/// nothing. Who publishes often under one topic makes it once, with [`Topic::from_static`] or [`Topic::new`].
///
/// # Examples
///
/// ```
/// use noex::event_bus::{Topic, TopicError};
///
/// const EUR: Topic = Topic::from_static("rates.eur");     // checked by the compiler
/// assert_eq!(EUR, "rates.eur");
/// assert_eq!(EUR.segments().collect::<Vec<_>>(), ["rates", "eur"]);
/// assert!(matches!(Topic::new("rates..eur"), Err(TopicError::EmptySegment { .. })));
/// assert!(matches!(Topic::new("rates.*"), Err(TopicError::Wildcard { .. })));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic(Text);

/// Why a text is no topic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// There is no text.
    #[error("a topic cannot be empty")]
    Empty,
    /// Two dots in a row, or one at an end.
    #[error("the topic `{topic}` has an empty segment")]
    EmptySegment {
        /// The text.
        topic: Arc<str>,
    },
    /// Wildcards are for patterns.
    #[error("the topic `{topic}` has a `*`, which only a pattern can have")]
    Wildcard {
        /// The text.
        topic: Arc<str>,
    },
}

impl Topic {
    /// The topic with this text.
    ///
    /// # Errors
    ///
    /// [`TopicError`] says what is wrong with the text.
    pub fn new(topic: &str) -> Result<Self, TopicError> {
        check(topic)?;
        Ok(Topic(Text::Shared(topic.into())))
    }

    /// The topic with this text, at compile time.
    ///
    /// # Panics
    ///
    /// When the text is no topic; in a constant that is a compile error.
    #[track_caller]
    pub const fn from_static(topic: &'static str) -> Self {
        match fault(topic, false) {
            None => Topic(Text::Static(topic)),
            Some(Fault::Empty) => panic!("a topic cannot be empty"),
            Some(Fault::EmptySegment) => panic!("a topic cannot have an empty segment"),
            Some(Fault::Star | Fault::Repeated) => panic!("a topic cannot have a `*`"),
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The topic one segment further: `rates.eur` for `eur` under `rates`. The segment is known to be one.
    pub(crate) fn under(&self, segment: &'static str) -> Topic {
        Topic(Text::Shared(format!("{self}.{segment}").into()))
    }

    pub(super) fn into_text(self) -> Text {
        self.0
    }

    /// What stands between the dots.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.as_str().split('.')
    }
}

fn check(topic: &str) -> Result<(), TopicError> {
    match fault(topic, false) {
        None => Ok(()),
        Some(Fault::Empty) => Err(TopicError::Empty),
        Some(Fault::EmptySegment) => Err(TopicError::EmptySegment { topic: topic.into() }),
        Some(Fault::Star | Fault::Repeated) => Err(TopicError::Wildcard { topic: topic.into() }),
    }
}

impl Deref for Topic {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Topic {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Topic {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Topic {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Topic {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// What an event can be published under: a text, or a [`Topic`] that was made before.
///
/// A text is checked at each publish, and copied if somebody listens; a topic is neither.
pub trait IntoTopic: sealed::Sealed {
    /// The text.
    #[doc(hidden)]
    fn text(&self) -> &str;
    /// Whether it is a topic.
    #[doc(hidden)]
    fn check(&self) -> Result<(), TopicError> {
        check(self.text())
    }
    /// The topic; called after [`check`](IntoTopic::check).
    #[doc(hidden)]
    fn into_topic(self) -> Topic;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &str {}
    impl Sealed for &String {}
    impl Sealed for String {}
    impl Sealed for super::Topic {}
    impl Sealed for &super::Topic {}
}

impl IntoTopic for &str {
    fn text(&self) -> &str {
        self
    }

    fn into_topic(self) -> Topic {
        Topic(Text::Shared(self.into()))
    }
}

impl IntoTopic for &String {
    fn text(&self) -> &str {
        self
    }

    fn into_topic(self) -> Topic {
        Topic(Text::Shared(self.as_str().into()))
    }
}

impl IntoTopic for String {
    fn text(&self) -> &str {
        self
    }

    fn into_topic(self) -> Topic {
        Topic(Text::Shared(self.into()))
    }
}

impl IntoTopic for Topic {
    fn text(&self) -> &str {
        self
    }

    fn check(&self) -> Result<(), TopicError> {
        Ok(())
    }

    fn into_topic(self) -> Topic {
        self
    }
}

impl IntoTopic for &Topic {
    fn text(&self) -> &str {
        self
    }

    fn check(&self) -> Result<(), TopicError> {
        Ok(())
    }

    fn into_topic(self) -> Topic {
        self.clone()
    }
}

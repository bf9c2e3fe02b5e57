//! Names in errors: shared text that is handed out and dropped again without a locked instruction.
//!
//! A refusal costs some tens of nanoseconds, and it names a policy and a server. To count two references up and down
//! would be half of that. So a thread keeps the last few names that it dropped, and hands them out again.

use std::{cell::Cell, fmt, ops::Deref, sync::Arc};

/// The name of a server or a policy, in an error.
///
/// It is read as a `str`; a clone shares the text.
///
/// # Examples
///
/// ```
/// use noex::Name;
///
/// let name = Name::from("account.rating");
/// assert_eq!(name, "account.rating");
/// assert!(name.starts_with("account"));
/// assert_eq!(name.to_string(), format!("{name}"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(
    /// `None` only while it is dropped.
    Option<Arc<str>>,
);

/// How many a thread keeps; they are alive until others take their place, or the thread ends.
const SPARES: usize = 4;

thread_local! {
    static SPARE: [Cell<Option<Arc<str>>>; SPARES] = const { [const { Cell::new(None) }; SPARES] };
}

/// Where a thread keeps this one.
#[inline]
fn place(text: &Arc<str>) -> usize {
    // Allocations are 16 bytes apart at least.
    Arc::as_ptr(text).addr() / 32 % SPARES
}

impl Name {
    /// The same text once more.
    #[inline]
    pub(crate) fn of(text: &Arc<str>) -> Self {
        let spare = SPARE.try_with(|spares| {
            let place = &spares[place(text)];
            match place.take() {
                Some(spare) if Arc::ptr_eq(&spare, text) => Some(spare),
                other => {
                    place.set(other);
                    None
                }
            }
        });
        Name(Some(spare.ok().flatten().unwrap_or_else(|| text.clone())))
    }
}

impl Drop for Name {
    #[inline]
    fn drop(&mut self) {
        if let Some(text) = self.0.take() {
            let _ = SPARE.try_with(|spares| spares[place(&text)].replace(Some(text)));
        }
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        self
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl<T: Into<Arc<str>>> From<T> for Name {
    fn from(text: T) -> Self {
        Name(Some(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_name_is_handed_out_again_and_counted_once() {
        let text: Arc<str> = "account".into();
        drop(Name::of(&text));
        assert_eq!(Arc::strong_count(&text), 2, "the thread keeps it");
        let (again, another) = (Name::of(&text), Name::of(&text));
        assert_eq!((Arc::strong_count(&text), &*again, &*another), (3, "account", "account"));
        drop((again, another));
        assert_eq!(Arc::strong_count(&text), 2);
        // Others push it out.
        for number in 0..64 {
            drop(Name::from(format!("another {number}")));
        }
        let kept: Vec<_> = (0..64).map(|number| Name::from(format!("one more {number}"))).collect();
        drop(kept);
        assert_eq!(Arc::strong_count(&text), 1);
    }
}

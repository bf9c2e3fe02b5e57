//! Judges for the common cases.

use crate::resilience::Class;

/// A judge that takes the errors that `is_worth_it` says for worth another attempt, and no others.
///
/// # Examples
///
/// ```
/// use noex::resilience::{Class, retry_if};
/// use std::io;
///
/// let judge = retry_if(|error: &io::Error| error.kind() == io::ErrorKind::TimedOut);
/// assert_eq!(judge(&Ok(())), Class::Success);
/// assert_eq!(judge(&Err(io::ErrorKind::TimedOut.into())), Class::Transient);
/// assert_eq!(judge(&Err(io::ErrorKind::NotFound.into())), Class::Permanent);
/// ```
pub fn retry_if<T, E>(is_worth_it: impl Fn(&E) -> bool) -> impl Fn(&Result<T, E>) -> Class {
    move |outcome| match outcome {
        Ok(_) => Class::Success,
        Err(error) if is_worth_it(error) => Class::Transient,
        Err(_) => Class::Permanent,
    }
}

/// A judge that takes also these values for worth another attempt: an empty page, a job that is not done.
///
/// When the attempts are used up, the last value is the call's; it is no error.
///
/// # Examples
///
/// ```
/// use noex::resilience::{Class, retry_if_ok};
///
/// let judge = retry_if_ok(|page: &Vec<u8>| page.is_empty());
/// assert_eq!(judge(&Ok::<_, ()>(vec![])), Class::Transient);
/// ```
pub fn retry_if_ok<T, E>(is_worth_it: impl Fn(&T) -> bool) -> impl Fn(&Result<T, E>) -> Class {
    move |outcome| match outcome {
        Ok(value) if is_worth_it(value) => Class::Transient,
        outcome => Class::of(outcome),
    }
}

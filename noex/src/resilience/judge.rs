//! Judges: how an outcome counts, for `execute_with`.

use super::{Class, Classify};

/// `Ok` is a success; what an error is, `class` says.
///
/// # Examples
///
/// ```
/// use noex::resilience::{Class, judge};
///
/// let known = judge::errors(|code: &u16| if *code == 404 { Class::Ignored } else { Class::Transient });
/// assert_eq!(known(&Err::<(), _>(404)), Class::Ignored);
/// assert_eq!(known(&Ok(())), Class::Success);
/// ```
pub fn errors<T, E>(class: impl Fn(&E) -> Class) -> impl Fn(&Result<T, E>) -> Class {
    move |outcome| match outcome {
        Ok(_) => Class::Success,
        Err(error) => class(error),
    }
}

/// `Ok` is a success; what an error is, it says itself.
pub fn classified<T, E: Classify>(outcome: &Result<T, E>) -> Class {
    match outcome {
        Ok(_) => Class::Success,
        Err(error) => error.class(),
    }
}

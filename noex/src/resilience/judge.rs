//! Judges: how an outcome counts, for `execute_with`.

use super::{Class, Classify, PolicyError};

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

/// As [`Class::of`], where the operation is another policy's `execute`: what that one refused counts as refused, and a
/// retry does not try it again.
///
/// # Examples
///
/// ```
/// use noex::resilience::{PolicyError, Retry, Timeout, judge};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let (retry, limit) = (Retry::get("stock"), Timeout::get("stock"));
/// limit.dispose();
/// let stock = retry.execute_with(judge::nested, || limit.execute(async || Ok::<_, String>(3))).await;
/// assert!(matches!(stock.map_err(PolicyError::flatten), Err(PolicyError::Disposed(_))));
/// assert_eq!(retry.status().counter("not_retryable"), 1);
/// # }
/// ```
pub fn nested<T, E>(outcome: &Result<T, PolicyError<E>>) -> Class {
    match outcome {
        Ok(_) => Class::Success,
        Err(error) => error.class_with(|_| Class::Transient),
    }
}

/// A judge that takes the errors that `is_worth_it` says for worth another attempt, and no others.
///
/// # Examples
///
/// ```
/// use noex::resilience::{Class, judge};
/// use std::io;
///
/// let worth_it = judge::retry_if(|error: &io::Error| error.kind() == io::ErrorKind::TimedOut);
/// assert_eq!(worth_it(&Ok(())), Class::Success);
/// assert_eq!(worth_it(&Err(io::ErrorKind::TimedOut.into())), Class::Transient);
/// assert_eq!(worth_it(&Err(io::ErrorKind::NotFound.into())), Class::Permanent);
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
/// use noex::resilience::{Class, judge};
///
/// let worth_it = judge::retry_if_ok(|page: &Vec<u8>| page.is_empty());
/// assert_eq!(worth_it(&Ok::<_, ()>(vec![])), Class::Transient);
/// ```
pub fn retry_if_ok<T, E>(is_worth_it: impl Fn(&T) -> bool) -> impl Fn(&Result<T, E>) -> Class {
    move |outcome| match outcome {
        Ok(value) if is_worth_it(value) => Class::Transient,
        outcome => Class::of(outcome),
    }
}

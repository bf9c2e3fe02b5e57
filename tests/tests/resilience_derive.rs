//! `#[derive(Resilience)]`: errors that know how they count.
#![allow(missing_docs)]
#![deny(warnings)]

use std::time::Duration;

use noex::resilience::{Class, Classify, Resilience};

const PAUSE: Duration = Duration::from_secs(3);

/// Names of the user's own, beside those of the generated code.
#[allow(dead_code)]
type Result = Option<()>;

#[derive(Resilience)]
#[allow(dead_code)]
enum Error<T>
where
    T: Clone,
{
    Plain,
    #[transient]
    Lost(T),
    #[permanent]
    Denied {
        _why: T,
    },
    #[ignored]
    NotFound(u8, u8),
    #[throttled(retry_after = r#for)]
    Busy {
        r#for: Duration,
        _and: T,
    },
    #[throttled(retry_after = 1)]
    Perhaps(u8, Option<Duration>),
    #[throttled(retry_after = 1min)]
    Night,
    #[throttled(retry_after = PAUSE)]
    Noon,
    #[deprecated]
    Old,
}

#[derive(Resilience)]
#[permanent]
enum Mostly {
    Permanent,
    #[transient]
    Transient,
}

#[derive(Resilience)]
#[throttled(retry_after = pause)]
struct Wait {
    pause: Duration,
}

#[derive(Resilience)]
struct Plain;

#[derive(Resilience)]
enum Never {}

#[test]
fn each_variant_counts_as_it_says() {
    let throttled = |retry_after| Class::Throttled { retry_after };
    let second = Duration::from_secs(1);
    for (error, class) in [
        (Error::Plain, Class::Transient),
        (Error::Lost("x"), Class::Transient),
        (Error::Denied { _why: "x" }, Class::Permanent),
        (Error::NotFound(1, 2), Class::Ignored),
        (Error::Busy { r#for: second, _and: "x" }, throttled(second)),
        (Error::Perhaps(1, Some(second)), throttled(second)),
        (Error::Perhaps(1, None), Class::Transient),
        (Error::Night, throttled(second * 60)),
        (Error::Noon, throttled(PAUSE)),
    ] {
        assert_eq!(error.class(), class);
    }
}

#[test]
fn what_stands_above_an_enum_is_for_the_variants_that_say_nothing() {
    assert_eq!(Mostly::Permanent.class(), Class::Permanent);
    assert_eq!(Mostly::Transient.class(), Class::Transient);
}

#[test]
fn a_struct_counts_as_well() {
    assert_eq!(Wait { pause: PAUSE }.class(), Class::Throttled { retry_after: PAUSE });
    assert_eq!(Plain.class(), Class::Transient);
    let _: Option<Never> = None;
    let _: fn(&Never) -> Class = Never::class;
}

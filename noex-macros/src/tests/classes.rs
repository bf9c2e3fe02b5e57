//! What wrong `#[derive(Resilience)]`s are told, and what right ones become.

use super::assert_each;
use crate::diag::Diag;
use crate::resilience;
use proc_macro2::TokenStream;
use quote::quote;

fn told(item: TokenStream) -> Vec<String> {
    let mut diag = Diag::new();
    resilience::expansion(item, &mut diag);
    diag.into_messages()
}

/// An enum with this variant, attributes and all.
fn of_variant(variant: TokenStream) -> Vec<String> {
    told(quote!(enum BankError { Closed, #variant }))
}

#[test]
fn variants() {
    assert_each(
        vec![
            (
                quote!(
                    #[transient]
                    #[permanent]
                    Busy
                ),
                "`Busy` is already `#[transient]`",
                "keep `#[transient]` or `#[permanent]`",
            ),
            (
                quote!(
                    #[ignored]
                    #[ignored]
                    Busy
                ),
                "`Busy` is already `#[ignored]`",
                "remove this `#[ignored]`",
            ),
            (
                quote!(
                    #[permanent(always)]
                    Busy
                ),
                "`#[permanent]` has no options",
                "write `#[permanent]`",
            ),
            (
                quote!(
                    #[ignored = 1]
                    Busy
                ),
                "`#[ignored]` has no options",
                "write `#[ignored]`",
            ),
            (
                quote!(
                    #[throttled]
                    Busy { pause: Duration }
                ),
                "`#[throttled]` does not say how long to wait",
                "write `#[throttled(retry_after = field)]` with a field of `Busy`, or a duration such as `5s`",
            ),
            (
                quote!(
                    #[throttled(retry = pause)]
                    Busy { pause: Duration }
                ),
                "unknown option `retry`",
                "did you mean `retry_after`? options of `#[throttled]`: `retry_after`",
            ),
            (
                quote!(
                    #[throttled(retry_after)]
                    Busy { pause: Duration }
                ),
                "`retry_after` needs a value",
                "write `retry_after = field`, or a duration such as `5s`",
            ),
            (
                quote!(
                    #[throttled("5s")]
                    Busy
                ),
                "options are written `name = value`",
                "write `retry_after = field`, or a duration such as `5s`",
            ),
            (
                quote!(
                    #[throttled(retry_after = 1s, retry_after = 2s)]
                    Busy
                ),
                "`retry_after` is given twice",
                "keep one of the two",
            ),
            (
                quote!(
                    #[throttled(retry_after = paus)]
                    Busy { pause: Duration, since: Instant }
                ),
                "`Busy` has no field `paus`",
                "did you mean `pause`? fields of `Busy`: `pause`, `since`",
            ),
            (
                quote!(
                    #[throttled(retry_after = pause)]
                    Busy
                ),
                "`Busy` has no field `pause`",
                "write a duration such as `5s`",
            ),
            (
                quote!(
                    #[throttled(retry_after = 1)]
                    Busy(Duration)
                ),
                "`Busy` has no field `1`",
                "did you mean `0`? fields of `Busy`: `0`",
            ),
            (
                quote!(
                    #[throttled(retry_after = 0s)]
                    Busy
                ),
                "a pause cannot be zero",
                "write `#[transient]`, or `5s`",
            ),
            (
                quote!(
                    #[throttled(retry_after = 5x)]
                    Busy
                ),
                "unknown unit `x`",
                "units are `us`, `ms`, `s`, `min`, `h`",
            ),
            (
                quote!(Busy {
                    #[throttled]
                    pause: Duration
                }),
                "`#[throttled]` goes on a variant, not on a field",
                "write `#[throttled(retry_after = field)]` above the variant",
            ),
        ],
        of_variant,
    );
}

#[test]
fn items() {
    assert_each(
        vec![
            (
                quote!(union Error { a: u8 }),
                "`#[derive(Resilience)]` goes on an enum or a struct",
                "write `enum`, with a variant for each way to fail",
            ),
            (
                quote!(
                    #[throttled(retry_after = pause)]
                    enum Error {
                        Busy { pause: Duration },
                    }
                ),
                "the default of an enum has no fields",
                "put `#[throttled]` on the variant, or write a duration such as `5s`",
            ),
            (
                quote!(
                    #[throttled]
                    enum Error {}
                ),
                "`#[throttled]` does not say how long to wait",
                "write `#[throttled(retry_after = 5s)]`",
            ),
            (
                quote!(
                    #[resilience(permanent)]
                    enum Error {}
                ),
                "the only option of `#[resilience]` is `crate`",
                "how a variant counts is an attribute of its own, such as `#[permanent]`",
            ),
            (
                quote!(
                    #[resilience(crate = noex)]
                    enum Error {}
                ),
                "`crate` is an absolute path",
                "write `crate = ::noex` or `crate = crate::noex`",
            ),
        ],
        told,
    );
}

#[test]
fn an_enum_becomes_a_match() {
    let mut diag = Diag::new();
    let item = quote! {
        #[permanent]
        #[resilience(crate = crate::noex)]
        enum Error<T> { Closed, #[throttled(retry_after = 0)] Busy(Duration, T), #[throttled(retry_after = PAUSE)] Night }
    };
    let expansion = resilience::expansion(item, &mut diag);
    assert_eq!(diag.into_messages(), [""; 0]);
    let pretty = prettyplease::unparse(&syn::parse2(expansion).unwrap());
    let expected = "\
#[automatically_derived]
impl<T> crate::noex::resilience::Classify for Error<T> {
    #[allow(deprecated)]
    fn class(&self) -> crate::noex::resilience::Class {
        match self {
            Self::Closed { .. } => crate::noex::resilience::Class::Permanent,
            Self::Busy { 0: __noex_after, .. } => {
                crate::noex::__private::throttled(__noex_after)
            }
            Self::Night { .. } => {
                crate::noex::resilience::Class::Throttled {
                    retry_after: PAUSE,
                }
            }
        }
    }
}
";
    assert_eq!(pretty, expected);
}

//! How the errors of a type count, as an implementation of `Classify`.

use crate::expand::duration::duration;
use crate::expand::located;
use crate::krate::Krate;
use crate::model::class::{Classified, Counting, RetryAfter, Shape};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Member, spanned::Spanned};

// Input:   enum BankError { Closed, #[throttled(retry_after = pause)] Busy { pause: Duration } }
// Output:  impl ::noex::resilience::Classify for BankError {
//              fn class(&self) -> ::noex::resilience::Class {
//                  match self {
//                      Self::Closed { .. } => ::noex::resilience::Class::Transient,
//                      Self::Busy { pause: __noex_after, .. } => ::noex::__private::throttled(__noex_after),
//                  }
//              }
//          }
pub(crate) fn classify(classified: &Classified) -> TokenStream {
    let Classified { ident, generics, krate, shape } = classified;
    let (impl_generics, parameters, where_) = generics.split_for_impl();
    let body = match shape {
        Shape::Struct(counting) => {
            let (fields, class) = arm(krate, counting);
            quote! { let Self #fields = self; #class }
        }
        Shape::Enum(variants) if variants.is_empty() => quote!(match *self {}),
        Shape::Enum(variants) => {
            let arms = variants.iter().map(|(variant, counting)| {
                let (fields, class) = arm(krate, counting);
                quote!(Self::#variant #fields => #class,)
            });
            quote!(match self { #(#arms)* })
        }
        // Anything will do: the error is beside it.
        Shape::Other => quote!(#krate::resilience::Class::Transient),
    };
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::resilience::Classify for #ident #parameters #where_ {
            #[allow(deprecated)]
            fn class(&self) -> #krate::resilience::Class { #body }
        }
    }
}

/// The fields that are taken out, and the class.
fn arm(krate: &Krate, counting: &Counting) -> (TokenStream, TokenStream) {
    let class = match counting {
        Counting::Transient => quote!(#krate::resilience::Class::Transient),
        Counting::Permanent => quote!(#krate::resilience::Class::Permanent),
        Counting::Ignored => quote!(#krate::resilience::Class::Ignored),
        Counting::Throttled(RetryAfter::Always(after)) => {
            let after = duration(*after);
            quote!(#krate::resilience::Class::Throttled { retry_after: #after })
        }
        Counting::Throttled(RetryAfter::Constant(after)) => {
            quote!(#krate::resilience::Class::Throttled { retry_after: #after })
        }
        Counting::Throttled(RetryAfter::Field(field)) => return throttled(krate, field),
    };
    (quote!({ .. }), class)
}

/// A field of another type is an error at the word in the attribute.
fn throttled(krate: &Krate, field: &Member) -> (TokenStream, TokenStream) {
    let class = quote!(#krate::__private::throttled(__noex_after));
    (quote!({ #field: __noex_after, .. }), located::at(field.span(), class))
}

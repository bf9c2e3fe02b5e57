//! What type parameters need that the user may not have said: to be sent, and to live as long as a server may.
//!
//! Where it was forgotten, an assertion says so once; the items that are generated say it themselves, so that not
//! each of them has the same error once more. Bounds go where the user has some: clippy wants them in one place.

use syn::{Generics, Type, TypeParam, TypeParamBound, WherePredicate, parse_quote};

/// Of `Send` and `'static` what the user's bounds on the parameter do not mention.
pub(crate) fn missing(generics: &Generics, parameter: &TypeParam) -> Vec<TypeParamBound> {
    let where_ = generics.where_clause.iter().flat_map(|where_| &where_.predicates);
    let of_it = where_.filter_map(|predicate| match predicate {
        WherePredicate::Type(predicate) => match &predicate.bounded_ty {
            Type::Path(ty) if ty.path.is_ident(&parameter.ident) => Some(&predicate.bounds),
            _ => None,
        },
        _ => None,
    });
    let bounds: Vec<&TypeParamBound> = of_it.chain([&parameter.bounds]).flatten().collect();
    let is_send = |bound: &&TypeParamBound| matches!(bound, TypeParamBound::Trait(bound) if bound.path.is_ident("Send"));
    let is_static = |bound: &&TypeParamBound| matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static");
    let mut missing = Vec::new();
    if !bounds.iter().any(is_send) {
        missing.push(parse_quote!(::core::marker::Send));
    }
    if !bounds.iter().any(is_static) {
        missing.push(parse_quote!('static));
    }
    missing
}

/// The parameters with all that is missing.
pub(crate) fn complete(generics: &Generics) -> Generics {
    let mut complete = generics.clone();
    for parameter in complete.type_params_mut() {
        if !parameter.bounds.is_empty() {
            let missing = missing(generics, parameter);
            parameter.bounds.extend(missing);
        }
    }
    for parameter in generics.type_params().filter(|parameter| parameter.bounds.is_empty()) {
        let (ident, missing) = (&parameter.ident, missing(generics, parameter));
        if !missing.is_empty() {
            complete.make_where_clause().predicates.push(parse_quote!(#ident: #(#missing)+*));
        }
    }
    complete
}

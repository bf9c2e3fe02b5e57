//! What only types can know, asserted at the types the user wrote.

use crate::expand::located;
use crate::expand::plan::Plan;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Type;
use syn::spanned::Spanned;

// Input:   #[call] fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn>
// Output:  const _: [(); { message_arg::<i64>(); reply::<Result<i64, Overdrawn>>(); 0 }] = [];
//
// In the length of an array, because that is looked at with the signatures, before all bodies: what is said here
// is said before the enum, the server and the engine around it are found to be wrong as well. A length cannot
// mention parameters, so a generic server has to do with a body:
//
// Output:  const _: () = { fn _assert<T: Send>() { message_arg::<T>(); } };
pub(crate) fn assertions(plan: &Plan<'_>) -> TokenStream {
    let statements: TokenStream = plan.handlers().map(|handler| of_handler(plan, handler)).collect();
    if statements.is_empty() {
        return TokenStream::new();
    }
    let declared = plan.declared();
    if declared.is_empty() {
        return quote!(const _: [(); { #statements 0 }] = [];);
    }
    // The user's own bounds: what is missing there is to be said here.
    let where_ = plan.server.outside(&plan.server.generics.where_clause);
    quote!(const _: () = { fn _assert<#declared>() #where_ { #statements } };)
}

fn of_handler(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let (krate, cfg) = (plan.krate(), &handler.carried.cfg);
    let mut statements = TokenStream::new();
    let mut assert = |rule: &str, ty: &Type| {
        let rule = Ident::new(rule, Span::call_site());
        let (start, end) = (quote!(#krate::__private::#rule::<), quote!(>()));
        let (start, end) = (located::at(ty.span(), start), located::at(ty.span(), end));
        let ty = plan.server.outside(ty);
        statements.extend(quote!(#cfg #start #ty #end;));
    };
    if handler.kind != Kind::Terminate {
        handler.arguments.iter().for_each(|argument| assert("message_arg", &argument.ty));
    }
    if let Some(output) = handler.output().filter(|_| handler.kind == Kind::Call) {
        assert("reply", output);
    }
    statements
}

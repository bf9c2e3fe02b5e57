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
// Output:  const _: () = {
//              fn _assert() {
//                  __private::message_arg::<i64>();
//                  __private::reply::<Result<i64, Overdrawn>>();
//              }
//          };
pub(crate) fn assertions(plan: &Plan<'_>) -> TokenStream {
    let statements: TokenStream = plan.handlers().map(|handler| of_handler(plan, handler)).collect();
    if statements.is_empty() {
        return TokenStream::new();
    }
    let (declared, _) = plan.generics();
    // The user's own bounds: what is missing there is to be said here.
    let where_ = &plan.server.header.generics.where_clause;
    // Never called, so it costs one type check and no code.
    quote! {
        const _: () = {
            fn _assert #declared () #where_ { #statements }
        };
    }
}

fn of_handler(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let cfg = &handler.carried.cfg;
    let mut statements = TokenStream::new();
    let mut assert = |function: &str, ty: &Type| {
        let krate = plan.krate();
        let function = Ident::new(function, Span::call_site());
        let (start, end) = (quote!(#krate::__private::#function::<), quote!(>()));
        let (start, end) = (located::at(ty.span(), start), located::at(ty.span(), end));
        let ty = plan.server.outside(ty);
        statements.extend(quote!(#cfg #start #ty #end;));
    };
    if handler.kind != Kind::Terminate {
        for argument in &handler.arguments {
            assert("message_arg", &argument.ty);
        }
    }
    if let Some(output) = handler.output().filter(|_| handler.kind == Kind::Call) {
        assert("reply", output);
    }
    statements
}

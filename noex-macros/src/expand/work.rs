//! `#[call(job)]`: the server as a worker.

use crate::expand::future::bindings;
use crate::expand::message::output;
use crate::expand::plan::Plan;
use crate::expand::reference::outcome_tys;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use proc_macro2::TokenStream;
use quote::quote;

// Input:   #[call(job)] fn deliver(&mut self, mail: Mail) -> Result<Receipt, MailError>
// Output:  impl Work for Mailer {
//              type Job = Mail;
//              type Output = Receipt;
//              type Error = MailError;
//              const IS_CONCURRENT: bool = false;
//              fn work(worker: &MailerRef, mail: Mail) -> Call<'_, Self, Receipt, MailError> {
//                  worker.deliver(mail)
//              }
//          }
pub(crate) fn work(plan: &Plan<'_>) -> TokenStream {
    let jobs = plan.handlers().filter(|handler| handler.kind == Kind::Call && handler.job.is_some());
    jobs.map(|handler| of_handler(plan, handler)).collect()
}

fn of_handler(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let (krate, self_ty) = (plan.krate(), plan.self_ty());
    let (declared, where_) = plan.generics();
    let (cfg, ident) = (&handler.carried.cfg, handler.ident());
    let names = bindings(handler);
    let types = handler.arguments.iter().map(|argument| plan.server.outside(&argument.ty));
    // One argument is the job itself, several are a tuple.
    let (job, pattern) = match names.as_slice() {
        [name] => (quote!(#(#types)*), quote!(#name)),
        _ => (quote!((#(#types,)*)), quote!((#(#names,)*))),
    };
    let (ok, error) = outcome_tys(plan, handler)
        .unwrap_or_else(|| (output(plan, handler), quote!(::core::convert::Infallible)));
    let is_concurrent = handler.concurrent.is_some();
    quote! {
        #cfg
        #[automatically_derived]
        #[allow(private_interfaces)]
        impl #declared #krate::Work for #self_ty #where_ {
            type Job = #job;
            type Output = #ok;
            type Error = #error;
            const IS_CONCURRENT: bool = #is_concurrent;
            fn work(
                __noex_worker: &<Self as #krate::GenServer>::Ref,
                #pattern: Self::Job,
            ) -> #krate::Call<'_, Self, Self::Output, Self::Error> {
                __noex_worker.#ident(#(#names),*)
            }
        }
    }
}

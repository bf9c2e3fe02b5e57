//! A pipeline as a struct of references, and an enum of what can go wrong.

use crate::expand::located;
use crate::krate::Krate;
use crate::model::pipeline::{Pipeline, Stage};
use crate::model::types::text;
use crate::names;
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

// Input:   pub Ingest: RawRequest => StoredResult { parse: Parser::parse, store: Store::store }
// Output:  pub struct Ingest { parse: ParserRef, store: StoreRef, stages: Arc<[Stage; 2]> }
//          impl Ingest { pub fn new(parse: ParserRef, store: StoreRef) -> Self { .. } pub async fn process(..) .. }
//          pub enum IngestError { Parse(CallError<ParseError>), Store(CallError<StoreError>) }
pub(crate) fn pipeline(pipeline: &Pipeline, is_whole: bool) -> TokenStream {
    let Pipeline { attributes, visibility, ident, krate, .. } = pipeline;
    let picture = picture(pipeline);
    let has_docs = attributes.iter().any(|attribute| attribute.is("doc"));
    let separator = if has_docs { quote!(#[doc = ""]) } else { quote!(#[doc = "A pipeline."] #[doc = ""]) };
    let count = pipeline.stages.len();
    let fields = pipeline.stages.iter().map(|stage| {
        let (name, reference) = (&stage.name, reference_ty(pipeline, stage));
        quote!(#name: #reference,)
    });
    let clones = pipeline
        .stages
        .iter()
        .map(|Stage { name, .. }| quote!(#name: ::core::clone::Clone::clone(&self.#name),));
    let new = new(pipeline);
    let process = process(pipeline, is_whole);
    let many = many(pipeline);
    let assertions = pipeline.stages.iter().map(|stage| assertion(krate, stage));
    let error = error(pipeline);
    quote! {
        #(#attributes)*
        #separator
        #[doc = #picture]
        #visibility struct #ident {
            #(#fields)*
            __noex_stages: ::std::sync::Arc<[#krate::pipeline::Stage; #count]>,
        }
        #[automatically_derived]
        impl ::core::clone::Clone for #ident {
            fn clone(&self) -> Self {
                Self { #(#clones)* __noex_stages: ::core::clone::Clone::clone(&self.__noex_stages) }
            }
        }
        #[automatically_derived]
        impl ::core::fmt::Debug for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&*self.__noex_stages, f)
            }
        }
        #[automatically_derived]
        #[allow(dead_code, private_interfaces)]
        impl #ident {
            #new
            #process
            #many
            /// The figures of each stage, in order.
            #visibility fn stats(&self) -> [#krate::pipeline::StageStats; #count] {
                ::core::array::from_fn(|__noex_index| self.__noex_stages[__noex_index].stats())
            }
            #(#assertions)*
        }
        #error
    }
}

/// ```text
/// Ingest: RawRequest => StoredResult
/// parse: Parser::parse
///   -> enrich: Enricher::enrich (at most 4 at a time)
/// ```
fn picture(pipeline: &Pipeline) -> String {
    let Pipeline { ident, input, output, .. } = pipeline;
    let mut drawn = format!("```text\n{ident}: {} => {}\n", text(input), text(output));
    for stage in &pipeline.stages {
        drawn += &format!("  -> {}: {}::{}", stage.name, text(&stage.server), stage.handler);
        if let Some(most) = &stage.concurrency {
            drawn += &format!(" (at most {} at a time)", text(most));
        }
        drawn.push('\n');
    }
    drawn + "```"
}

// Output:  const __noex_parse: usize = { stage::<Parser>(); 0 };
//
// All that depends on the stage being one depends on this constant, and is silent where it is none.
fn assertion(krate: &Krate, stage: &Stage) -> TokenStream {
    let (name, server) = (names::child(&stage.name), &stage.server);
    let start = located::at(server.span(), quote!(#krate::rules::stage::<));
    let end = located::at(server.span(), quote!(>()));
    quote! {
        #[allow(non_upper_case_globals)]
        const #name: usize = { #start #server #end; 0 };
    }
}

// Output:  ChildRef<Parser, { Ingest::__noex_parse }>
fn reference_ty(pipeline: &Pipeline, stage: &Stage) -> TokenStream {
    let (krate, ident) = (&pipeline.krate, &pipeline.ident);
    let (server, name) = (&stage.server, names::child(&stage.name));
    quote!(#krate::__private::ChildRef<#server, { #ident::#name }>)
}

// Output:  pub fn new(parse: ParserRef, store: StoreRef) -> Self { .. }
fn new(pipeline: &Pipeline) -> TokenStream {
    let (krate, visibility) = (&pipeline.krate, &pipeline.visibility);
    let arguments = pipeline.stages.iter().map(|stage| {
        let (name, reference) = (&stage.name, reference_ty(pipeline, stage));
        quote!(#name: #reference)
    });
    let names = pipeline.stages.iter().map(|stage| &stage.name);
    let is_timed = pipeline.is_timed;
    let stages = pipeline.stages.iter().map(|stage| {
        let name = stage.name.to_string();
        let limit = match &stage.concurrency {
            Some(most) => quote!(AtMost(#most)),
            None => quote!(None),
        };
        quote!(#krate::pipeline::Stage::new(#name, #krate::pipeline::Limit::#limit, #is_timed))
    });
    quote! {
        /// The pipeline through these servers. Clones share its limits and figures.
        #[allow(clippy::too_many_arguments)]
        #visibility fn new(#(#arguments),*) -> Self {
            Self { #(#names,)* __noex_stages: ::std::sync::Arc::new([#(#stages),*]) }
        }
    }
}

// Output:  pub async fn process(&self, request: RawRequest) -> Result<StoredResult, IngestError> {
//              let item = match self.stages[0].pass(self.parse.parse(request)).await {
//                  Ok(item) => item,
//                  Err(error) => return Err(IngestError::Parse(error)),
//              };
//              Ok(item)
//          }
//
// What a stage is given stands at the stage: rustc says there that it does not fit.
fn process(pipeline: &Pipeline, is_whole: bool) -> TokenStream {
    let Pipeline { visibility, input, output, .. } = pipeline;
    let error = error_ident(pipeline);
    let body = if is_whole && !pipeline.stages.is_empty() {
        let steps = pipeline.stages.iter().enumerate().map(|(index, stage)| {
            let Stage { name, variant, handler, .. } = stage;
            let at = names::derived(handler.span());
            let item = Ident::new("__noex_item", at);
            let call = quote_spanned!(at=> self.#name);
            let given = located::parenthesized(handler.span(), quote!(#item));
            quote! {
                let #item = match self.__noex_stages[#index].pass(#call.#handler #given).await {
                    ::core::result::Result::Ok(__noex_item) => __noex_item,
                    ::core::result::Result::Err(__noex_error) => {
                        return ::core::result::Result::Err(#error::#variant(__noex_error));
                    }
                };
            }
        });
        let at = pipeline.stages.last().map_or(output.span(), |stage| stage.handler.span());
        let item = Ident::new("__noex_item", names::derived(at));
        let outcome = located::at(at, quote!(::core::result::Result::Ok(#item)));
        quote!(#(#steps)* #outcome)
    } else {
        quote!(::core::unreachable!())
    };
    quote! {
        /// Sends one request through the stages.
        ///
        /// # Cancel safety
        ///
        /// As of a call: dropped, the request goes no further than the handler that has it.
        ///
        /// # Errors
        ///
        /// The first stage that fails; those after it are not run.
        #visibility async fn process(
            &self,
            __noex_item: #input,
        ) -> ::core::result::Result<#output, #error> {
            #body
        }
    }
}

// Output:  pub fn run<I: IntoIterator<Item = RawRequest>>(&self, requests: I) -> Flow<..> { .. }
//          pub fn stream<S: Stream<Item = RawRequest> + Unpin>(&self, requests: S) -> Flow<..> { .. }
fn many(pipeline: &Pipeline) -> TokenStream {
    let Pipeline { krate, visibility, input, output, is_ordered, .. } = pipeline;
    let error = error_ident(pipeline);
    let order = if *is_ordered { "in the order of the requests" } else { "as they are there" };
    let docs = format!("Sends many requests through the stages, side by side; outcomes come {order}.");
    let outcome = quote!(::core::result::Result<#output, #error>);
    quote! {
        #[doc = #docs]
        #visibility fn run<__Requests>(
            &self,
            requests: __Requests,
        ) -> #krate::pipeline::Flow<
            #krate::pipeline::Items<<__Requests as ::core::iter::IntoIterator>::IntoIter>,
            #outcome,
        >
        where
            __Requests: ::core::iter::IntoIterator<Item = #input>,
            __Requests::IntoIter: ::core::marker::Unpin,
        {
            self.stream(#krate::pipeline::Items::new(requests))
        }

        #[doc = #docs]
        #visibility fn stream<__Requests>(
            &self,
            requests: __Requests,
        ) -> #krate::pipeline::Flow<__Requests, #outcome>
        where
            __Requests: #krate::__private::Stream<Item = #input> + ::core::marker::Unpin,
        {
            let __noex_pipeline = ::core::clone::Clone::clone(self);
            #krate::pipeline::Flow::new(requests, #is_ordered, move |__noex_item| {
                let __noex_pipeline = ::core::clone::Clone::clone(&__noex_pipeline);
                async move { __noex_pipeline.process(__noex_item).await }
            })
        }
    }
}

fn error_ident(pipeline: &Pipeline) -> Ident {
    Ident::new(&format!("{}Error", pipeline.ident), names::derived(pipeline.ident.span()))
}

// Output:  pub enum IngestError { Parse(CallError<ParseError>), .. }
//          impl IngestError { pub fn stage(&self) -> &'static str { .. } .. }
//          impl Display, Error for IngestError
fn error(pipeline: &Pipeline) -> TokenStream {
    let Pipeline { krate, visibility, ident, .. } = pipeline;
    let error = error_ident(pipeline);
    let docs = format!("Which stage of [`{ident}`] a request failed in, and why.");
    let variants = pipeline.stages.iter().map(|stage| {
        let (variant, server) = (&stage.variant, &stage.server);
        let name = names::child(&stage.name);
        let (docs, interface) = (format!("In `{}`.", stage.name), &stage.carried.interface);
        let docs = (!stage.carried.has_docs).then(|| quote!(#[doc = #docs]));
        quote! {
            #docs
            #interface
            #variant(#krate::__private::StageError<#server, { #ident::#name }>),
        }
    });
    let arms = |body: &dyn Fn(&Stage) -> TokenStream| {
        let arms = pipeline.stages.iter().map(|stage| {
            let (variant, body) = (&stage.variant, body(stage));
            quote!(Self::#variant(__noex_error) => #body,)
        });
        // Beside the error that there is none.
        let none = pipeline.stages.is_empty().then(|| quote!(_ => ::core::unreachable!()));
        quote!(#(#arms)* #none)
    };
    let stages = arms(&|stage| {
        let name = stage.name.to_string();
        quote!({ let _ = __noex_error; #name })
    });
    let executed = arms(&|_| quote!(__noex_error.was_executed()));
    let shown = arms(&|stage| {
        let format = format!("{}: {{}}", stage.name);
        quote!(::core::write!(f, #format, __noex_error))
    });
    let sources = arms(&|_| quote!(::core::option::Option::Some(__noex_error)));
    quote! {
        #[doc = #docs]
        #[derive(Debug)]
        #[non_exhaustive]
        #[allow(private_interfaces)]
        #visibility enum #error { #(#variants)* }
        #[automatically_derived]
        #[allow(dead_code)]
        impl #error {
            /// The stage's name.
            #visibility fn stage(&self) -> &'static str { match self { #stages } }

            /// Whether the stage's handler ran.
            #visibility fn was_executed(&self) -> #krate::Executed { match self { #executed } }
        }
        #[automatically_derived]
        impl ::core::fmt::Display for #error {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result { match self { #shown } }
        }
        #[automatically_derived]
        impl ::core::error::Error for #error {
            fn source(&self) -> ::core::option::Option<&(dyn ::core::error::Error + 'static)> {
                match self { #sources }
            }
        }
    }
}

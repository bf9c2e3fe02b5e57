//! Arguments of dynamic children that each start says anew: the `port: u16` of `dynamic Conn(host.clone(), port: u16)`.

use crate::syntax::method::Argument;
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::quote;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Token, Type};

/// The arguments with names alone in the place of those that are given, and those.
pub(crate) fn split(arguments: &Group) -> (Group, Vec<Argument>) {
    let mut given = Vec::new();
    let parse = |input: ParseStream<'_>| Ok(without_types(input, &mut given));
    let stream = Parser::parse2(parse, arguments.stream()).unwrap_or_else(|_| arguments.stream());
    let mut group = Group::new(arguments.delimiter(), stream);
    group.set_span(arguments.span());
    (group, given)
}

fn without_types(input: ParseStream<'_>, given: &mut Vec<Argument>) -> TokenStream {
    let mut output = TokenStream::new();
    let (mut begins, mut is_in_closure, mut before) = (true, false, None);
    while !input.is_empty() {
        if begins
            && !is_in_closure
            && let Some(argument) = parse_given(input)
        {
            output.extend(quote::ToTokens::to_token_stream(&argument.pattern));
            given.push(argument);
            begins = false;
            continue;
        }
        let Ok(token) = input.parse::<TokenTree>() else { break };
        let character = if let TokenTree::Punct(punct) = &token { punct.as_char() } else { ' ' };
        begins = character == ',';
        // The parameters of a closure look the same: `|a, b: u8, c| ..`.
        if character == '|' {
            is_in_closure = !is_in_closure && !is_operand(before.as_ref());
        }
        output.extend([token.clone()]);
        before = Some(token);
    }
    output
}

/// Whether a `|` after this is an operator.
fn is_operand(token: Option<&TokenTree>) -> bool {
    match token {
        Some(TokenTree::Ident(word)) => {
            word != "move" && word != "async" && word != "static" && word != "return"
        }
        Some(TokenTree::Punct(punct)) => punct.as_char() == '?',
        Some(TokenTree::Literal(_) | TokenTree::Group(_)) => true,
        None => false,
    }
}

/// `port: u16`, up to a comma or the end.
fn parse_given(input: ParseStream<'_>) -> Option<Argument> {
    let ahead = input.fork();
    let name: Ident = ahead.parse().ok()?;
    if ahead.peek(Token![::]) {
        return None;
    }
    ahead.parse::<Token![:]>().ok()?;
    let ty: Type = ahead.parse().ok()?;
    if !ahead.is_empty() && !ahead.peek(Token![,]) {
        return None;
    }
    input.advance_to(&ahead);
    Some(Argument { pattern: quote!(#name), name: Some(name), ty })
}

//! What wrong pipelines are told.

use super::of_pipeline;
use proc_macro2::TokenStream;
use quote::quote;

fn assert_told(entries: TokenStream, expected: &[&str]) {
    let shown = entries.to_string();
    assert_eq!(of_pipeline(quote!(pub Ingest: Request => Response { #entries })), expected, "{shown}");
}

#[test]
fn stages() {
    assert_told(quote!(parse: a::Parser::parse, store: Store<u8>::store { concurrency: MOST },), &[]);
    assert_told(
        quote!(),
        &["a pipeline needs at least one stage\n= help: add one to `Ingest`, such as `parse: Parser::parse`"],
    );
    assert_told(
        quote!(parse: Parser),
        &[
            "the stage `parse` names no handler\n= help: write `parse: Parser::parse`, with the `#[call(job)]` \
           handler of the server",
        ],
    );
    assert_told(
        quote!(parse: Parser::parse, parse: Parser::parse),
        &["`parse` is already a stage of `Ingest`\n= help: choose another name"],
    );
    assert_told(
        quote!(to_text: A::b, to__text: A::b),
        &["`to_text` and `to__text` are both `ToText` in the error\n= help: choose another name"],
    );
    assert_told(
        quote!(parse: Parser::parse store: Store::store),
        &["stages are separated by `,`\n= help: write a `,` before `store`"],
    );
    assert_told(
        quote!(
            #[cfg(unix)]
            parse: Parser::parse
        ),
        &["the stage `parse` is there or not, and those after it would not fit\n= help: remove `cfg`, or \
           declare two pipelines"],
    );
}

#[test]
fn options() {
    let stage = quote!(parse: Parser::parse);
    assert_told(quote!(order: any, timed: true, crate: ::noex, #stage), &[]);
    assert_told(quote!(ordr: any, #stage), &["unknown option `ordr`\n= help: did you mean `order`?"]);
    assert_told(
        quote!(order: any, order: kept, #stage),
        &["`order` is set twice\n= help: keep one of the two"],
    );
    assert_told(
        quote!(order: sorted, #stage),
        &["unknown order `sorted`\n= help: `order` is one of: `kept`, `any`"],
    );
    assert_told(
        quote!(parse: Parser::parse { concurrency: 0 }),
        &[
            "a stage with room for nobody lets nobody through\n= help: write `concurrency: 1`, or leave it out",
        ],
    );
    assert_told(
        quote!(parse: Parser::parse { concurrency: "4" }),
        &["`concurrency` is a number of requests\n= help: write `concurrency: 4`"],
    );
    assert_told(
        quote!(order: Parser::parse),
        &[
            "`order` is an option, not a stage\n= help: choose another name",
            "a pipeline needs at least one stage\n= help: add one to `Ingest`, such as `parse: Parser::parse`",
        ],
    );
}

#[test]
fn heads() {
    let help = "\n= help: write `Ingest: Request => Response { parse: Parser::parse }`";
    let told = |tokens: TokenStream, message: &str| {
        assert_eq!(of_pipeline(tokens), [format!("{message}{help}")]);
    };
    told(quote!({ parse: Parser::parse }), "a pipeline needs a name");
    told(quote!(Ingest { parse: Parser::parse }), "a pipeline says what goes in and what comes out");
    told(quote!(Ingest: Request { parse: Parser::parse }), "a pipeline says what comes out");
}

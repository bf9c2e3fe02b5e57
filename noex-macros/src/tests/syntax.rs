//! What the parsers make of tokens.

use crate::krate::Krate;
use crate::model::types;
use crate::syntax::block::Item as BlockItem;
use crate::syntax::duration::{self, Written};
use crate::syntax::item::{self, Item};
use crate::syntax::method::Form;
use quote::{ToTokens, quote};
use std::time::Duration;

#[test]
fn durations_have_a_unit() {
    for (tokens, expected) in [
        (quote!(2s), Duration::from_secs(2)),
        (quote!(500ms), Duration::from_millis(500)),
        (quote!(1_000us), Duration::from_millis(1)),
        (quote!(1.5s), Duration::from_millis(1500)),
        (quote!(2min), Duration::from_secs(120)),
        (quote!(1h), Duration::from_secs(3600)),
    ] {
        match duration::parse(&tokens) {
            Written::Duration(found) => assert_eq!(found, expected, "{tokens}"),
            _ => panic!("{tokens} is no duration"),
        }
    }
}

#[test]
fn what_is_no_duration_says_why() {
    assert!(matches!(duration::parse(&quote!(5)), Written::NoUnit(digits) if digits == "5"));
    assert!(matches!(duration::parse(&quote!(5x)), Written::UnknownUnit(unit) if unit == "x"));
    assert!(matches!(duration::parse(&quote!(99999999999999h)), Written::TooLong));
    assert!(matches!(duration::parse(&quote!(infinity)), Written::Word(word) if word == "infinity"));
    assert!(matches!(duration::parse(&quote!(limits::CALL)), Written::Constant));
    assert!(matches!(duration::parse(&quote!("5s")), Written::Other));
    assert!(matches!(duration::parse(&quote!(-5s)), Written::Other));
}

#[test]
fn the_crate_is_an_absolute_path() {
    for absolute in [quote!(::noex2), quote!(crate::noex2), quote!(crate), quote!(::a::b)] {
        assert!(Krate::parse(&absolute).is_some(), "{absolute}");
    }
    for other in
        [quote!(noex2), quote!(self::noex), quote!(super::noex), quote!("noex"), quote!(::a<b>), quote!()]
    {
        assert!(Krate::parse(&other).is_none(), "{other}");
    }
}

#[test]
fn items_are_told_apart() {
    let kind = |tokens| match item::parse(tokens) {
        Item::Struct(state) => format!("struct {}", state.ident),
        Item::Impl(block) => format!("impl {}", types::text(&block.self_ty)),
        Item::Other(keyword, _) => keyword.to_string(),
        Item::Junk(_) => "junk".to_string(),
    };
    assert_eq!(
        kind(quote!(
            #[derive(Debug)]
            pub struct A<T>(T)
            where
                T: Send;
        )),
        "struct A"
    );
    assert_eq!(
        kind(quote!(
            struct A;
        )),
        "struct A"
    );
    assert_eq!(
        kind(quote!(
            struct A<const N: usize>
            where
                [u8; N]: Sized,
            {
                a: [u8; N],
            }
        )),
        "struct A"
    );
    assert_eq!(kind(quote!(unsafe impl<T> A<T> where T: Copy {})), "impl A<T>");
    assert_eq!(kind(quote!(impl Display for A {})), "impl A");
    assert_eq!(
        kind(quote!(
            impl (A, B) {}
        )),
        "impl (A, B)"
    );
    assert_eq!(
        kind(quote!(
            pub(crate) enum A {
                B,
            }
        )),
        "enum"
    );
    assert_eq!(kind(quote!(union A { a: u8 })), "union");
    assert_eq!(
        kind(quote!(
            const fn f() {}
        )),
        "fn"
    );
    assert_eq!(
        kind(quote!(
            const A: u8 = 1;
        )),
        "const"
    );
    assert_eq!(
        kind(quote!(
            pub trait A {}
        )),
        "trait"
    );
    assert_eq!(kind(quote!(1 + 1)), "junk");
    assert_eq!(kind(quote!()), "junk");
}

#[test]
fn methods_keep_their_bodies_closed() {
    let tokens = quote! {
        impl A {
            #![allow(unused)]
            const N: usize = { 1 };
            /// Docs.
            #[call] pub(crate) async fn f<T>(&mut self, mut a: Vec<(u8, T)>, (b, _): (u8, u8)) -> [u8; { 1 }]
            where T: Send { self. }
            fn g(self: Arc<Self>, _: ::a::B) {}
            fn h<'a>(&'a self) { let x = ; }
            fn broken(a b) {}
            type T = u8;
            make! { fn i() {} }
            a::make!();
        }
    };
    let Item::Impl(block) = item::parse(tokens) else { panic!("not an impl block") };
    let items: Vec<String> = block
        .items
        .iter()
        .map(|item| match item {
            BlockItem::Method(method) => {
                let receiver = method.receiver.as_ref().map_or("none", |receiver| match receiver.form {
                    Form::Borrowed => "borrowed",
                    Form::Value => "value",
                    Form::Typed => "typed",
                });
                let arguments: Vec<String> = (method.arguments.iter())
                    .map(|argument| argument.name.as_ref().map_or("-".into(), ToString::to_string))
                    .collect();
                format!("{} {receiver} {}", method.ident, arguments.join(" "))
            }
            BlockItem::Broken(..) => "broken".into(),
            BlockItem::Macro(_, name) => format!("{name}!"),
            BlockItem::Other(tokens) => types::text(tokens),
        })
        .collect();
    assert_eq!(
        items,
        [
            "const N: usize = { 1 };",
            "f borrowed a -",
            "g typed -",
            "h borrowed ",
            "broken",
            "type T = u8;",
            "make!",
            "make!"
        ]
    );
}

#[test]
fn faults_are_found_where_they_are() {
    let fault = |tokens| {
        let ty: syn::Type = syn::parse2(tokens).expect("a type");
        types::fault(&ty).map(|fault| match fault {
            types::Fault::Borrow(ty) => format!("borrow {}", types::text(ty)),
            types::Fault::Lifetime(lifetime) => format!("lifetime {lifetime}"),
            types::Fault::ImplTrait(ty) => format!("impl {}", types::text(ty)),
            types::Fault::Unsized(ty) => format!("unsized {}", types::text(ty)),
            types::Fault::Infer(ty) => format!("infer {}", types::text(ty)),
        })
    };
    for fine in [
        quote!(u8),
        quote!(&'static str),
        quote!(Box<dyn Fn(&str) -> &u8 + Send>),
        quote!(fn(&u8)),
        quote!(Arc<str>),
        quote!(Box<[u8]>),
        quote!(Cow<'static, str>),
    ] {
        assert_eq!(fault(fine.clone()), None, "{fine}");
    }
    for (tokens, expected) in [
        (quote!(&str), "borrow &str"),
        (quote!(Option<&mut u8>), "borrow &mut u8"),
        (quote!((u8, &'a u8)), "borrow &'a u8"),
        (quote!(Cow<'_, str>), "lifetime '_"),
        (quote!(Vec<impl Copy>), "impl impl Copy"),
        (quote!(dyn Job), "unsized dyn Job"),
        (quote!(str), "unsized str"),
        (quote!([u8]), "unsized [u8]"),
        (quote!(Vec<_>), "infer _"),
    ] {
        assert_eq!(fault(tokens.clone()).as_deref(), Some(expected), "{tokens}");
    }
}

#[test]
fn self_is_replaced_outside_of_the_block() {
    let server: syn::Type = syn::parse2(quote!(Pool<T>)).expect("a type");
    let replaced = types::without_self(&quote!(HashMap<Self, [Self::Item; 2]>).to_token_stream(), &server);
    assert_eq!(types::text(&replaced), types::text(&quote!(HashMap<Pool<T>, [<Pool<T>>::Item; 2]>)));
}

//! Made-up names, and guesses at what was meant.

use crate::diag::did_you_mean;
use crate::names::pascal;

#[test]
fn handlers_become_variants() {
    for (handler, variant) in [
        ("add", "Add"),
        ("take_out", "TakeOut"),
        ("takeOut", "TakeOut"),
        ("type", "Type"),
        ("add_2", "Add2"),
        ("_quiet", "Quiet"),
        ("_1", "_1"),
        ("self_", "Self_"),
        ("__", "__Unnamed"),
        ("größe", "Größe"),
    ] {
        assert_eq!(pascal(handler), variant, "{handler}");
    }
}

#[test]
fn every_variant_is_an_identifier() {
    for name in ["ß", "ı_x", "x__y_", "__9", "async", "Self", "_self", "ŉ"] {
        assert!(syn::parse_str::<syn::Ident>(&pascal(name)).is_ok(), "{name} became {}", pascal(name));
    }
}

#[test]
fn a_guess_is_close() {
    let options = ["name", "mailbox", "overflow", "call_timeout", "timeout", "failure_threshold"];
    for (word, guess) in [
        ("mailbx", Some("mailbox")),
        ("timout", Some("timeout")),
        ("nmae", Some("name")),
        ("failures", Some("failure_threshold")),
        ("call", Some("call_timeout")),
        ("zebra", None),
        ("x", None),
    ] {
        assert_eq!(did_you_mean(word, &options), guess, "{word}");
    }
}

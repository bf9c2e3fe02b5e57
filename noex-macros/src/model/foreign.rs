//! Words of other libraries, and what they are here.

use crate::diag::Diag;
use crate::model::handler::Mark;
use crate::model::kind::Kind;
use crate::model::types;
use crate::syntax::attribute::Attribute;
use crate::syntax::method::Method;

/// Words that say which kind of handler is meant.
const WORDS: [(&str, Kind); 13] = [
    ("handle_call", Kind::Call),
    ("handle_cast", Kind::Cast),
    ("handle_info", Kind::Info),
    ("handle_continue", Kind::Continuation),
    ("new", Kind::Init),
    ("start", Kind::Init),
    ("on_start", Kind::Init),
    ("started", Kind::Init),
    ("pre_start", Kind::Init),
    ("stop", Kind::Terminate),
    ("on_stop", Kind::Terminate),
    ("stopped", Kind::Terminate),
    ("post_stop", Kind::Terminate),
];

/// Words for any message.
const MESSAGES: [&str; 4] = ["message", "messages", "handler", "handle"];

/// Words for the whole, which `#[genserver]` has said already.
const WHOLE: [&str; 4] = ["actor", "actors", "server", "gen_server"];

/// What an attribute of another library turns out to be.
pub(crate) enum Foreign {
    /// A mark of ours by another name.
    Mark(Mark),
    /// Nothing that is needed.
    Idle,
}

/// Reports an attribute of another library; the method is read as if it were ours.
pub(crate) fn read(attribute: &Attribute, method: &Method, diag: &mut Diag) -> Option<Foreign> {
    let [word] = attribute.path.as_slice() else { return None };
    let message = format!("`#[{word}]` is no attribute of noex");
    if let Some((_, kind)) = WORDS.iter().find(|(other, _)| word == other) {
        diag.error(word, message).help(format!("write `#[{}]`", kind.word()));
        return Some(Foreign::Mark(Mark { kind: *kind, word: word.clone() }));
    }
    if MESSAGES.iter().any(|other| word == other) {
        diag.error(word, message)
            .help("write `#[call]` where there is a reply, `#[cast]` where there is none");
        let has_reply = types::written_output(&method.output).is_some();
        let kind = if has_reply { Kind::Call } else { Kind::Cast };
        return Some(Foreign::Mark(Mark { kind, word: word.clone() }));
    }
    is_whole(attribute).then(|| {
        diag.error(word, message).help("remove it: `#[genserver]` above the `impl` is enough");
        Foreign::Idle
    })
}

/// Whether the attribute says what `#[genserver]` says.
pub(crate) fn is_whole(attribute: &Attribute) -> bool {
    WHOLE.iter().any(|other| attribute.is(other))
}

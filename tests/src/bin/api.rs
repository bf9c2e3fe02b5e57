//! Lists what is public of noex, one item a line and in order, out of its documentation:
//!
//! ```text
//! cargo doc --no-deps -p noex --all-features
//! cargo run -p noex-tests --bin api -- target/doc/noex
//! ```
//!
//! `noex/api.txt` is such a list, and `.ci/api` says when it no longer is: what becomes public, or is no longer, is
//! read by somebody. The pages are read because stable rustdoc writes nothing else; they look the same only with the
//! same rustc.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs, io};

/// The parts of a page that list what an item has of its own.
const OWN: &[&str] = &[
    "implementations",
    "trait-implementations",
    "synthetic-implementations",
    "foreign-impls",
    "required-associated-consts",
    "provided-associated-consts",
    "required-associated-types",
    "required-methods",
    "provided-methods",
];

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).ok_or_else(|| io::Error::other("usage: api FOLDER"))?;
    let mut lines = BTreeSet::new();
    read(Path::new(&folder), "noex", &mut lines)?;
    for line in lines {
        println!("{line}");
    }
    Ok(())
}

/// The items of the module `module`, whose pages are in `folder`.
fn read(folder: &Path, module: &str, lines: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            if name != "__private" {
                read(&entry.path(), &format!("{module}::{name}"), lines)?;
            }
        } else if let Some(page) = name.strip_suffix(".html") {
            lines.extend(items(page, module, &fs::read_to_string(entry.path())?));
        }
    }
    Ok(())
}

/// The items of one page, which is called `kind.Name`, or `index` for that of a module.
fn items(page: &str, module: &str, html: &str) -> Vec<String> {
    // Private modules have pages too, which lead to where their items are public.
    if !html.contains("class=\"main-heading\"") {
        return Vec::new();
    }
    let Some((kind, name)) = page.split_once('.') else {
        let uses = html.split("<dt id=\"reexport.").skip(1).filter_map(|it| between(it, "<code>", "</code>"));
        return uses.map(|it| format!("{module} | {}", text(it))).collect();
    };
    let path = format!("{module}::{name}");
    let mut lines = Vec::new();
    if let Some(declared) = between(html, "<pre class=\"rust item-decl\"><code>", "</code></pre>") {
        let declared = text(declared);
        // What a trait has comes below, with the where clauses.
        let end = if kind == "trait" { declared.find(" {") } else { None };
        lines.push(format!("{path} | {}", &declared[..end.unwrap_or(declared.len())]));
    }
    for part in html.split("<h2 id=\"").skip(1) {
        let heading = part.split('"').next().unwrap_or_default();
        if OWN.contains(&heading) {
            lines.extend(members(heading, part).map(|it| format!("{path} | {it}")));
        }
    }
    lines
}

/// What one part of a page lists; what is in an impl block, behind its first line.
fn members(heading: &str, part: &str) -> impl Iterator<Item = String> {
    let mut block = String::new();
    part.split("<section id=\"").skip(1).filter_map(move |section| {
        let class = between(section, "class=\"", "\"")?;
        let head = between(section, "class=\"code-header\">", "</h").map(text)?;
        match class {
            // Whether something can be sent is told where it cannot.
            "impl" if heading == "synthetic-implementations" => {
                return ["!Send ", "!Sync "].iter().any(|it| head.contains(it)).then_some(head);
            }
            // Not a trait that anybody can name.
            "impl" if head.starts_with("impl StructuralPartialEq ") => return None,
            "impl" => head.clone_into(&mut block),
            // A trait says what its methods are.
            "method trait-impl" | "associatedconstant trait-impl" => return None,
            _ => {}
        }
        match (class, heading) {
            ("impl", "implementations") => None,
            ("impl", _) => Some(head),
            _ if block.is_empty() => Some(head),
            _ => Some(format!("{block} | {head}")),
        }
    })
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(found, _)| found)
}

/// What a reader sees, in one line.
fn text(html: &str) -> String {
    let mut plain = String::new();
    // Folded away behind a button that says how much it is; a comment says that something is private.
    for (index, piece) in html.split('<').enumerate() {
        let (tag, shown) =
            if index == 0 { ("", piece) } else { piece.split_once('>').unwrap_or((piece, "")) };
        if tag.starts_with("div") {
            plain.push(' ');
        }
        let is_said_by_rustdoc = shown.starts_with("Show ") || tag == "span class=\"comment\"";
        if !is_said_by_rustdoc {
            plain.push_str(shown);
        }
    }
    let plain = plain.replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'").replace("&quot;", "\"");
    let plain =
        plain.replace("&amp;", "&").replace("&nbsp;", " ").replace('ⓘ', "").replace("]pub ", "] pub ");
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    // As in one line, where rustdoc uses several.
    plain.replace("( ", "(").replace(",)", ")").replace(", )", ")").replace(", }", " }")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<div class=\"main-heading\"></div>\
        <pre class=\"rust item-decl\"><code>pub struct Timer&lt;'a&gt; { <span class=\"comment\">/* private fields */</span> }</code></pre>\
        <h2 id=\"examples\"></h2><section id=\"x\" class=\"method\"><h4 class=\"code-header\">no</h4></section>\
        <h2 id=\"implementations\"></h2><section id=\"i\" class=\"impl\"><h3 class=\"code-header\">impl <a>Timer</a></h3></section>\
        <section id=\"m\" class=\"method\"><h4 class=\"code-header\">pub fn <a href=\"#m\">id</a>(\n    &amp;self,\n) -&gt; Id<div class=\"where\">where\n    Id: Copy,</div></h4></section>\
        <h2 id=\"trait-implementations\"></h2><section id=\"c\" class=\"impl\"><h3 class=\"code-header\">impl Clone for Timer</h3></section>\
        <section id=\"c\" class=\"method trait-impl\"><h4 class=\"code-header\">fn clone(&amp;self)</h4></section>\
        <h2 id=\"synthetic-implementations\"></h2><section id=\"s\" class=\"impl\"><h3 class=\"code-header\">impl Send for Timer</h3></section>\
        <section id=\"s\" class=\"impl\"><h3 class=\"code-header\">impl !Sync for Timer</h3></section>";

    #[test]
    fn a_page_is_read() {
        let lines = [
            "noex::Timer | pub struct Timer<'a> { }",
            "noex::Timer | impl Timer | pub fn id(&self) -> Id where Id: Copy,",
            "noex::Timer | impl Clone for Timer",
            "noex::Timer | impl !Sync for Timer",
        ];
        assert_eq!(items("struct.Timer", "noex", PAGE), lines);
    }
}

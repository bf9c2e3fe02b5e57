//! A pipeline: its stages, and what it says about them.

use crate::diag::{Diag, did_you_mean};
use crate::krate::Krate;
use crate::model::carried::Carried;
use crate::model::config::{self, settings};
use crate::model::types::text;
use crate::names;
use crate::syntax::attribute::Attribute;
use crate::syntax::options::{Separator, Setting, Value as OptionValue};
use crate::syntax::pipeline::{self, Entry, Value};
use proc_macro2::{Ident, TokenStream};
use syn::{Path, Type, Visibility};

const OPTIONS: [&str; 3] = ["order", "timed", "crate"];
const STAGE_OPTIONS: [&str; 1] = ["concurrency"];

/// What is known of a pipeline.
pub(crate) struct Pipeline {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    pub(crate) input: Type,
    pub(crate) output: Type,
    pub(crate) krate: Krate,
    pub(crate) is_ordered: bool,
    pub(crate) is_timed: bool,
    pub(crate) stages: Vec<Stage>,
}

/// `enrich: Enricher::enrich { concurrency: 4 }`
pub(crate) struct Stage {
    pub(crate) carried: Carried,
    pub(crate) name: Ident,
    pub(crate) variant: Ident,
    /// The server.
    pub(crate) server: Path,
    /// Its handler.
    pub(crate) handler: Ident,
    /// A number, or a constant.
    pub(crate) concurrency: Option<TokenStream>,
}

impl Pipeline {
    pub(crate) fn read(written: pipeline::Pipeline, diag: &mut Diag) -> Pipeline {
        let pipeline::Pipeline { attributes, visibility, ident, input, output, entries } = written;
        let mut pipeline = Pipeline {
            attributes,
            visibility,
            ident,
            input,
            output,
            krate: Krate::default(),
            is_ordered: true,
            is_timed: false,
            stages: Vec::new(),
        };
        let (mut seen, mut has_lost) = (Vec::new(), false);
        for Entry { attributes, name, value, is_glued } in entries {
            if is_glued {
                diag.error(&name, "stages are separated by `,`").help(format!("write a `,` before `{name}`"));
            }
            let is_option = OPTIONS.iter().any(|option| name == option);
            if is_option && seen.contains(&name) {
                diag.error(&name, format!("`{name}` is set twice")).help("keep one of the two");
                continue;
            }
            match value {
                Value::Stage { .. } if is_option && name != "crate" => {
                    diag.error(&name, format!("`{name}` is an option, not a stage"))
                        .help("choose another name");
                }
                Value::Stage { path, .. } if name == "crate" => {
                    pipeline.krate = config::krate(&setting(name, quote::quote!(#path)), diag);
                }
                Value::Stage { path, options } => {
                    pipeline.add(Carried::of(&attributes), name, path, options, diag);
                }
                Value::Other(value) if is_option => {
                    seen.push(name.clone());
                    pipeline.set(&setting(name, value), diag);
                }
                Value::Other(value) => {
                    has_lost = true;
                    not_a_stage(&name, &value, diag);
                }
            }
        }
        if pipeline.stages.is_empty() && !has_lost {
            diag.error(&pipeline.ident, "a pipeline needs at least one stage")
                .help(format!("add one to `{}`, such as `parse: Parser::parse`", pipeline.ident));
        }
        pipeline
    }

    fn add(&mut self, carried: Carried, name: Ident, mut path: Path, options: TokenStream, diag: &mut Diag) {
        if !carried.cfg.is_empty() {
            diag.error(
                &name,
                format!("the stage `{name}` is there or not, and those after it would not fit"),
            )
            .help("remove `cfg`, or declare two pipelines");
        }
        let mut concurrency = None;
        for setting in settings(options, Separator::Colon, &STAGE_OPTIONS, "options of a stage", diag) {
            concurrency = read_concurrency(&setting, diag);
        }
        let variant = names::variant(&name);
        if let Some(first) = self.stages.iter().find(|stage| stage.variant == variant) {
            let message = match first.name == name {
                true => format!("`{name}` is already a stage of `{}`", self.ident),
                false => format!("`{}` and `{name}` are both `{variant}` in the error", first.name),
            };
            diag.error(&name, message).help("choose another name");
            return;
        }
        // There are at least two segments, or it would be no stage.
        let Some(handler) = path.segments.pop().map(|last| last.ident) else { return };
        path.segments.pop_punct();
        self.stages.push(Stage { carried, name, variant, server: path, handler, concurrency });
    }

    fn set(&mut self, setting: &Setting, diag: &mut Diag) {
        match setting.key.to_string().as_str() {
            "order" => {
                self.is_ordered = config::word(setting, &["kept", "any"], diag).is_none_or(|it| it == "kept");
            }
            "timed" => {
                self.is_timed =
                    config::word(setting, &["true", "false"], diag).is_some_and(|it| it == "true");
            }
            _ => self.krate = config::krate(setting, diag),
        }
    }
}

fn setting(key: Ident, value: TokenStream) -> Setting {
    let value = Some(value).filter(|value| !value.is_empty());
    Setting { key, value, is_glued: false, separator: Separator::Colon }
}

fn read_concurrency(setting: &Setting, diag: &mut Diag) -> Option<TokenStream> {
    let Some(value) = &setting.value else {
        diag.error(&setting.key, "`concurrency` needs a value").help("write `concurrency: 4`");
        return None;
    };
    match OptionValue::of(value) {
        OptionValue::Integer(number) if number.base10_digits() == "0" => {
            diag.error(value, "a stage with room for nobody lets nobody through")
                .help("write `concurrency: 1`, or leave it out");
            None
        }
        OptionValue::Integer(_) | OptionValue::Constant => Some(value.clone()),
        _ => {
            diag.error(value, "`concurrency` is a number of requests").help("write `concurrency: 4`");
            None
        }
    }
}

/// Reports what is neither an option nor a stage.
fn not_a_stage(name: &Ident, value: &TokenStream, diag: &mut Diag) {
    if let Some(near) = did_you_mean(&name.to_string(), &OPTIONS) {
        diag.error(name, format!("unknown option `{name}`")).help(format!("did you mean `{near}`?"));
        return;
    }
    let at: &dyn quote::ToTokens = if value.is_empty() { name } else { value };
    let server = syn::parse2::<Path>(value.clone()).map_or_else(|_| "Server".into(), |path| text(&path));
    diag.error(at, format!("the stage `{name}` names no handler"))
        .help(format!("write `{name}: {server}::{name}`, with the `#[call(job)]` handler of the server"));
}

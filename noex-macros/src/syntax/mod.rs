//! Tokens to what was written.
//!
//! Nothing here judges: a file of this folder finds out the shape of the input and keeps the tokens, also of what
//! makes no sense. Bodies stay opaque, so a half-typed one takes nothing with it.

pub(crate) mod attribute;
pub(crate) mod block;
pub(crate) mod duration;
pub(crate) mod item;
pub(crate) mod method;
pub(crate) mod options;
pub(crate) mod pipeline;
pub(crate) mod rate;
pub(crate) mod states;
pub(crate) mod tree;

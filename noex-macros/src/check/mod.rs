//! Rules over the model: they report, and change nothing.

pub(crate) mod argument;
pub(crate) mod handler;
pub(crate) mod machine;
pub(crate) mod policy;
pub(crate) mod server;
pub(crate) mod tree;

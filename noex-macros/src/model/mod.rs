//! What the written thing means: built once, then only read.
//!
//! Building reports what cannot be read as anything (an option nobody knows, a duration without a unit). Rules over
//! what was read are in `check`.

pub(crate) mod bounds;
pub(crate) mod carried;
pub(crate) mod child;
pub(crate) mod child_kind;
pub(crate) mod child_options;
pub(crate) mod class;
pub(crate) mod clock;
pub(crate) mod config;
pub(crate) mod coverage;
pub(crate) mod foreign;
pub(crate) mod given;
pub(crate) mod handler;
pub(crate) mod kind;
pub(crate) mod machine;
pub(crate) mod mark;
pub(crate) mod mentions;
pub(crate) mod pace;
pub(crate) mod pipeline;
pub(crate) mod policy;
pub(crate) mod server;
pub(crate) mod step;
pub(crate) mod subscription;
pub(crate) mod tree;
pub(crate) mod types;

//! The model to tokens. Nothing here can fail: what is wrong was said in `check`, and beside an error stands the
//! best code that can still be made.

pub(crate) mod alternatives;
pub(crate) mod assert;
pub(crate) mod child;
pub(crate) mod child_options;
pub(crate) mod class;
pub(crate) mod config;
pub(crate) mod declared;
pub(crate) mod dispatch;
pub(crate) mod duration;
pub(crate) mod fallback;
pub(crate) mod future;
pub(crate) mod located;
pub(crate) mod machine;
pub(crate) mod message;
pub(crate) mod original;
pub(crate) mod picture;
pub(crate) mod pipeline;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod reference;
pub(crate) mod server;
pub(crate) mod start;
pub(crate) mod subscriptions;
pub(crate) mod timers;
pub(crate) mod tree;
pub(crate) mod work;

//! The unit test of `order`.
//!
//! As with `quakes`, the program and its tests are targets of their own; a file of this one's own, because cargo warns
//! of a file that is the root of two.
#![allow(dead_code, reason = "the `main` that uses all of it is in the other target")]

#[path = "order.rs"]
pub mod order;

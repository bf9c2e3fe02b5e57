//! Tables and snapshots of the macros, without a compiler.

//! The macros of noex.

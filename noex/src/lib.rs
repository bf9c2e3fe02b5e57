//! Erlang/OTP for Rust.

//! Whole small programs on noex, each with one idea and a test that runs it.
//!
//! | `cargo run --example ..` | idea |
//! |---|---|
//! | `bank` | servers are structs with methods, a tree names them, each call is one `?` |
//! | `by_hand` | what the macros write, written by hand |
//! | `client` | a client of a service that is not always well: each policy answers one question |
//! | `crash` | a crash costs the message in hand and no other |
//! | `healing` | a tree heals: drawings before, half-way and after, and the restart log |
//! | `rates` | servers that do not know of one another meet on a bus; a crash misses no event |
//! | `ring`, `fan_in`, `fan_out` | servers are cheap, mailboxes have an end, a question waits behind what was told |
//! | `skynet` | servers start servers, a million of them |
//! | `quakes` | a supervised pipeline on real data, from file to database |
//! | `notifications` | e-mail, push and SMS: a pipeline, a pool of workers and policies, and an account that adds up |

//! An application that ends in order when the operating system asks it to.
#![allow(missing_docs)]
#![cfg(unix)]

mod support;

use std::process::{Command, id};

use noex::{ExitReason, Restart, Strategy, TreeEnd};
use support::family::{add, settle, tree};

/// Sends this process a signal.
fn signal(name: &str) {
    let sent = Command::new("kill").args([name, &id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[tokio::test]
async fn a_signal_stops_the_tree_in_order() {
    // Signals are the process's: one test, one after the other.
    for name in ["-TERM", "-INT"] {
        let (mut builder, log) = tree(Strategy::OneForOne);
        for id in ["a", "b"] {
            add(&mut builder, id, &log, Restart::Permanent);
        }
        let tree = builder.start().await.unwrap();
        log.take();
        let running = tokio::spawn(async move { tree.run_until_signal().await });
        settle().await;
        signal(name);
        let end = running.await.unwrap().unwrap();
        assert!(matches!(end, TreeEnd::Stopped(ExitReason::Shutdown)), "{end}");
        assert_eq!(log.take(), ["b down: shutdown", "a down: shutdown"]);
    }

    let (mut builder, log) = tree(Strategy::OneForOne);
    builder.restarts(0, std::time::Duration::from_secs(5));
    let a = add(&mut builder, "a", &log, Restart::Permanent);
    let tree = builder.start().await.unwrap();
    a.crash().await.unwrap_err();
    let end = tree.run_until_signal().await.unwrap();
    assert!(matches!(end, TreeEnd::GaveUp(_)), "without any signal: {end}");
}

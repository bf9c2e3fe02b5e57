//! Finds and runs the examples as `cargo test` has built them.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The program of the example `name`.
pub(crate) fn example(name: &str) -> Command {
    // This test is target/<profile>/deps/<test>; the examples are in target/<profile>/examples.
    let test = std::env::current_exe().expect("a test knows where it is");
    let profile = test.parent().and_then(|deps| deps.parent()).expect("tests are built into <profile>/deps");
    let program: PathBuf = profile.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "{} is not built: run `cargo build --examples` first", program.display());
    Command::new(program)
}

/// Runs it to the end, with `input` on its standard input.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    // On a thread: a program that answers before it has read everything must not block us both.
    // A program that ends without reading is its own business, hence no check of the write.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the example ends");
    writer.join().expect("the writer does not panic");
    output
}

/// What it printed.
pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the examples print text")
}

// several `#[init]` under `cfg`: two that are there, and none that is
use noex::prelude::*;

#[genserver]
struct Both;

#[genserver]
impl Both {
    #[cfg(not(target_os = "none"))]
    #[init]
    fn new() -> Self {
        Both
    }

    #[cfg(any(target_os = "none", not(target_os = "none")))]
    #[init]
    fn open(size: usize) -> Self {
        let _ = size;
        Both
    }
}

#[genserver]
struct Neither;

#[genserver]
impl Neither {
    #[cfg(target_os = "none")]
    #[init]
    fn new() -> Self {
        Neither
    }

    #[cfg(all(target_os = "none", unix))]
    #[init]
    fn open() -> Self {
        Neither
    }
}

#[genserver]
struct Mixed;

#[genserver]
impl Mixed {
    #[cfg(target_os = "none")]
    #[init]
    fn new() -> Self {
        Mixed
    }

    #[init]
    fn open() -> Self {
        Mixed
    }
}

async fn user() {
    let _ = Both::start().await;
    let _ = Neither::start().await;
}

fn main() {}

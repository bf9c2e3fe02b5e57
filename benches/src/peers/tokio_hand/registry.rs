//! Names in a map behind a lock for readers and writers.

use std::collections::HashMap;
use std::sync::RwLock;

use super::channel::Channel;
use super::{Message, TokioHand};
use crate::peer::{Calls, Registry};

/// Who has which name.
pub(crate) struct Names<C: Channel>(RwLock<HashMap<String, C::Sender<Message>>>);

impl<C: Channel> Registry for TokioHand<C> {
    type Names = Names<C>;

    async fn register(names: &[String]) -> Names<C> {
        let mut servers = HashMap::new();
        for name in names {
            servers.insert(name.clone(), Self::start().await);
        }
        Names(RwLock::new(servers))
    }

    async fn call_by_name(names: &Names<C>, name: &str, by: i64) -> i64 {
        let server = names.0.read().expect("no holder panics").get(name).cloned();
        Self::call(&server.expect("the name is taken"), by).await
    }

    async fn forget(_: Names<C>) {}
}

//! Agents: a value behind functions.
#![allow(missing_docs)]

use noex::{Agent, AgentServer, ChildOptions, Supervisor, prelude::*};

/// AGENT-1
#[tokio::test]
async fn a_value_is_read_and_changed() {
    let agent = Agent::start(|| 0).await.unwrap();
    agent.update(|value| *value += 1).await.unwrap();
    assert_eq!(agent.get(|value| *value).await.unwrap(), 1);
    let old = agent.get_and_update(|value| std::mem::replace(value, 7)).await.unwrap();
    assert_eq!((old, agent.get(|value| *value).await.unwrap()), (1, 7));
    agent.stop().await.unwrap();
    let error = agent.get(|value| *value).await.unwrap_err();
    assert!(error.to_string().starts_with("`get` of Agent<0."), "{error}");
}

/// AGENT-2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cast_is_before_what_its_sender_sends_next() {
    let agent = Agent::start(|| 0).name("agent 2").await.unwrap();
    let named = Agent::<i32>::named("agent 2");
    for round in 1..1_000 {
        named.cast(move |value| *value = round).await.unwrap();
        assert_eq!(named.get(|value| *value).await.unwrap(), round);
    }
    assert_eq!(Agent::<i32>::whereis("agent 2"), Some(agent));
    assert!(Agent::<u32>::whereis("agent 2").is_none(), "a value of another type");
    named.stop().await.unwrap();
}

/// AGENT-3
#[tokio::test]
async fn a_function_that_panics_ends_the_agent() {
    let agent = Agent::start(|| 0).await.unwrap();
    let error = agent.get::<()>(|_| panic!("no such value")).await.unwrap_err();
    let CallError::Crashed { reason, .. } = &error else { panic!("{error}") };
    let ExitReason::Panic(panic) = &reason.0 else { panic!("{reason}") };
    assert_eq!((panic.handler, &*panic.message), ("get", "no such value"));
    assert!(agent.ended().await.is_panic());

    let agent = Agent::start(|| 0).await.unwrap();
    agent.cast(|_| panic!("neither")).await.unwrap();
    assert!(agent.ended().await.is_panic());
    assert!(matches!(Agent::<u32>::start(|| panic!("at once")).await, Err(StartError::Crashed { .. })));
}

#[tokio::test]
async fn a_supervised_agent_begins_again() {
    let mut tree = Supervisor::builder("state");
    let list = || Agent::begin(|| vec![1]);
    let agent = tree.child::<AgentServer<Vec<u32>>>(ChildOptions::new("list"), list);
    let tree = tree.start().await.unwrap();
    agent.update(|list| list.push(2)).await.unwrap();
    agent.update(|list| assert!(list.is_empty())).await.unwrap_err();
    // Sent to the reference, served by the next life.
    assert_eq!(agent.get(Clone::clone).await.unwrap(), [1]);
    tree.stop().await.unwrap();
}

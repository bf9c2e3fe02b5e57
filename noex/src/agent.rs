//! Agents: a value that others read and change with functions.

use std::{any::Any, convert::Infallible, fmt, ops::Deref};

use crate::{
    Call, Cast, Context, GenServer, Init, Message, Never, Now, ServerConfig, ServerRef, Start, System,
};

/// A server around a value: whoever has a reference reads and changes it with functions, one at a time.
///
/// For state that many share and that has no behaviour of its own; what has is a server with handlers. The functions
/// run inside the agent as handlers do, on the caller's task when it is idle: while one runs the others wait, so that
/// long work is for the caller, with what it has read. A function that panics ends the agent, as a handler's panic ends
/// a server, and its caller is told; a supervisor starts it again with the value it began with.
///
/// It derefs to its [`ServerRef`]: it is stopped, monitored and looked at as any server. As `Agent` in Elixir.
///
/// | | |
/// |---|---|
/// | [`get`](Agent::get) | reads |
/// | [`update`](Agent::update) | changes, and waits until that is done |
/// | [`get_and_update`](Agent::get_and_update) | changes, and gives what the function returns |
/// | [`cast`](Agent::cast) | changes, some time; nobody waits |
///
/// # Examples
///
/// ```
/// use noex::Agent;
/// use std::collections::HashMap;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let stock = Agent::start(HashMap::<&str, u32>::new).await?;
/// stock.update(|stock| drop(stock.insert("lamp", 3))).await?;
/// stock.cast(|stock| *stock.entry("chair").or_insert(0) += 2).await?;
///
/// let sold = stock.get_and_update(|stock| match stock.get_mut("lamp") {
///     Some(left @ 1..) => { *left -= 1; true }
///     _ => false,
/// }).await?;
/// assert!(sold);
/// assert_eq!(stock.get(|stock| (stock["lamp"], stock["chair"])).await?, (2, 2));
/// # Ok(()) }
/// ```
pub struct Agent<T: Send + 'static> {
    server: ServerRef<AgentServer<T>>,
}

/// The server that an [`Agent`] refers to.
pub struct AgentServer<T> {
    value: T,
}

/// The value that an agent begins with; [`Agent::begin`] makes one.
pub struct Begin<T>(Box<dyn FnOnce() -> T + Send>);

type Change<T> = Box<dyn FnOnce(&mut T) -> Box<dyn Any + Send> + Send>;

/// What an agent is asked: made by [`Agent::get`] and its like.
pub struct Ask<T> {
    what: What,
    run: Change<T>,
}

#[derive(Clone, Copy)]
enum What {
    Get,
    Update,
    GetAndUpdate,
}

/// What an agent is told: made by [`Agent::cast`].
pub struct Tell<T>(Box<dyn FnOnce(&mut T) + Send>);

impl<T: Send + 'static> Agent<T> {
    /// An agent about to start, with the value that `begin` makes. Its panic is a start that fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::Agent;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// Agent::start(|| 0_u64).name("hits").await?;
    /// Agent::<u64>::named("hits").update(|hits| *hits += 1).await?;
    /// assert_eq!(Agent::<u64>::named("hits").get(|hits| *hits).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn start(begin: impl FnOnce() -> T + Send + 'static) -> Start<AgentServer<T>> {
        Start::new(Agent::begin(begin))
    }

    /// What an agent is started with where it is a supervisor's child: each of its lives begins with the value that
    /// `begin` makes.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::{Agent, AgentServer, ChildOptions, Supervisor};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut tree = Supervisor::builder("state");
    /// let hits = tree.child::<AgentServer<u64>>(ChildOptions::new("hits"), || Agent::begin(|| 100));
    /// let tree = tree.start().await?;
    /// hits.update(|hits| *hits += 1).await?;
    /// assert_eq!(hits.get(|hits| *hits).await?, 101);
    /// hits.kill();
    /// assert_eq!(hits.get(|hits| *hits).await?, 100);          // served by the next life
    /// # tree.stop().await?;
    /// # Ok(()) }
    /// ```
    pub fn begin(begin: impl FnOnce() -> T + Send + 'static) -> Begin<T> {
        Begin(Box::new(begin))
    }

    /// The agent of the global system that has this name, if its value is of this type.
    pub fn whereis(name: &str) -> Option<Self> {
        System::global().whereis::<AgentServer<T>>(name)
    }

    /// As [`whereis`](Agent::whereis), for one expression: see [`System::named`].
    pub fn named(name: &str) -> Self {
        System::global().named::<AgentServer<T>>(name)
    }

    /// Reads the value with a function, and gives what that returns.
    ///
    /// # Errors
    ///
    /// [`CallError`](crate::CallError), as of any call: `Crashed`, when the function panicked.
    pub fn get<R: Send + 'static>(
        &self,
        read: impl FnOnce(&T) -> R + Send + 'static,
    ) -> Call<'_, AgentServer<T>, R> {
        self.ask(What::Get, move |value| read(value))
    }

    /// Changes the value with a function; ready when that is done.
    ///
    /// # Errors
    ///
    /// As of [`get`](Agent::get).
    pub fn update(&self, change: impl FnOnce(&mut T) + Send + 'static) -> Call<'_, AgentServer<T>, ()> {
        self.ask(What::Update, change)
    }

    /// Changes the value with a function, and gives what that returns.
    ///
    /// # Errors
    ///
    /// As of [`get`](Agent::get).
    pub fn get_and_update<R: Send + 'static>(
        &self,
        change: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Call<'_, AgentServer<T>, R> {
        self.ask(What::GetAndUpdate, change)
    }

    /// Changes the value with a function, after what this sender has sent before. Waits for room in the mailbox and for
    /// nothing else.
    ///
    /// # Errors
    ///
    /// [`CastError`](crate::CastError): the agent is not running, or its mailbox is full and not to be waited for.
    pub fn cast(&self, change: impl FnOnce(&mut T) + Send + 'static) -> Cast<'_, AgentServer<T>> {
        Cast::new(&self.server, Tell(Box::new(change)))
    }

    fn ask<R: Send + 'static>(
        &self,
        what: What,
        run: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Call<'_, AgentServer<T>, R> {
        let run: Change<T> = Box::new(move |value| Box::new(run(value)));
        Call::new(&self.server, Ask { what, run }, answer::<R>)
    }
}

/// A call knows which type the function it carries returns.
fn answer<R: 'static>(reply: Box<dyn Any + Send>) -> Result<R, Infallible> {
    match reply.downcast() {
        Ok(reply) => Ok(*reply),
        Err(_) => unreachable!("the call's function returns this type"),
    }
}

impl<T: Send + 'static> ServerConfig for AgentServer<T> {}

impl<T: Send + 'static> Message for Ask<T> {
    const VARIANTS: &'static [&'static str] = &["get", "update", "get_and_update"];

    fn variant(&self) -> usize {
        self.what as usize
    }
}

impl<T: Send + 'static> Message for Tell<T> {
    const VARIANTS: &'static [&'static str] = &["cast"];
}

impl<T: Send + 'static> GenServer for AgentServer<T> {
    type Args = Begin<T>;
    type InitError = Infallible;
    type Call = Ask<T>;
    type Reply = Box<dyn Any + Send>;
    type Cast = Tell<T>;
    type Info = Never;
    type Continue = Never;
    type Ref = Agent<T>;

    async fn init(Begin(begin): Begin<T>, _: &mut Context<Self>) -> Result<Init<Self>, Infallible> {
        Ok(Init::ready(AgentServer { value: begin() }))
    }

    fn call_now(&mut self, call: Ask<T>, _: &mut Context<Self>) -> Now<Self::Reply, Ask<T>> {
        Now::Done((call.run)(&mut self.value))
    }

    fn cast_now(&mut self, Tell(change): Tell<T>, _: &mut Context<Self>) -> Now<(), Tell<T>> {
        change(&mut self.value);
        Now::Done(())
    }

    fn type_name() -> &'static str {
        std::any::type_name::<Agent<T>>()
    }
}

impl<T: Send + 'static> From<ServerRef<AgentServer<T>>> for Agent<T> {
    fn from(server: ServerRef<AgentServer<T>>) -> Self {
        Agent { server }
    }
}

impl<T: Send + 'static> Deref for Agent<T> {
    type Target = ServerRef<AgentServer<T>>;

    fn deref(&self) -> &Self::Target {
        &self.server
    }
}

impl<T: Send + 'static> Clone for Agent<T> {
    fn clone(&self) -> Self {
        Agent { server: self.server.clone() }
    }
}

impl<T: Send + 'static> PartialEq for Agent<T> {
    /// The same agent.
    fn eq(&self, other: &Self) -> bool {
        self.server == other.server
    }
}

impl<T: Send + 'static> Eq for Agent<T> {}

impl<T: Send + 'static> fmt::Debug for Agent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Agent").field(&self.server).finish()
    }
}

impl<T> fmt::Debug for AgentServer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgentServer")
    }
}

impl<T> fmt::Debug for Begin<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Begin")
    }
}

impl<T> fmt::Debug for Ask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ask")
    }
}

impl<T> fmt::Debug for Tell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tell")
    }
}

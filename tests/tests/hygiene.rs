//! Generated code means the same whatever the user's names are, and wherever the server is.

// What the users' items lack here, `lints.rs` has.
#![allow(missing_docs, missing_debug_implementations, unreachable_pub)]

/// Types of the user's that are called like those of the prelude.
mod names_of_the_prelude {
    #![expect(dead_code, reason = "their names are what counts")]

    use noex::genserver;

    #[derive(Debug)]
    pub struct Result;
    #[derive(Debug)]
    pub struct Option;
    #[derive(Debug)]
    pub struct Vec;
    pub trait Send {}
    pub trait Sync {}
    pub trait Clone {}
    pub trait Future {}
    pub trait From {}
    pub trait Sized {}
    pub struct Some;
    pub struct None;
    pub struct Ok;
    pub struct Err;
    pub struct String;

    #[derive(Clone)]
    #[genserver(name = "shadowed", mailbox = 8, call_timeout = infinity)]
    pub struct Shadowed(u8);

    #[genserver]
    impl Shadowed {
        #[init]
        async fn init(first: u8) -> Self {
            Shadowed(first)
        }

        #[call]
        pub fn plain(&self, option: Option, vec: Vec) -> Result {
            let _ = (option, vec);
            Result
        }

        #[call]
        pub async fn later(&mut self, by: u8) -> core::result::Result<u8, Result> {
            self.0 += by;
            core::result::Result::Ok(self.0)
        }

        #[call]
        pub fn deferred(&mut self, by: u8, reply: noex::ReplyTo<core::result::Result<u8, Result>>) {
            reply.send(core::result::Result::Ok(self.0 + by));
        }

        #[call]
        pub async fn deferred_later(&mut self, reply: noex::ReplyTo<()>) {
            reply.send(());
        }

        #[call(concurrent)]
        pub async fn beside(&self, option: Option) -> u8 {
            let _ = option;
            self.0
        }

        #[cast]
        pub fn put(&mut self, option: Option) {
            let _ = option;
        }

        #[info]
        fn seen(&mut self, _: Vec) {}

        #[noex::every(1h, missed = skip)]
        fn sweep(&mut self) {}

        #[noex::idle(1h)]
        async fn rest(&mut self) {}

        #[terminate]
        fn close(&mut self, _reason: &noex::ExitReason) {}
    }

    pub struct Machine;
    pub struct Next;
    pub struct Route;
    pub struct Event;

    #[noex::state_machine]
    pub struct Shade(u8);

    #[noex::state_machine(states(Some, None))]
    impl Shade {
        #[init(Some | None)]
        fn init(first: u8) -> (Self, ShadeInitTo) {
            (Shade(first), ShadeInitTo::None(None))
        }

        #[call]
        #[on(None => Some)]
        #[drop(Some)]
        pub fn come(&mut self, string: String, vec: Vec) -> (Some, Result) {
            let _ = (string, vec);
            (Some, Result)
        }

        #[call]
        #[on(_ => Some | None)]
        pub fn go(&mut self, state: &mut ShadeState) -> noex::Next<ShadeGoTo, Option> {
            let _ = state;
            noex::Next::to(Some).reply(Option)
        }

        #[event]
        fn seen(&mut self, from: Event, route: Route) {
            let _ = (from, route);
        }

        #[info]
        fn sent(&mut self, _: Machine) {}

        #[enter(Some)]
        fn came(&mut self, actions: &mut noex::Actions<Self>) {
            actions.raise(ShadeEvent::Seen { from: Event, route: Route });
        }

        #[exit(None)]
        fn left(&mut self) {}

        #[terminate]
        fn close(&mut self, _reason: &noex::ExitReason) {}
    }

    #[genserver]
    pub struct Stage;

    #[genserver]
    impl Stage {
        #[init]
        fn init() -> Self {
            Stage
        }

        #[call(job)]
        pub fn pass(&mut self, string: String) -> Vec {
            let _ = string;
            Vec
        }
    }

    noex::pipeline! {
        pub Passage: String => Vec { only: Stage::pass { concurrency: 1 } }
    }

    noex::supervisor! {
        pub Below(first: u8) {
            strategy: one_for_one,
            only: Shadowed(first),
            shade: Shade(first),
            stage: Stage(),
            pool: pool Stage() { size: 1, queue_timeout: 1s, topic: "shadow" },
        }
    }

    #[tokio::test]
    async fn a_machine_a_pipeline_and_a_pool_among_them_work() {
        let below = Below::start(1).system(&noex::System::new()).await.expect("it starts");
        let Result = below.shade().come(String, Vec).await.expect("it answers");
        let Option = below.shade().go().await.expect("it answers");
        let Vec = Passage::new(below.stage().clone()).process(String).await.expect("it passes");
        let Vec = below.pool().run(String).await.expect("it is done");
    }

    noex::supervisor! {
        pub Above<T: ::core::marker::Send + ::core::marker::Sync + ::core::clone::Clone + 'static>(value: T) {
            strategy: one_for_one,
            below: supervisor Below(1),
            some: dynamic Shadowed(first: u8) { max: { let _ = &value; 1 } },
        }
    }

    #[tokio::test]
    async fn a_tree_among_them_starts() {
        let above = Above::start('a').system(&noex::System::new()).await.expect("it starts");
        assert_eq!(above.below().only().beside(Option).await.expect("it answers"), 1);
    }

    #[tokio::test]
    async fn a_server_among_them_answers() {
        let server = Shadowed::start(1).system(&noex::System::new()).await.expect("it starts");
        let Result = server.plain(Option, Vec).await.expect("it answers");
        assert_eq!(server.later(2).await.expect("it answers"), 3);
        assert_eq!(server.deferred(2).await.expect("it answers"), 5);
        server.deferred_later().await.expect("it answers");
        assert_eq!(server.beside(Option).await.expect("it answers"), 3);
        server.put(Option).await.expect("it takes");
    }
}

/// Handlers called like methods that a reference or a server has already.
mod names_of_methods {
    use noex::prelude::*;

    #[derive(Clone, Debug, Default)]
    #[genserver]
    pub struct Taken(u8);

    #[genserver]
    impl Taken {
        #[init]
        fn init() -> Self {
            Taken(1)
        }

        #[call]
        pub fn clone(&self) -> u8 {
            self.0
        }

        #[call]
        pub fn stop(&mut self, server: u8) -> u8 {
            server
        }

        #[call]
        #[expect(clippy::new_ret_no_self, clippy::wrong_self_convention, reason = "it is a handler")]
        pub fn new(&self) -> u8 {
            2
        }

        #[call]
        pub fn call(&self, reply: u8) -> u8 {
            reply
        }

        #[cast]
        pub fn cast(&mut self, cx: u8) {
            self.0 = cx;
        }

        #[call]
        pub fn r#type(&self, r#fn: u8) -> u8 {
            r#fn
        }

        #[call]
        pub fn from(&self) {}

        #[call]
        pub fn deref(&self) -> u8 {
            3
        }

        #[call]
        pub fn call_now(&self) -> u8 {
            4
        }

        #[call]
        pub fn self_(&self) -> u8 {
            5
        }
    }

    #[tokio::test]
    async fn the_handler_wins() {
        let taken = Taken::start().await.expect("it starts");
        taken.cast(7).await.expect("it takes");
        assert_eq!(taken.clone().await.expect("it answers"), 7);
        assert_eq!(taken.stop(1).await.expect("it answers"), 1);
        assert_eq!(taken.new().await.expect("it answers"), 2);
        assert_eq!(taken.call(8).await.expect("it answers"), 8);
        assert_eq!(taken.r#type(9).await.expect("it answers"), 9);
        assert_eq!(taken.deref().await.expect("it answers"), 3);
        assert_eq!(taken.call_now().await.expect("it answers"), 4);
        assert_eq!(taken.self_().await.expect("it answers"), 5);
        taken.from().await.expect("it answers");
        assert!(taken.is_alive());
    }
}

/// The runtime crate under another name.
mod renamed {
    pub mod deps {
        pub use noex as otp;
    }

    use deps::otp::genserver;

    #[genserver(crate = crate::renamed::deps::otp, mailbox = 4)]
    pub struct Renamed;

    #[genserver(crate = crate::renamed::deps::otp)]
    impl Renamed {
        #[init]
        fn init() -> Self {
            Renamed
        }

        #[call(job)]
        pub fn get(&self, _nothing: ()) -> u8 {
            1
        }
    }

    pub struct On;

    #[deps::otp::state_machine(crate = crate::renamed::deps::otp, mailbox = 4)]
    pub struct Lamp;

    #[deps::otp::state_machine(states(On), crate = crate::renamed::deps::otp)]
    impl Lamp {
        #[init]
        fn init() -> (Self, On) {
            (Lamp, On)
        }

        #[call]
        pub fn get(&self) -> u8 {
            2
        }
    }

    deps::otp::supervisor! {
        pub Renames {
            crate: crate::renamed::deps::otp,
            strategy: one_for_one,
            only: Renamed(),
            lamp: Lamp(),
        }
    }

    deps::otp::pipeline! {
        pub Way: () => u8 {
            crate: crate::renamed::deps::otp,
            only: Renamed::get,
        }
    }

    deps::otp::supervisor! {
        pub Above<T: Send + Sync + Clone + 'static>(value: T) {
            crate: crate::renamed::deps::otp,
            strategy: one_for_one,
            backoff: 10ms..1s,
            below: supervisor Renames() { shutdown: 5s },
            many: partition Renamed() { by: str, count: { let _ = &value; 2 } },
            some: dynamic Renamed { max: 1 },
            pool: pool Renamed() { size: 1, topic: "renamed", queue_timeout: 1s },
        }
    }

    #[tokio::test]
    async fn a_tree_of_it_starts() {
        let renames = Renames::start().await.expect("it starts");
        assert_eq!(renames.only().get(()).await.expect("it answers"), 1);
        assert_eq!(renames.lamp().get().await.expect("it answers"), 2);
        assert_eq!(Way::new(renames.only().clone()).process(()).await.expect("it passes"), 1);
        let above = Above::start(1u8).await.expect("it starts");
        assert_eq!(above.below().only().get(()).await.expect("it answers"), 1);
        assert_eq!(above.many().get("a").get(()).await.expect("it answers"), 1);
        above.some().start_child(()).await.expect("it starts");
        assert_eq!(above.pool().run(()).await.expect("it is done"), 1);
    }

    #[tokio::test]
    async fn a_server_of_it_answers() {
        let renamed = Renamed::start().await.expect("it starts");
        assert_eq!(renamed.get(()).await.expect("it answers"), 1);
    }
}

/// Servers made by macros of the user's.
mod made_by_macros {
    pub use noex;

    macro_rules! counter {
        ($vis:vis $name:ident, $ty:ty, $size:expr, $($method:ident),*) => {
            #[noex::genserver(crate = $crate::made_by_macros::noex, mailbox = $size)]
            $vis struct $name($ty);

            #[noex::genserver(crate = $crate::made_by_macros::noex)]
            impl $name {
                #[init]
                fn init(first: $ty) -> Self {
                    $name(first)
                }

                $(
                    #[call]
                    $vis fn $method(&mut self, by: $ty) -> ::std::result::Result<$ty, ()> {
                        self.0 += by;
                        Ok(self.0)
                    }
                )*

                #[cast]
                $vis async fn set(&mut self, to: $ty) {
                    self.0 = to;
                }
            }
        };
    }

    counter!(pub Wide, u64, 16, add, add_again);
    counter!(pub(crate) Narrow, u8, 1 + 1, add);

    macro_rules! tree {
        ($vis:vis $name:ident $server:ident $given:ident $(, $method:ident)?) => {
            noex::supervisor! {
                $vis $name {
                    crate: $crate::made_by_macros::noex,
                    strategy: one_for_one,
                    first: $server(1),
                    many: partition $server(partition as u8) { by: usize, count: 2 },
                    more: dynamic $server(first: u8),
                    others: dynamic $server($given: u8),
                    $($method: partition $server(partition as u8 + 1) { count: 1 },)?
                }
            }
        };
    }

    tree!(pub Trees Narrow given, last);

    #[tokio::test]
    async fn a_tree_of_it_starts() {
        let trees = Trees::start().await.expect("it starts");
        assert_eq!(trees.many().get(&1).add(2).await.expect("it answers"), 3);
        let more = trees.more().start_child(5).await.expect("it starts");
        assert_eq!(more.add(2).await.expect("it answers"), 7);
        trees.others().start_child(5).await.expect("it starts");
        assert_eq!(trees.last().get(&0).add(2).await.expect("it answers"), 3);
    }

    macro_rules! pieces {
        ($(#[$outer:meta])* $vis:vis $name:ident $field:ty { $(
            $(#[$inner:meta])*
            fn $method:ident($($argument:ident: $ty:ty),*) -> $reply:ty $body:block
        )* }) => {
            $(#[$outer])*
            #[noex::genserver]
            $vis struct $name($field);

            #[noex::genserver]
            impl $name {
                #[init]
                fn init(first: $field) -> Self {
                    $name(first)
                }

                fn first(&self) -> &$field {
                    &self.0
                }

                $(
                    $(#[$inner])*
                    $vis fn $method(&mut self, $($argument: $ty),*) -> $reply $body
                )*
            }
        };
    }

    pieces! {
        /// Every piece comes from the caller.
        #[derive(Debug)]
        pub Pieces u8 {
            /// Adds.
            #[call(timeout = 1s)]
            #[cfg(all())]
            fn add(by: u8, twice: Option<bool>) -> Result<u8, String> {
                if twice.is_some() { Ok(by + by) } else { Ok(by) }
            }

            #[call]
            #[cfg(any())]
            fn gone(by: Missing) -> Missing {
                by
            }

            #[cast]
            #[expect(clippy::unused_unit, reason = "a macro may have no way to leave it out")]
            fn reset() -> () {}
        }
    }

    #[tokio::test]
    async fn pieces_of_the_caller_answer() {
        let pieces = Pieces::start(1).await.expect("it starts");
        assert_eq!(pieces.add(2, Some(true)).await.expect("it answers"), 4);
        pieces.reset().await.expect("it takes");
        assert_eq!(Pieces::init(3).first(), &3);
    }

    #[tokio::test]
    async fn they_answer() {
        let wide = Wide::start(1).await.expect("it starts");
        let narrow = Narrow::start(1).await.expect("it starts");
        wide.set(40).await.expect("it takes");
        assert_eq!(wide.add(1).await.expect("it answers"), 41);
        assert_eq!(wide.add_again(1).await.expect("it answers"), 42);
        assert_eq!(narrow.add(1).await.expect("it answers"), 2);
    }
}

/// A server inside of a function.
#[tokio::test]
async fn a_server_in_a_function() {
    use noex::prelude::*;

    #[genserver]
    struct Local(u8);

    #[genserver]
    impl Local {
        #[init]
        fn init() -> Self {
            Local(1)
        }

        #[call]
        fn get(&self) -> u8 {
            self.0
        }
    }

    let local = Local::start().await.expect("it starts");
    assert_eq!(local.get().await.expect("it answers"), 1);
}

/// A server whose halves, messages and starter are as visible as they like.
mod visibility {
    use noex::prelude::*;

    struct Secret;

    // Private, with a public handler.
    #[genserver]
    struct Hidden;

    #[genserver]
    impl Hidden {
        #[init]
        fn init() -> Self {
            Hidden
        }

        #[call]
        pub fn get(&self, secret: Secret) -> u8 {
            let _ = secret;
            1
        }
    }

    // Public, with private handlers only.
    #[genserver]
    pub struct Shown;

    #[genserver]
    impl Shown {
        #[init]
        fn init() -> Self {
            Shown
        }

        #[call]
        fn get(&self, secret: Secret) -> Option<u8> {
            let _ = secret;
            None
        }

        #[call]
        pub(super) fn around(&self) -> u8 {
            2
        }
    }

    #[tokio::test]
    async fn both_answer() {
        let hidden = Hidden::start().await.expect("it starts");
        assert_eq!(hidden.get(Secret).await.expect("it answers"), 1);
        let shown = Shown::start().await.expect("it starts");
        assert_eq!(shown.get(Secret).await.expect("it answers"), None);
        assert_eq!(shown.around().await.expect("it answers"), 2);
    }
}

/// Policies in a generic server, with user types called like ours.
mod policies {
    use noex::prelude::*;

    #[derive(Debug, Clone, PartialEq)]
    pub(super) struct Class(pub(super) u8);

    pub(super) trait Job: Clone + Send + 'static {}
    impl<T: Clone + Send + 'static> Job for T {}

    #[genserver]
    pub(super) struct Pool<T: Job> {
        jobs: Vec<T>,
    }

    #[genserver]
    impl<T: Job> Pool<T> {
        #[init]
        fn open() -> Self {
            Pool { jobs: Vec::new() }
        }

        #[call]
        #[retry(initial_delay = 1ms)]
        #[circuit_breaker]
        pub(super) fn push(&mut self, job: T, class: Class) -> core::result::Result<usize, Class> {
            self.jobs.push(job);
            if self.jobs.len() < 2 { Err(class) } else { Ok(self.jobs.len()) }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_generic_server_has_policies() {
    let pool = policies::Pool::<u8>::start().await.unwrap();
    assert_eq!(pool.push(1, policies::Class(2)).await.unwrap(), 2);
}

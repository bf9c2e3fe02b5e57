//! Partition supervisors: the same child several times, and a key that says which.

use std::{
    borrow::Borrow,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    num::NonZeroUsize,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Mutex;

use super::{
    builder::{StartTree, SupervisorBuilder},
    error::AdminError,
    server::{Supervisor, SupervisorRef},
    spec::ChildOptions,
};
use crate::GenServer;

/// A partition supervisor's handle: as many equal children as one likes, and a key picks one of them.
///
/// `C` is what a child is reached by: a server's reference, or a tree's handle. Their ids are `0`, `1`, .. As
/// `PartitionSupervisor` in Elixir. `K` is the type of the keys, once [`by`](PartitionBuilder::by) has said it;
/// otherwise anything that can be hashed is a key.
///
/// # Examples
///
/// ```
/// use noex::{Partitions, prelude::*};
///
/// #[genserver]
/// struct Shard { number: usize }
///
/// #[genserver]
/// impl Shard {
///     #[init]
///     fn open(number: usize) -> Self { Shard { number } }
///
///     #[call]
///     fn number(&self) -> usize { self.number }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shards = Partitions::of::<Shard>("shards", 3, |number| (number,)).start().await?;
/// assert_eq!(shards.get(&4).number().await?, 1);      // whole numbers count round
/// let of_ann = shards.get("ann").number().await?;     // anything else is hashed
/// assert_eq!(of_ann, shards.which("ann"));
/// # Ok(()) }
/// ```
pub struct Partitions<C, K: ?Sized = AnyKey> {
    supervisor: SupervisorRef,
    shared: Arc<Shared<C>>,
    keys: PhantomData<fn(&K)>,
}

/// The keys of [`Partitions`] that take any: whatever can be hashed.
#[derive(Debug)]
pub enum AnyKey {}

struct Shared<C> {
    children: Vec<C>,
    /// The first so many are in use.
    used: AtomicUsize,
    /// One change of size at a time.
    resizing: Mutex<()>,
}

/// How many cores the program may use: a good number of partitions.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

impl<C: Send + Sync + 'static> Partitions<C> {
    fn built(
        name: Arc<str>,
        count: usize,
        mut child: impl FnMut(&mut SupervisorBuilder, ChildOptions, usize) -> C,
    ) -> PartitionBuilder<C> {
        let mut builder = Supervisor::builder(name);
        let count = count.max(1);
        let children =
            (0..count).map(|number| child(&mut builder, ChildOptions::new(number.to_string()), number));
        let children = children.collect();
        PartitionBuilder { builder, children, keys: PhantomData }
    }

    /// So many trees; `tree` makes the one of each partition.
    pub fn of_trees(
        name: impl Into<Arc<str>>,
        count: usize,
        tree: impl Fn(usize) -> StartTree<C>,
    ) -> PartitionBuilder<C> {
        Partitions::built(name.into(), count, |builder, options, number| builder.nest(options, tree(number)))
    }
}

impl Partitions<()> {
    /// So many servers of type `S`, at least one; `args` makes the arguments of each partition, for each of its
    /// lives. [`cores`] is a good number.
    pub fn of<S: GenServer>(
        name: impl Into<Arc<str>>,
        count: usize,
        args: impl Fn(usize) -> S::Args + Send + Sync + 'static,
    ) -> PartitionBuilder<S::Ref> {
        let args = Arc::new(args);
        Partitions::built(name.into(), count, |builder, options, number| {
            let args = args.clone();
            builder.child::<S>(options, move || args(number))
        })
    }
}

impl<C> Partitions<C> {
    /// The child for this key: always the same, as long as the size is.
    ///
    /// A whole number goes to the partition of its remainder, anything else is hashed. The hash is the same in
    /// every process of one build of the program.
    pub fn get<Q: Hash + ?Sized>(&self, key: &Q) -> &C {
        &self.shared.children[self.which(key)]
    }

    /// The number of the partition for this key.
    pub fn which<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        self.of_hash(key)
    }
}

impl<C, K: Hash + ?Sized> Partitions<C, K> {
    /// The child for this key, which may be given as any borrowed form of it, such as `&str` for `String`: always
    /// the same, as long as the size is.
    ///
    /// A whole number goes to the partition of its remainder, anything else is hashed. The hash is the same in
    /// every process of one build of the program.
    pub fn get<Q: Hash + ?Sized>(&self, key: &Q) -> &C
    where
        K: Borrow<Q>,
    {
        &self.shared.children[self.which(key)]
    }

    /// The number of the partition for this key.
    pub fn which<Q: Hash + ?Sized>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
    {
        self.of_hash(key)
    }
}

impl<C, K: ?Sized> Partitions<C, K> {
    fn of_hash<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        let mut hasher = KeyHasher(0);
        key.hash(&mut hasher);
        (hasher.finish() % self.len() as u64) as usize
    }

    /// All children in use, first partition first.
    pub fn all(&self) -> &[C] {
        &self.shared.children[..self.len()]
    }

    /// How many partitions are in use.
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.shared.used.load(Ordering::Acquire)
    }

    /// Uses so many partitions from now on, between one and as many as there were at first, and gives how many
    /// it was before. Those above are stopped, first those that get no keys any more.
    ///
    /// # Errors
    ///
    /// As [`restart_child`](SupervisorRef::restart_child) and [`terminate_child`](SupervisorRef::terminate_child); the
    /// size is then what it was.
    pub async fn resize(&self, to: usize) -> Result<usize, AdminError> {
        let _one = self.shared.resizing.lock().await;
        let (before, to) = (self.len(), to.clamp(1, self.shared.children.len()));
        for number in before..to {
            match self.supervisor.restart_child(number.to_string()).await {
                Ok(_) | Err(AdminError::Running { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.shared.used.store(to, Ordering::Release);
        for number in (to..before).rev() {
            self.supervisor.terminate_child(number.to_string()).await?;
        }
        Ok(before)
    }
}

impl<C, K: ?Sized> Deref for Partitions<C, K> {
    type Target = SupervisorRef;

    fn deref(&self) -> &SupervisorRef {
        &self.supervisor
    }
}

impl<C, K: ?Sized> Clone for Partitions<C, K> {
    fn clone(&self) -> Self {
        Partitions { supervisor: self.supervisor.clone(), shared: self.shared.clone(), keys: PhantomData }
    }
}

impl<C, K: ?Sized> fmt::Debug for Partitions<C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partitions").field("supervisor", &self.supervisor).field("len", &self.len()).finish()
    }
}

/// A partition supervisor before it runs.
#[must_use = "a supervisor does not run until it is started"]
pub struct PartitionBuilder<C, K: ?Sized = AnyKey> {
    builder: SupervisorBuilder,
    children: Vec<C>,
    keys: PhantomData<fn(&K)>,
}

impl<C> PartitionBuilder<C> {
    /// Keys are of this type: one of another, which would go to another partition, is a type error.
    pub fn by<K: Hash + ?Sized>(self) -> PartitionBuilder<C, K> {
        let PartitionBuilder { builder, children, .. } = self;
        PartitionBuilder { builder, children, keys: PhantomData }
    }
}

impl<C, K: ?Sized> PartitionBuilder<C, K> {
    /// At most `max` restarts within `window`, over all partitions; 3 in 5 s by default.
    pub fn restarts(&mut self, max: u32, window: std::time::Duration) -> &mut Self {
        self.builder.restarts(max, window);
        self
    }

    /// Pauses before restarts; there are none by default.
    pub fn backoff(&mut self, backoff: super::Backoff) -> &mut Self {
        self.builder.backoff(backoff);
        self
    }

    /// When each partition is restarted, how it is stopped, and how long its start may take. Ids stay the numbers,
    /// and names are not for many.
    pub fn children(&mut self, options: ChildOptions) -> &mut Self {
        for child in &mut self.builder.plan.children {
            let id = child.spec.options.id.clone();
            child.spec.options = ChildOptions { id, name: None, ..options.clone() };
        }
        self
    }

    /// Starts all partitions, one after the other.
    pub fn start(self) -> StartTree<Partitions<C, K>>
    where
        C: Send + Sync + 'static,
        K: 'static,
    {
        let PartitionBuilder { builder, children, .. } = self;
        let used = AtomicUsize::new(children.len());
        let shared = Arc::new(Shared { children, used, resizing: Mutex::new(()) });
        StartTree::new(builder, move |supervisor| Partitions { supervisor, shared, keys: PhantomData })
    }
}

impl<C, K: ?Sized> fmt::Debug for PartitionBuilder<C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PartitionBuilder").field(&self.builder).finish()
    }
}

/// Leaves a single whole number as it is, and hashes the rest (FNV-1a, with a final mix).
struct KeyHasher(u64);

impl KeyHasher {
    fn number(&mut self, number: u64) {
        if self.0 == 0 {
            self.0 = number;
        } else {
            self.write(&number.to_le_bytes());
        }
    }
}

macro_rules! whole_numbers {
    ($($write:ident $ty:ty),*) => { $(
        fn $write(&mut self, number: $ty) {
            #[allow(clippy::unnecessary_cast, trivial_numeric_casts)]
            self.number(number as u64);
        }
    )* };
}

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut hash = self.0 ^ 0xcbf2_9ce4_8422_2325;
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        // The low bits decide, so that the high ones are to have a say.
        self.0 = hash ^ (hash >> 32);
    }

    whole_numbers!(write_u16 u16, write_u32 u32, write_u64 u64, write_usize usize);

    fn write_i8(&mut self, number: i8) {
        self.number(u64::from(number.unsigned_abs()));
    }

    fn write_i16(&mut self, number: i16) {
        self.number(u64::from(number.unsigned_abs()));
    }

    fn write_i32(&mut self, number: i32) {
        self.number(u64::from(number.unsigned_abs()));
    }

    fn write_i64(&mut self, number: i64) {
        self.number(number.unsigned_abs());
    }

    fn write_isize(&mut self, number: isize) {
        self.number(number.unsigned_abs() as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

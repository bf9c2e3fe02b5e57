//! What a server does with its own entries.
//!
//! Only the life that has an entry changes it: in a handler, or by ending. So there is one change at a time to what a
//! life has, and none after its end.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicU64, Ordering},
};

use super::{
    Admits, AlreadyRegistered, Entry, Key, NotRegistered, Query, Registry, RegistryEvent, entry::Row,
    find::Inner,
};
use crate::{
    Context, GenServer, Pid, Start,
    process::panic::{catch, drop_quietly},
    server::slot::{AnySlot, registered::Ledger},
};

/// What a start registers before `init` runs.
pub(crate) type Claim = Box<dyn FnOnce(Pid, Arc<dyn AnySlot>) -> Result<(), AlreadyRegistered> + Send>;

impl<K: Key, V: Send + Sync + 'static, S: 'static> Registry<K, V, S> {
    /// Makes an entry for a life that runs, or is about to.
    fn enter(
        &self,
        (pid, slot): (Pid, Arc<dyn AnySlot>),
        (key, value): (K, V),
    ) -> Result<(), AlreadyRegistered> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let Inner { table, owners, is_unique, name, .. } = &*self.inner;
        // Before it is in the table: an end finds what there is to strike out.
        slot.core().keep_ledger(Arc::downgrade(&self.inner) as Weak<dyn Ledger>);
        let (id, hash) = (NEXT.fetch_add(1, Ordering::Relaxed), table.hash(&key));
        let row = Arc::new(Row::new((id, hash), (key, value), (pid, slot), *is_unique));
        let mut inserted = table.insert(row.clone(), *is_unique);
        if let Err(held) = &inserted
            && held.is_stranded()
        {
            held.reap();
            inserted = table.insert(row.clone(), *is_unique);
        }
        if let Err(held) = inserted {
            return Err(AlreadyRegistered { registry: name.clone(), holder: held.pid });
        }
        owners.add(row.clone());
        self.inner.tell(RegistryEvent::Registered(Entry::new(row)));
        Ok(())
    }
}

impl<K: Key, V: Send + Sync + 'static, S: 'static> Inner<K, V, S> {
    /// What a life has under a key, in the order it registered. A unique key says it at once; of the others a life may
    /// have few where a key has many.
    fn own(&self, pid: Pid, key: &(impl Query<K> + ?Sized)) -> Vec<Arc<Row<K, V>>> {
        if self.is_unique {
            return self.table.first(key).into_iter().filter(|row| row.pid == pid).collect();
        }
        let mut rows = self.owners.of(pid);
        rows.retain(|row| key.is(&row.key));
        rows
    }

    fn tell(&self, event: RegistryEvent<K, V, S>) {
        // Its topics are topics, and whoever has no room is told by its own counters.
        let _ = self.events.try_publish(event.topic(), event);
    }
}

impl<K: Key, V: Send + Sync + 'static, S: 'static> Ledger for Inner<K, V, S> {
    fn strike_out(&self, pid: Pid) {
        let rows = self.owners.take(pid);
        // All of them are free before anybody hears of it.
        for row in &rows {
            // Comparing keys is code of the user's: its panic must not keep the others.
            drop_quietly(catch(|| self.table.remove(row)).map_err(|panic| panic.into_reason("registry")));
        }
        for row in rows {
            self.tell(RegistryEvent::Ended(Entry::new(row)));
        }
    }
}

impl<S: GenServer> Context<S> {
    /// Registers this life of the server under a key, with a value for those who find it. The entry is gone when the
    /// life ends, or with [`unregister`](Context::unregister).
    ///
    /// # Errors
    ///
    /// [`AlreadyRegistered`]: the registry's keys are unique, and this one is held, maybe by this server itself.
    ///
    /// # Examples
    ///
    /// A server that is restarted registers again, because it does so in its `init`:
    ///
    /// ```
    /// use noex::{prelude::*, registry::{AlreadyRegistered, Registry}};
    ///
    /// #[genserver]
    /// struct Meter {}
    ///
    /// #[genserver]
    /// impl Meter {
    ///     #[init]
    ///     fn init(cx: &mut Context<Self>, all: Registry<u32>, room: u32) -> Result<Self, AlreadyRegistered> {
    ///         cx.register(&all, room, ())?;
    ///         Ok(Meter {})
    ///     }
    ///
    ///     #[call]
    ///     fn read(&self) -> u32 { 21 }
    /// }
    ///
    /// supervisor! {
    ///     House(all: Registry<u32>) {
    ///         strategy: one_for_one,
    ///         meter: Meter(all.clone(), 7),
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let meters = Registry::unique("meters");
    /// let house = House::start(meters.clone()).await?;
    /// house.meter().kill();
    /// assert_eq!(house.meter().read().await?, 21);                  // served by the next life
    /// assert_eq!(meters.get(&7).map(|entry| entry.pid().incarnation()), Some(2));
    /// # Ok(()) }
    /// ```
    pub fn register<K, V, M>(
        &mut self,
        registry: &Registry<K, V, M>,
        key: K,
        value: V,
    ) -> Result<(), AlreadyRegistered>
    where
        K: Key,
        V: Send + Sync + 'static,
        M: Admits<S>,
    {
        let pid = self.pid();
        registry.enter((pid, self.slot()), (key, value))
    }

    /// Takes this server's entries under a key out of the registry, and gives their number; those of other servers
    /// stay.
    pub fn unregister<K, V, M>(
        &mut self,
        registry: &Registry<K, V, M>,
        key: &(impl Query<K> + ?Sized),
    ) -> usize
    where
        K: Key,
        V: Send + Sync + 'static,
        M: 'static,
    {
        self.unregister_matching(registry, key, |_| true)
    }

    /// As [`unregister`](Context::unregister), of those entries alone whose values fit.
    pub fn unregister_matching<K, V, M>(
        &mut self,
        registry: &Registry<K, V, M>,
        key: &(impl Query<K> + ?Sized),
        mut fits: impl FnMut(&V) -> bool,
    ) -> usize
    where
        K: Key,
        V: Send + Sync + 'static,
        M: 'static,
    {
        let Inner { table, owners, .. } = &*registry.inner;
        let mut rows = registry.inner.own(self.pid(), key);
        rows.retain(|row| fits(&row.value));
        for row in &rows {
            drop((table.remove(row), owners.remove(row)));
        }
        let count = rows.len();
        for row in rows {
            registry.inner.tell(RegistryEvent::Unregistered(Entry::new(row)));
        }
        count
    }

    /// Makes another value of the one that this server has under a key; where it has several, of the first. Gives the
    /// entry as it is now and as it was.
    ///
    /// # Errors
    ///
    /// [`NotRegistered`]: this server has nothing there, and `update` was not run.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::{prelude::*, registry::{NotRegistered, Registry}};
    ///
    /// #[genserver]
    /// struct Worker { all: Registry<u32, usize> }
    ///
    /// #[genserver]
    /// impl Worker {
    ///     #[init]
    ///     fn init(all: Registry<u32, usize>) -> Self { Worker { all } }
    ///
    ///     #[call]
    ///     fn take_job(&mut self, cx: &mut Context<Self>) -> Result<usize, NotRegistered> {
    ///         let (now, _before) = cx.update_value(&self.all, &1, |jobs| jobs + 1)?;
    ///         Ok(*now.value())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let all = Registry::unique("workers");
    /// let worker = Worker::start(all.clone()).registered(&all, 1, 0).await?;
    /// assert_eq!(worker.take_job().await?, 1);
    /// # Ok(()) }
    /// ```
    #[expect(clippy::type_complexity, reason = "an entry, and an entry")]
    pub fn update_value<K, V, M>(
        &mut self,
        registry: &Registry<K, V, M>,
        key: &(impl Query<K> + ?Sized),
        update: impl FnOnce(&V) -> V,
    ) -> Result<(Entry<K, V, M>, Entry<K, V, M>), NotRegistered>
    where
        K: Key,
        V: Send + Sync + 'static,
        M: 'static,
    {
        let Inner { table, owners, name, .. } = &*registry.inner;
        let pid = self.pid();
        let Some(before) = registry.inner.own(pid, key).into_iter().next() else {
            return Err(NotRegistered { registry: name.clone(), server: pid });
        };
        let now = Arc::new(before.with(update(&before.value)));
        drop((table.replace(now.clone()), owners.replace(now.clone())));
        Ok((Entry::new(now), Entry::new(before)))
    }
}

impl<S: GenServer> Start<S> {
    /// Registers the server, from before its `init` on: the key is its name in that registry. May be said several
    /// times.
    ///
    /// When a key is held, `init` does not run and the start fails with
    /// [`StartError::AlreadyRegistered`](crate::StartError::AlreadyRegistered). A supervised server registers in its
    /// `init`, with [`Context::register`]: that is so for each life.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::{prelude::*, registry::Registry};
    /// # #[genserver] struct Account { cents: i64 }
    /// # #[genserver] impl Account {
    /// #     #[init] fn init(cents: i64) -> Self { Account { cents } }
    /// #     #[call] fn cents(&self) -> i64 { self.cents }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let accounts: Registry<u64, &str, Account> = Registry::unique("accounts");
    /// Account::start(500).registered(&accounts, 17, "ann").await?;      // the key keeps it alive
    /// assert_eq!(accounts.whereis(&17).unwrap().cents().await?, 500);
    /// let taken = Account::start(0).registered(&accounts, 17, "ben").await;
    /// assert!(matches!(taken, Err(StartError::AlreadyRegistered(_))));
    /// # Ok(()) }
    /// ```
    #[doc(alias = "via")]
    pub fn registered<K, V, M>(mut self, registry: &Registry<K, V, M>, key: K, value: V) -> Self
    where
        K: Key,
        V: Send + Sync + 'static,
        M: Admits<S>,
    {
        let registry = registry.clone();
        self.claim(Box::new(move |pid, slot| registry.enter((pid, slot), (key, value))));
        self
    }
}

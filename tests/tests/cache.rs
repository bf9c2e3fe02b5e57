//! The cache: loaded once, kept for a while, bounded.
#![allow(missing_docs)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use noex::patterns::Cache;
use tokio::time::{advance, sleep};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A load that takes 10 ms and gives how many there were.
fn loader() -> (Arc<AtomicU32>, impl AsyncFn() -> Result<u32, &'static str> + Clone) {
    let loads = Arc::new(AtomicU32::new(0));
    let count = loads.clone();
    (loads, async move || {
        sleep(ms(10)).await;
        Ok(count.fetch_add(1, Ordering::Relaxed) + 1)
    })
}

#[tokio::test(start_paused = true)]
async fn what_many_ask_for_is_loaded_once() {
    let cache: Cache<String, u32> = Cache::builder().build();
    let loads = Arc::new(AtomicU32::new(0));
    let ask = || {
        let (cache, loads) = (cache.clone(), loads.clone());
        tokio::spawn(async move {
            cache
                .get_or_load("a", async || {
                    sleep(ms(10)).await;
                    Ok::<_, ()>(loads.fetch_add(1, Ordering::Relaxed) + 1)
                })
                .await
        })
    };
    for asked in (0..100).map(|_| ask()).collect::<Vec<_>>() {
        assert_eq!(asked.await.unwrap(), Ok(1));
    }
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.loads, stats.failures, stats.len), (99, 1, 1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_error_is_not_kept_and_the_next_one_loads() {
    let cache: Cache<u32, u32> = Cache::builder().build();
    let tries = AtomicU32::new(0);
    let ask = async || {
        cache
            .get_or_load(&1, async || {
                sleep(ms(10)).await;
                match tries.fetch_add(1, Ordering::Relaxed) {
                    0 => Err("not today"),
                    number => Ok(number),
                }
            })
            .await
    };
    let (first, second, third) = tokio::join!(ask(), ask(), ask());
    assert_eq!((first, second, third), (Err("not today"), Ok(1), Ok(1)));
    let stats = cache.stats();
    assert_eq!((stats.loads, stats.failures, stats.hits), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_given_up_or_panics_is_another_ones() {
    let cache: Cache<u32, u32> = Cache::builder().build();
    let (loads, load) = loader();
    let given_up =
        tokio::time::timeout(ms(5), cache.get_or_load(&1, std::future::pending::<Result<u32, ()>>));
    let (given_up, loaded) = tokio::join!(given_up, cache.get_or_load(&1, || load()));
    assert_eq!((given_up.is_err(), loaded), (true, Ok(1)));

    let panics = tokio::spawn({
        let cache = cache.clone();
        async move {
            let load = async || -> Result<u32, ()> {
                sleep(ms(5)).await;
                panic!("it cannot")
            };
            cache.get_or_load(&2, load).await
        }
    });
    tokio::task::yield_now().await;
    assert_eq!(cache.get_or_load(&2, || load()).await, Ok(2));
    panics.await.unwrap_err();
    assert_eq!((loads.load(Ordering::Relaxed), cache.stats().failures), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_value_expires() {
    let cache: Cache<u32, u32> = Cache::builder().ttl(ms(100)).build();
    let (_, load) = loader();
    assert_eq!(cache.get_or_load(&1, || load()).await, Ok(1));
    advance(ms(99)).await;
    assert_eq!(cache.get_or_load(&1, || load()).await, Ok(1));
    advance(ms(1)).await;
    assert_eq!(cache.get_or_load(&1, || load()).await, Ok(2));
    advance(ms(100)).await;
    assert_eq!((cache.get(&1), cache.stats().len), (None, 0));
    assert_eq!(cache.stats().expired, 2);
    cache.insert(1, 7);
    assert_eq!(cache.get(&1), Some(7));
}

#[tokio::test(start_paused = true)]
async fn what_is_removed_while_it_is_loaded_is_not_kept() {
    let cache: Cache<u32, u32> = Cache::builder().build();
    let (_, load) = loader();
    let (loaded, ()) =
        tokio::join!(cache.get_or_load(&1, || load()), async { assert_eq!(cache.remove(&1), None) });
    assert_eq!((loaded, cache.get(&1)), (Ok(1), None));
    assert_eq!(cache.get_or_load(&1, || load()).await, Ok(2));
    assert_eq!((cache.remove(&1), cache.remove(&1)), (Some(2), None));
    cache.insert(2, 2);
    cache.clear();
    assert_eq!((cache.get(&2), cache.stats().len), (None, 0));
}

#[test]
fn there_are_no_more_than_it_may_keep() {
    let cache: Cache<u32, u32> = Cache::builder().capacity(100).build();
    for key in 0..10_000 {
        cache.insert(key, key);
    }
    assert!(cache.stats().len <= 100, "{:?}", cache.stats());
    assert!(cache.stats().len > 50);
}

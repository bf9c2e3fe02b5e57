//! A pool of workers: jobs of three kinds with priorities, a full queue, a crash that costs no job, and the news of it
//! all on the bus.
//!
//! `cargo run -p noex-examples --example jobs`

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use noex::event_bus::{Subscription, Topic};
use noex::pool::{JobDone, JobError, JobEvent};
use noex::{Pool, prelude::*};

/// What there is to do.
#[derive(Clone, Debug)]
enum Job {
    Email { to: &'static str },
    Image { url: &'static str },
    Report { id: u32 },
}

/// One of three; it counts what it has done.
#[genserver]
struct Worker {
    done: u32,
}

#[genserver]
impl Worker {
    #[init]
    fn start_work() -> Self {
        Worker { done: 0 }
    }

    /// What comes of the job, in words.
    #[call(job)]
    async fn process(&mut self, job: Job) -> Result<String, String> {
        // The first attempt at an image does not end well.
        static IS_BROKEN: AtomicBool = AtomicBool::new(true);
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.done += 1;
        match job {
            Job::Email { to } if to.contains('@') => Ok(format!("mail sent to {to}")),
            Job::Email { to } => Err(format!("`{to}` is no address")),
            Job::Image { url } => {
                assert!(!IS_BROKEN.swap(false, Ordering::Relaxed), "cannot read {url}");
                Ok(format!("{url} made smaller"))
            }
            Job::Report { id } => Ok(format!("report {id} written")),
        }
    }
}

/// How often each topic was heard, in the order of the alphabet.
fn count(mut news: Subscription<JobEvent>) -> String {
    let mut counts = BTreeMap::new();
    while let Some((topic, _)) = news.try_recv() {
        *counts.entry(topic).or_insert(0) += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(topic, count)| format!("{count} {topic}")).collect();
    counts.join(", ")
}

/// The outcome itself, which only the pool's own hook and the job's handle have.
fn tell(done: &JobDone<'_, Worker>) {
    match done.outcome {
        Ok(text) if done.attempts > 1 => println!("{}: {text}, at attempt {}", done.job, done.attempts),
        Ok(text) => println!("{}: {text}", done.job),
        Err(error) => println!("{} failed: {error}", done.job),
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The worker's panic is part of the show; its message need not be.
    std::panic::set_hook(Box::new(|_| {}));
    let news = System::global().bus().subscribe::<JobEvent>("job.*")?;
    let pool = Pool::<Worker>::of("workers", || ())
        .size(1)
        .queue(4)
        .retries(1)
        .deadline(Duration::from_secs(30))
        .topic(Topic::from_static("job"))
        .on_done(tell)
        .start()
        .await?;

    pool.submit(Job::Email { to: "a@b.com" }).priority(1).await?;
    pool.submit(Job::Image { url: "img.jpg" }).priority(2).await?;
    pool.submit(Job::Report { id: 123 }).priority(3).await?;
    pool.submit(Job::Email { to: "nobody" }).await?;
    let last = pool.submit(Job::Report { id: 7 }).await?;
    if let Err(refused) = pool.submit(Job::Report { id: 8 }).now() {
        println!("not taken: {} ({:?})", refused.why, refused.job);
    }

    println!("then: {}", last.await?);
    match pool.run(Job::Email { to: "me" }).await {
        Err(JobError::Handler(why)) => println!("then: {why}"),
        other => println!("unexpected: {other:?}"),
    }
    pool.drain().await;
    let stats = pool.stats();
    println!(
        "{} completed, {} failed, {} retried, {} rejected, {} of {} workers available",
        stats.completed, stats.failed, stats.retried, stats.rejected, stats.available, stats.size
    );
    println!("on the bus: {}", count(news));
    pool.stop().await?;
    Ok(())
}

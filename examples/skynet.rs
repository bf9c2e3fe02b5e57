//! A million servers in one process, and all of them work.
//!
//! ```text
//! cargo run --release --example skynet -- 1000000
//! ```
//!
//! The idea: servers start servers. A branch starts ten, each of those ten more, down to a million leaves with a number
//! each; the numbers go up again and are added on the way. The argument is how many leaves, a power of ten. Trees of
//! ten, a hundred and so on are grown before, and what a server and a message cost in each is told on standard error:
//! from a thousand on it should stay much the same, but for the caches of the processor, which a million servers do not
//! fit into. The first trees are gone before the runtime's workers are awake.

use std::time::{Duration, Instant};

use noex::prelude::*;

/// How many each branch has below it.
const WIDTH: u64 = 10;

/// Has a number.
#[derive(Debug)]
#[genserver]
pub struct Leaf {
    number: u64,
    above: BranchRef,
}

#[genserver]
impl Leaf {
    #[init]
    fn open(number: u64, above: BranchRef) -> Self {
        Leaf { number, above }
    }

    /// Sends its number up; that is all it was for.
    #[cast]
    pub async fn count(&mut self, cx: &mut Context<Self>) {
        self.above.add(self.number).await.expect("a branch outlives what is below it");
        cx.stop(ExitReason::Normal);
    }
}

/// Adds up what is below it.
#[derive(Debug)]
#[genserver(call_timeout = infinity)]
pub struct Branch {
    above: Above,
    below: Below,
    missing: u64,
    sum: u64,
}

/// Where a sum goes.
#[derive(Debug)]
pub enum Above {
    /// To the branch it is a part of.
    Branch(BranchRef),
    /// To who asked; nobody did yet.
    Root(Option<ReplyTo<u64>>),
}

/// What a branch has started.
#[derive(Debug)]
pub enum Below {
    /// Branches of ten and more leaves.
    Branches(Vec<BranchRef>),
    /// The last of the tree.
    Leaves(Vec<LeafRef>),
}

#[genserver]
impl Branch {
    #[init]
    fn open(above: Option<BranchRef>) -> Self {
        let above = above.map_or(Above::Root(None), Above::Branch);
        Branch { above, below: Below::Leaves(Vec::new()), missing: WIDTH, sum: 0 }
    }

    /// Starts what is below, for the numbers from `first` on; answers when all of it is there.
    #[call]
    pub async fn grow(&mut self, cx: &mut Context<Self>, first: u64, leaves: u64) -> Result<(), StartError> {
        let share = leaves / WIDTH;
        if share <= 1 {
            let mut below = Vec::with_capacity(WIDTH as usize);
            for number in first..first + WIDTH {
                below.push(Leaf::start(number, cx.me()).await?);
            }
            self.below = Below::Leaves(below);
            return Ok(());
        }
        let mut below = Vec::with_capacity(WIDTH as usize);
        for part in 0..WIDTH {
            let branch = Branch::start(Some(cx.me())).await?;
            // A request, because a branch that called a branch would be a future within itself.
            let grown = branch.grow(first + part * share, share).request();
            grown.await.expect("a branch ends when it has added up, and not before");
            below.push(branch);
        }
        self.below = Below::Branches(below);
        Ok(())
    }

    /// The sum of the whole tree, which ends with it.
    #[call]
    pub async fn sum(&mut self, reply: ReplyTo<u64>) {
        self.above = Above::Root(Some(reply));
        self.ask().await;
    }

    /// Has everybody below send their numbers.
    #[cast]
    pub async fn count(&mut self) {
        self.ask().await;
    }

    /// One of ten numbers from below.
    #[cast]
    pub async fn add(&mut self, cx: &mut Context<Self>, number: u64) {
        self.sum += number;
        self.missing -= 1;
        if self.missing > 0 {
            return;
        }
        match &mut self.above {
            Above::Branch(above) => above.add(self.sum).await.expect("a branch outlives what is below it"),
            Above::Root(reply) => reply.take().into_iter().for_each(|reply| reply.send(self.sum)),
        }
        cx.stop(ExitReason::Normal);
    }

    async fn ask(&self) {
        match &self.below {
            Below::Branches(branches) => {
                for branch in branches {
                    branch.count().await.expect("it ends when it has added up, and not before");
                }
            }
            Below::Leaves(leaves) => {
                for leaf in leaves {
                    leaf.count().await.expect("it ends when it has sent its number, and not before");
                }
            }
        }
    }
}

/// Grows a tree and sums it up.
async fn tree(leaves: u64) -> Result<u64, Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let root = Branch::start(None).await?;
    root.grow(0, leaves).await?;
    let grown = begun.elapsed();

    let begun = Instant::now();
    let sum = root.sum().await?;
    let summed = begun.elapsed();
    root.ended().await;

    // All but the root are told to count, and tell their sums.
    let servers = (leaves * WIDTH - 1) / (WIDTH - 1);
    let each = |took: Duration, count: u64| took.as_secs_f64() * 1e9 / count as f64;
    let (start, message) = (each(grown, servers), each(summed, 2 * (servers - 1)));
    eprintln!("{servers:>9} servers at once: {start:>6.0} ns to start one, {message:>6.0} ns a message");
    Ok(sum)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let most: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |it| it.parse())?;
    let mut leaves = WIDTH;
    while leaves <= most {
        println!("{leaves} leaves: {}", tree(leaves).await?);
        leaves *= WIDTH;
    }
    Ok(())
}

//! A running tree as a drawing: text for people, Mermaid for pages.

use std::{fmt, sync::Arc};

use super::{
    admin::supervisor_in,
    error::AdminError,
    place::Place,
    plan::Plan,
    question::{ChildState, Seen},
    server::{Supervisor, SupervisorRef},
    spec::{Kind, Restart},
};
use crate::{ServerRef, process::door::Boxed, server::slot::AnySlot};

/// How many children of one supervisor are drawn; the rest is a number.
const DRAWN: usize = 32;

/// A tree as of one moment. Prints as text.
///
/// # Examples
///
/// ```
/// use noex::{ChildOptions, Supervisor, prelude::*};
/// # #[genserver] struct Counter { count: u64 }
/// # #[genserver] impl Counter { #[init] fn init(count: u64) -> Self { Counter { count } } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut below = Supervisor::builder("below");
/// below.child::<Counter>(ChildOptions::new("second"), || (2,));
/// let mut tree = Supervisor::builder("tree");
/// tree.child::<Counter>(ChildOptions::new("first"), || (1,));
/// tree.nest(ChildOptions::new("more"), below.start());
/// let tree = tree.start().await?;
/// let drawing = tree.draw().await?;
/// assert_eq!(drawing.to_string(), "\
/// tree: one_for_one, at most 3 restarts in 5s
/// ├─ first: Counter
/// └─ more: one_for_one, at most 3 restarts in 5s
///    └─ second: Counter
/// ");
/// assert!(drawing.mermaid().starts_with("graph TD\n"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Drawing {
    root: Branch,
}

#[derive(Clone, Debug)]
struct Branch {
    id: Arc<str>,
    what: String,
    kind: Kind,
    children: Vec<Branch>,
    /// Children that are not drawn.
    more: usize,
}

impl Drawing {
    /// As a Mermaid graph, for pages that draw it.
    pub fn mermaid(&self) -> String {
        let mut text = "graph TD\n".to_owned();
        self.root.mermaid(&mut 0, &mut text);
        text
    }
}

impl Branch {
    /// Writes this branch; gives its number.
    fn mermaid(&self, next: &mut usize, text: &mut String) -> usize {
        let number = *next;
        *next += 1;
        let label = format!("{}: {}", self.id, self.what).replace('"', "'");
        let (open, close) = if self.kind == Kind::Supervisor { ("[", "]") } else { ("(", ")") };
        text.push_str(&format!("    n{number}{open}\"{label}\"{close}\n"));
        for child in &self.children {
            let below = child.mermaid(next, text);
            text.push_str(&format!("    n{number} --> n{below}\n"));
        }
        if self.more > 0 {
            let below = *next;
            *next += 1;
            text.push_str(&format!("    n{below}(\"{} more\")\n    n{number} --> n{below}\n", self.more));
        }
        number
    }

    fn text(&self, f: &mut fmt::Formatter<'_>, indent: &str) -> fmt::Result {
        writeln!(f, "{}: {}", self.id, self.what)?;
        for (at, child) in self.children.iter().enumerate() {
            let is_last = at + 1 == self.children.len() && self.more == 0;
            write!(f, "{indent}{}", if is_last { "└─ " } else { "├─ " })?;
            child.text(f, &format!("{indent}{}", if is_last { "   " } else { "│  " }))?;
        }
        if self.more > 0 {
            writeln!(f, "{indent}└─ {} more", self.more)?;
        }
        Ok(())
    }
}

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.text(f, "")
    }
}

impl ServerRef<Supervisor> {
    /// Draws the tree as it is now: who is down, waiting, starting or ending, restarts, full queues.
    ///
    /// Supervisors that start or end are not asked, so that a tree can be drawn while something in it hangs.
    ///
    /// # Errors
    ///
    /// When the supervisor has ended.
    pub async fn draw(&self) -> Result<Drawing, AdminError> {
        let slot: Arc<dyn AnySlot> = self.slot().clone();
        let id = slot.core().label();
        let plan = self.plan();
        let what = describe(plan.as_deref(), &slot, ChildState::Running, None);
        let (children, more) = match self.is_deaf() {
            true => planned(plan.as_deref()).await,
            false => self.below().await?,
        };
        Ok(Drawing { root: Branch { id, what, kind: Kind::Supervisor, children, more } })
    }

    /// It starts or ends, and answers nobody meanwhile.
    fn is_deaf(&self) -> bool {
        matches!(self.slot().current_handler(), "init" | "terminate")
    }

    pub(super) fn plan(&self) -> Option<Arc<Plan>> {
        self.slot().core().keepsake()
    }

    async fn below(&self) -> Result<(Vec<Branch>, usize), AdminError> {
        let (seen, of) = self.picture(DRAWN).await?;
        let more = of - seen.len();
        Ok((branches(seen).await, more))
    }
}

/// What is planned below a supervisor that cannot be asked.
async fn planned(plan: Option<&Plan>) -> (Vec<Branch>, usize) {
    let Some(plan) = plan else { return (Vec::new(), 0) };
    let seen = plan.children.iter().take(DRAWN).map(|child| {
        let slot = child.place.slot();
        let state = match (slot.core().is_alive(), slot.current_handler()) {
            (true, "init") => ChildState::Starting,
            (true, "terminate") => ChildState::Stopping,
            (true, _) => ChildState::Running,
            (false, _) => ChildState::Down,
        };
        Seen {
            spec: child.spec.clone(),
            name: child.spec.options.id.clone(),
            place: child.place.clone(),
            state,
        }
    });
    (branches(seen.collect()).await, plan.children.len().saturating_sub(DRAWN))
}

async fn branches(seen: Vec<Seen>) -> Vec<Branch> {
    let mut branches = Vec::with_capacity(seen.len());
    for child in seen {
        branches.push(branch(child).await);
    }
    branches
}

/// Boxed, because trees are as deep as they are.
fn branch(child: Seen) -> Boxed<Branch> {
    Box::pin(async move {
        let Seen { spec, name, place, state } = child;
        let plan = place.plan().cloned();
        let what = describe(plan.as_deref(), &place.slot(), state, Some(&spec));
        let (children, more) = below(&place, plan.as_deref(), state).await;
        Branch { id: name, what, kind: spec.kind(), children, more }
    })
}

async fn below(place: &Arc<dyn Place>, plan: Option<&Plan>, state: ChildState) -> (Vec<Branch>, usize) {
    let supervisor: Option<SupervisorRef> = supervisor_in(place);
    if let Some(supervisor) = supervisor
        && state == ChildState::Running
        && !supervisor.is_deaf()
        && let Ok(below) = supervisor.below().await
    {
        return below;
    }
    planned(plan).await
}

/// `Ledger (transient) restarting, 2 restarts, 5 queued`.
fn describe(
    plan: Option<&Plan>,
    slot: &Arc<dyn AnySlot>,
    state: ChildState,
    spec: Option<&super::ChildSpec>,
) -> String {
    let mut text = match plan {
        Some(plan) if plan.is_dynamic => "dynamic".to_owned(),
        Some(plan) => plan.strategy.to_string(),
        None => short(slot.core().type_name()).to_owned(),
    };
    if let Some(spec) = spec
        && spec.restart_type() != Restart::Permanent
    {
        text += &format!(" ({})", spec.restart_type());
    }
    if let Some(plan) = plan {
        text += &format!(", at most {} restarts in {:?}", plan.restarts.max, plan.restarts.window);
    }
    let mut add = |part: String| text += &format!(", {part}");
    match state {
        ChildState::Running => {}
        ChildState::Down => add("down".into()),
        ChildState::Waiting => add("waiting to start".into()),
        ChildState::Starting => add("starting".into()),
        ChildState::Stopping => add("stopping".into()),
    }
    match slot.core().incarnation().saturating_sub(1) {
        0 => {}
        1 => add("1 restart".into()),
        restarts => add(format!("{restarts} restarts")),
    }
    match slot.queue().queued {
        0 => {}
        queued => add(format!("{queued} queued")),
    }
    text
}

fn short(name: &str) -> &str {
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name)
}

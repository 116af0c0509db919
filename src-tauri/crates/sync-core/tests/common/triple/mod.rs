//! One triple of trees, taken to its end by a planner under test, with every promise of the merge checked.
//!
//! Leaner than `simulate`, so that a hundred million triples are a matter of hours, and without a line of the
//! planner's own: what is precious, what an effect may do and what an end looks like is said here anew.
//!
//! Rule: a check says what broke as a [`Broken`], so that a mutated planner can be told from a sound one.

pub mod campaign;
pub mod effects;
pub mod mutants;
pub mod scope;

use std::collections::BTreeSet;

use rand::{Rng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use sync_core::{
    Content, ContentHash, NodeId,
    plan::{OnConflict, Plan, Policy},
    tree::{LocalNode, RemoteNode, Trees},
};

use super::policy;
use effects::{Disk, Step};

/// Whatever answers as the planner does.
pub type Planner = fn(&Trees, &Policy) -> Plan;

/// Plans after which a triple must have come to rest.
const ROUNDS: usize = 100;

/// What a planner did wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// An effect would have written over, removed or moved what it must not.
    Effect(String),
    /// A content that somebody saved is nowhere in the end.
    Lost(ContentHash),
    /// The three trees differ although nothing is left to do.
    Unequal,
    /// It never came to rest, or prepared something that changes nothing.
    Endless,
    /// At rest there is still something to say.
    Unrest(Box<Plan>),
    /// Something was done to a node on which all trees agree, or on the side that did not change.
    Outside(String),
    /// The same trees gave two plans.
    Moody,
    /// Carried out in part, in another order, it ended elsewhere.
    Order,
    /// With the sides exchanged, other contents survive.
    Asymmetric,
}

/// How plans are carried out.
pub enum Way<'r> {
    /// All steps, in the order given.
    Straight,
    /// A random part of the steps, in random order, recorded or not.
    Partly(&'r mut ChaCha8Rng),
}

/// Checks a triple in every way; `thorough` adds the costly ones.
pub fn check(planner: Planner, start: &Trees, random: &mut ChaCha8Rng, thorough: bool) -> Result<(), Broken> {
    let policy = policy(OnConflict::KeepBoth);
    let end = settle(planner, &policy, start, &mut Way::Straight)?;
    let precious = precious(start);
    lost(&precious, &end)?;
    one_sided(start, &end)?;
    if thorough {
        if planner(start, &policy) != planner(start, &policy) {
            return Err(Broken::Moody);
        }
        let partly = settle(planner, &policy, start, &mut Way::Partly(random))?;
        lost(&precious, &partly)?;
        if shape(&partly) != shape(&end) {
            return Err(Broken::Order);
        }
        let exchanged = settle(planner, &policy, &exchanged(start), &mut Way::Straight)?;
        if contents(&exchanged) != contents(&end) {
            return Err(Broken::Asymmetric);
        }
    }
    Ok(())
}

/// Plans and carries out until nothing is left, and returns the trees of the end.
pub fn settle(planner: Planner, policy: &Policy, start: &Trees, way: &mut Way<'_>) -> Result<Trees, Broken> {
    let mut disk = Disk::new(start.clone());
    for _ in 0..ROUNDS {
        let plan = planner(&disk.trees, policy);
        if plan == Plan::default() {
            return at_rest(disk.trees);
        }
        untouched(&disk.trees, &plan)?;
        disk.keep_records(&plan)?;
        if !plan.bookkeeping.is_empty() {
            plan.bookkeeping.iter().try_for_each(|entry| disk.keep_books(entry))?;
        } else if !plan.asides.is_empty() {
            // A crash may come between two of them; the first is always carried out, for progress.
            let count = match way {
                Way::Straight => plan.asides.len(),
                Way::Partly(random) => random.random_range(1..=plan.asides.len()),
            };
            plan.asides[..count].iter().try_for_each(|aside| disk.step_aside(aside))?;
        } else {
            let steps = effects::steps(&plan)?;
            if steps.is_empty() && plan.adopt.is_empty() && plan.forget.is_empty() {
                return Err(Broken::Unrest(Box::new(plan)));
            }
            for step in chosen(steps, way) {
                let at_once = match way {
                    Way::Straight => true,
                    Way::Partly(random) => random.random_bool(0.5),
                };
                disk.carry_out(&step)?;
                if at_once {
                    disk.record(step.node());
                }
            }
        }
        disk.check()?;
    }
    Err(Broken::Endless)
}

fn chosen<'p>(mut steps: Vec<Step<'p>>, way: &mut Way<'_>) -> Vec<Step<'p>> {
    if let Way::Partly(random) = way {
        steps.shuffle(random);
        let some = random.random_bool(0.7);
        steps.retain(|_| !some || random.random_bool(0.5));
    }
    steps
}

fn at_rest(trees: Trees) -> Result<Trees, Broken> {
    let equal = trees.remote.len() == trees.local.len()
        && trees.remote.len() == trees.synced.len()
        && trees.remote.iter().all(|(id, remote)| {
            let (Some(local), Some(synced)) = (trees.local.get(id), trees.synced.get(id)) else {
                return false;
            };
            remote.parent == local.parent
                && remote.parent == synced.parent
                && remote.content == local.content
                && remote.content == synced.content
                && remote.name == synced.remote_name
                && local.name == synced.local_name
                && remote.key == local.name.key()
        });
    if equal { Ok(trees) } else { Err(Broken::Unequal) }
}

/// No plan does anything to a node on which all three trees agree.
fn untouched(trees: &Trees, plan: &Plan) -> Result<(), Broken> {
    let steps = effects::steps(plan)?;
    let acted = steps.iter().map(Step::node).chain(plan.asides.iter().map(|aside| aside.node));
    for id in acted {
        let (Some(remote), Some(local), Some(synced)) =
            (trees.remote.get(&id), trees.local.get(&id), trees.synced.get(&id))
        else {
            continue;
        };
        let agreed = (remote.parent, &remote.name, remote.content)
            == (local.parent, &local.name, local.content)
            && (remote.parent, &remote.name, remote.content)
                == (synced.parent, &synced.remote_name, synced.content);
        if agreed {
            return Err(Broken::Outside(format!("{id:?} is the same everywhere: {plan:?}")));
        }
    }
    Ok(())
}

/// Where one side is still what both agreed on, the other one is taken over as it is.
fn one_sided(start: &Trees, end: &Trees) -> Result<(), Broken> {
    if is_local_as_synced(start) && end.remote != start.remote {
        return Err(Broken::Outside("only Dropbox changed, and Dropbox was written to".to_owned()));
    }
    if is_remote_as_synced(start) && end.local != start.local {
        return Err(Broken::Outside("only the disk changed, and the disk was written to".to_owned()));
    }
    Ok(())
}

fn is_local_as_synced(trees: &Trees) -> bool {
    trees.local.len() == trees.synced.len()
        && trees.local.iter().all(|(id, now)| {
            let then = trees.synced.get(id);
            then.is_some_and(|then| {
                (then.parent, &then.local_name, then.content) == (now.parent, &now.name, now.content)
            })
        })
}

fn is_remote_as_synced(trees: &Trees) -> bool {
    trees.remote.len() == trees.synced.len()
        && trees.remote.iter().all(|(id, now)| {
            let then = trees.synced.get(id);
            then.is_some_and(|then| {
                (then.parent, &then.remote_name, then.content) == (now.parent, &now.name, now.content)
            })
        })
}

/// The contents that must survive: what one side saved since both agreed, and what one side moved while the
/// other did not save over it.
pub fn precious(trees: &Trees) -> BTreeSet<ContentHash> {
    let mut precious = BTreeSet::new();
    for (id, now) in &trees.remote {
        let Content::File(hash) = now.content else { continue };
        let kept = trees.synced.get(id).is_none_or(|then| {
            let moved = (now.parent, &now.name) != (then.parent, &then.remote_name);
            let saved_over = trees.local.get(id).is_some_and(|other| other.content != then.content);
            now.content != then.content || (moved && !saved_over)
        });
        precious.extend(kept.then_some(hash));
    }
    for (id, now) in &trees.local {
        let Content::File(hash) = now.content else { continue };
        let kept = trees.synced.get(id).is_none_or(|then| {
            let moved = (now.parent, &now.name) != (then.parent, &then.local_name);
            let saved_over = trees.remote.get(id).is_some_and(|other| other.content != then.content);
            now.content != then.content || (moved && !saved_over)
        });
        precious.extend(kept.then_some(hash));
    }
    precious
}

fn lost(precious: &BTreeSet<ContentHash>, end: &Trees) -> Result<(), Broken> {
    let left = contents(end);
    precious.iter().find(|hash| !left.contains(hash)).map_or(Ok(()), |hash| Err(Broken::Lost(*hash)))
}

fn contents(trees: &Trees) -> BTreeSet<ContentHash> {
    let hash = |node: &RemoteNode| if let Content::File(hash) = node.content { Some(hash) } else { None };
    trees.remote.values().filter_map(hash).collect()
}

/// Paths and contents as a person sees them. Copies that want one name may get it in either order, so their
/// numbers are left out.
fn shape(trees: &Trees) -> Vec<(String, Content)> {
    let path = |mut id: NodeId| {
        let mut path = String::new();
        while let Some(node) = trees.remote.get(&id) {
            path = format!("/{}{path}", node.name);
            id = node.parent;
        }
        (2..9).fold(path, |path, n| path.replace(&format!(" ({n})"), ""))
    };
    let mut shape: Vec<_> = trees.remote.iter().map(|(&id, node)| (path(id), node.content)).collect();
    shape.sort();
    shape
}

/// The same triple as a device would see it that stands on the other side.
fn exchanged(trees: &Trees) -> Trees {
    let remote = trees.local.iter().map(|(&id, node)| {
        let LocalNode { parent, name, content } = node.clone();
        (id, RemoteNode { parent, key: name.key(), name, content })
    });
    let local = trees.remote.iter().map(|(&id, node)| {
        let RemoteNode { parent, name, content, .. } = node.clone();
        (id, LocalNode { parent, name, content })
    });
    Trees { remote: remote.collect(), local: local.collect(), synced: trees.synced.clone() }
}

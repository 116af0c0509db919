//! Decides what must change so that disk and Dropbox agree again.
//!
//! Pure: three trees in, one [`Plan`] out. Reading the disk, calling Dropbox and saving state belong to
//! the `engine` crate. The same input gives the same plan, in the same order.
//!
//! Two stages. The kernel merges the trees into a target; then the differences between the target and each
//! side become steps. What needs bookkeeping or a rename out of the way first ends the plan there: it is
//! carried out alone and the planner is asked again, so that a crash in between changes no decision.
//!
//! Rule: an operation may remove content only if the synced tree holds that very content.

mod agree;
mod clash;
mod derive;
mod freeze;
mod kernel;
mod removals;
mod schedule;
mod view;

use std::collections::BTreeSet;

pub use self::view::{is_swap_name, swap_name};
use self::{derive::Scene, freeze::Frozen, kernel::Target, view::View};
use crate::{
    plan::{Plan, Policy},
    tree::Trees,
};

/// Returns what must happen so that the trees become equal, as far as it may happen now.
///
/// Cost follows the size of `trees`, which may be a window, see there.
pub fn plan(trees: &Trees, policy: &Policy) -> Plan {
    let view = View::new(trees);
    let frozen = Frozen::new(&view, policy);
    let target = kernel::merge(&view, &frozen);
    let mut plan = Plan {
        conflicts: frozen.conflicts.clone(),
        case_clashes: frozen.case_clashes.clone(),
        occupied: frozen.replaced.clone(),
        ..Plan::default()
    };
    agree::adopt(&view, &target, &mut plan);
    agree::forget(&view, &frozen, &mut plan);
    decide(&view, &frozen, &target, policy, &mut plan);
    plan
}

/// Fills the plan up to the first stage that has something to do.
fn decide(view: &View<'_>, frozen: &Frozen, target: &Target, policy: &Policy, plan: &mut Plan) {
    let kept = agree::kept_against_deletion(view, frozen, target);
    agree::rebase(view, frozen, &kept, plan);
    if !plan.bookkeeping.is_empty() {
        return;
    }
    plan.bookkeeping = clash::pair_copies(view, frozen, target);
    if !plan.bookkeeping.is_empty() {
        return;
    }
    let settled = clash::settle(view, frozen, target, policy);
    plan.bookkeeping = settled.pairs;
    if !plan.bookkeeping.is_empty() {
        return;
    }
    plan.asides = clash::copy_asides(view, target, &policy.conflict_label);
    if plan.asides.is_empty() {
        plan.asides = clash::name_asides(view, target, &settled.losers, &policy.conflict_label);
    }
    if !plan.asides.is_empty() {
        return;
    }
    plan.conflicts.extend(settled.conflicts);
    // A swap ended otherwise than planned: these get their name back, then they are rebased.
    let restored: BTreeSet<_> =
        kept.iter().copied().filter(|&id| view.is_set_aside(id) && !frozen.is_anchored(id)).collect();
    // Kept folders whose rebase waits for something busy, and names and pairs that wait for something frozen.
    let waiting = settled.waiting.iter().chain(&target.copies).copied();
    let still: BTreeSet<_> = kept.difference(&restored).copied().chain(waiting).collect();
    let names = clash::new_names(view, target, &settled.nameless, &policy.conflict_label);
    let held = plan.conflicts.iter().flat_map(|held| [Some(held.node), held.other]).flatten().collect();
    plan.waiting.extend(still.difference(&held));
    let (restored, names) = (&restored, &names);
    let scene = Scene { view, frozen, target, still: &still, restored, names, top_down: &settled.top_down };
    derive::operations(&scene, plan);
    removals::removals(&scene, plan);
}

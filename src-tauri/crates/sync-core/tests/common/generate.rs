//! Random worlds, weighted toward trouble: few names, few folders, many moves, equal contents.

use std::collections::BTreeSet;

use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use sync_core::{Content, NodeId};

use super::world::{Side, World, content, name};

/// What a random world may contain.
#[derive(Debug, Clone, Copy)]
pub struct Taste {
    /// Names for both sides.
    pub names: &'static [&'static str],
    /// Further names that only the local user writes.
    pub local_names: &'static [&'static str],
    /// Most edits of one side.
    pub edits: usize,
}

/// No two names share a key.
pub const PLAIN: Taste = Taste { names: &["a", "b", "c"], local_names: &[], edits: 5 };

/// Names that differ in case or composition alone.
pub const FOLDING: Taste = Taste { names: &["a", "A", "á"], local_names: &["a\u{301}", "Á"], edits: 4 };

pub fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Grows a synced tree and lets each side change it.
pub fn world(random: &mut ChaCha8Rng, taste: Taste) -> World {
    let mut world = World::new("");
    for _ in 0..random.random_range(0..=8) {
        edit(&mut world, Side::Remote, random, taste);
    }
    world.agree();
    for side in [Side::Remote, Side::Local] {
        for _ in 0..random.random_range(0..=taste.edits) {
            edit(&mut world, side, random, taste);
        }
    }
    world
}

/// One act of a user; acts that make no sense here are left out.
pub fn edit(world: &mut World, side: Side, random: &mut ChaCha8Rng, taste: Taste) {
    let nodes = world.ids(side);
    let picked = nodes.choose(random).copied();
    match (random.random_range(0..10), picked) {
        (0..=2, _) | (_, None) => create(world, side, random, taste),
        (3..=5, Some(id)) => relocate(world, side, id, random, taste),
        (6..=7, Some(id)) if is_file(world, side, id) => {
            let text = saved(world, random);
            world.set_content(side, id, content(&text));
        }
        (_, Some(id)) => world.remove(side, id),
    }
}

fn create(world: &mut World, side: Side, random: &mut ChaCha8Rng, taste: Taste) {
    let kind = if random.random_bool(0.4) { Content::Folder } else { content(&saved(world, random)) };
    let (folder, last) = (folder(world, side, random), pick_name(side, random, taste));
    if is_free(world, side, folder, last, None) {
        let id = NodeId(world.next);
        world.next += 1;
        world.insert(side, id, folder, name(last), kind);
    }
}

fn relocate(world: &mut World, side: Side, id: NodeId, random: &mut ChaCha8Rng, taste: Taste) {
    let (folder, last) = (folder(world, side, random), pick_name(side, random, taste));
    if !world.is_within(side, folder, id) && is_free(world, side, folder, last, Some(id)) {
        world.put_at(side, id, folder, name(last));
    }
}

/// Mostly a content nobody ever saved, now and then one that others save too.
fn saved(world: &mut World, random: &mut ChaCha8Rng) -> String {
    if random.random_bool(0.2) {
        return format!("same{}", random.random_range(0..2));
    }
    world.next += 1;
    format!("text{}", world.next)
}

fn folder(world: &World, side: Side, random: &mut ChaCha8Rng) -> NodeId {
    let is_folder = |id: &NodeId| world.content_of(side, *id) == Content::Folder;
    let mut folders: Vec<_> = world.ids(side).into_iter().filter(is_folder).collect();
    folders.push(NodeId::ROOT);
    *folders.choose(random).expect("the root at least")
}

fn pick_name(side: Side, random: &mut ChaCha8Rng, taste: Taste) -> &'static str {
    let more = if side == Side::Local { taste.local_names } else { &[] };
    let all: Vec<_> = taste.names.iter().chain(more).collect();
    all.choose(random).expect("a name at least")
}

fn is_file(world: &World, side: Side, id: NodeId) -> bool {
    matches!(world.content_of(side, id), Content::File(_))
}

/// Dropbox folds names; the disk compares bytes.
fn is_free(world: &World, side: Side, folder: NodeId, last: &str, except: Option<NodeId>) -> bool {
    let wanted = name(last);
    world.children(side, folder).into_iter().filter(|&id| Some(id) != except).all(|id| {
        let there = world.name_of(side, id);
        if side == Side::Remote { there.key() != wanted.key() } else { *there != wanted }
    })
}

/// The contents that must survive: what one side saved since both agreed, and what one side moved while
/// the other did not save over it.
pub fn precious(world: &World) -> BTreeSet<String> {
    let mut precious = BTreeSet::new();
    for side in [Side::Remote, Side::Local] {
        let other = if side == Side::Remote { Side::Local } else { Side::Remote };
        for id in world.ids(side) {
            let now = world.content_of(side, id);
            let Some(then) = world.trees.synced.get(&id) else {
                precious.extend(file_text(now));
                continue;
            };
            let then_name = if side == Side::Remote { &then.remote_name } else { &then.local_name };
            let moved = world.parent_of(side, id) != then.parent
                || world.name_of(side, id).composed() != then_name.composed();
            let saved_over = world.has(other, id) && world.content_of(other, id) != then.content;
            if now != then.content || (moved && !saved_over) {
                precious.extend(file_text(now));
            }
        }
    }
    precious
}

fn file_text(content: Content) -> Option<String> {
    matches!(content, Content::File(_)).then(|| super::world::text(content))
}

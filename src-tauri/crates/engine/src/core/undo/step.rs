//! Chooses the one effect that undoes an entry, from where everything stands now.
//!
//! A run that ended after the effect and before its record finds its goal reached, and only takes note.

use store::{LocalRow, RemoteRow, StoreError, Tx};
use sync_core::{ContentHash, LocalKind, Name, NodeId, SyncPath};

use super::{
    super::{Effect, Kept, Loop, Present, flight::Step},
    Change, Standing,
    change::Gone,
};
use crate::api::UndoRefusal;

/// What is to be done about an entry now.
pub(super) enum Next {
    /// All is as it was before already.
    Done,
    /// Something is changing by itself; what follows is known afterwards.
    Wait,
    /// It cannot be done, unless other entries bring about what is missing.
    NotYet(UndoRefusal),
    /// It cannot be done.
    Refused(UndoRefusal),
    /// This undoes it.
    Run(Box<Run>),
}

/// An effect and what it will have changed.
pub(super) struct Run {
    pub(super) node: NodeId,
    pub(super) step: Step,
    pub(super) effect: Effect,
}

fn run(node: NodeId, step: Step, effect: Effect) -> Next {
    Next::Run(Box::new(Run { node, step, effect }))
}

/// Both sides of a node that does not change, or why there is nothing to go on with.
type Both = Result<(LocalRow, RemoteRow), Next>;

impl Loop {
    pub(super) fn next_step(
        &self,
        tx: &mut Tx<'_>,
        change: &Change,
        standing: &Standing,
    ) -> Result<Next, StoreError> {
        match change {
            Change::Added { node, content } => self.take_away(tx, *node, *content, standing),
            Change::ReplacedHere { node, before, before_size, after } => {
                let (local, target) = match self.as_left(tx, *node, (*before, *after), standing)? {
                    Ok((local, _)) => (local, tx.local_path(*node)?),
                    Err(next) => return Ok(next),
                };
                let Some(target) = target else { return Ok(Next::Refused(UndoRefusal::Gone)) };
                let (size, content) = (*before_size, *before);
                let effect =
                    Effect::TakeBack { from: Kept::Trash, target, over: Some(local.stat), size, content };
                Ok(run(*node, Step::TakeBack { content }, effect))
            }
            Change::ReplacedThere { node, before, before_rev, after } => {
                let remote = match self.as_left(tx, *node, (*before, *after), standing)? {
                    Ok((_, remote)) => remote,
                    Err(next) => return Ok(next),
                };
                let (Some(path), Some(id), Some(rev)) = (self.remote_dir(tx, *node)?, remote.rid, remote.rev)
                else {
                    return Ok(Next::Refused(UndoRefusal::Gone));
                };
                let over = Some(Present { id, rev });
                let effect = Effect::RestoreRemote { path, over, rev: before_rev.clone() };
                Ok(run(*node, Step::RestoreRemote, effect))
            }
            Change::Moved { node, from, parent, name } => {
                self.move_back(tx, *node, &SyncPath::from_names(from.clone()), (*parent, name), standing)
            }
            Change::RemovedHere { op, path } => {
                let path = SyncPath::from_names(path.clone());
                if let Some(next) = self.if_taken(tx, &path, None, standing)? {
                    return Ok(next);
                }
                let step = Step::BringBack { near: self.nearest_known(tx, &path)? };
                Ok(run(tx.new_node()?, step, Effect::BringBack { op: *op, path }))
            }
            Change::RemovedThere { path, file: Some(file), .. } => {
                self.give_back(tx, &SyncPath::from_names(path.clone()), file, standing)
            }
            Change::RemovedThere { path, file: None, below } => {
                let all = std::iter::once(path).chain(below);
                self.make_again(tx, all.map(|path| SyncPath::from_names(path.clone())), standing)
            }
        }
    }

    /// Both sides of a node on which they agree.
    fn at_rest(&self, tx: &Tx<'_>, node: NodeId, standing: &Standing) -> Result<Both, StoreError> {
        if self.is_changing(tx, standing, node)? {
            return Ok(Err(Next::Wait));
        }
        Ok(match (tx.local(node)?, tx.remote(node)?) {
            _ if standing.stuck.contains(&node) => Err(Next::Refused(UndoRefusal::Stuck)),
            (Some(local), Some(remote)) => Ok((local, remote)),
            _ => Err(Next::Refused(UndoRefusal::Gone)),
        })
    }

    /// Both sides of a file that still has the content that was put there.
    fn as_left(
        &self,
        tx: &Tx<'_>,
        node: NodeId,
        (before, after): (ContentHash, ContentHash),
        standing: &Standing,
    ) -> Result<Both, StoreError> {
        let both = match self.at_rest(tx, node, standing)? {
            Ok(both) => both,
            Err(next) => return Ok(Err(next)),
        };
        Ok(match both.0.hash.map(|hash| hash.content) {
            Some(here) if here == before => Err(Next::Done),
            Some(here) if here == after => Ok(both),
            _ => Err(Next::Refused(UndoRefusal::Changed)),
        })
    }

    /// What came to be goes to the trash here; Dropbox follows, as when a person removes it.
    fn take_away(
        &self,
        tx: &mut Tx<'_>,
        node: NodeId,
        content: Option<ContentHash>,
        standing: &Standing,
    ) -> Result<Next, StoreError> {
        if tx.local(node)?.is_none() && tx.remote(node)?.is_none() {
            return Ok(Next::Done);
        }
        let local = match self.at_rest(tx, node, standing)? {
            Ok((local, _)) => local,
            Err(next) => return Ok(next),
        };
        match content {
            Some(content) if local.hash.map(|hash| hash.content) != Some(content) => {
                return Ok(Next::Refused(UndoRefusal::Changed));
            }
            None if local.stat.kind != LocalKind::Folder => return Ok(Next::Refused(UndoRefusal::Changed)),
            None if !tx.local_children(node)?.is_empty() => return Ok(Next::NotYet(UndoRefusal::NotEmpty)),
            _ => {}
        }
        Ok(match super::super::dispatch::trash_effect(tx, node)? {
            Some(effect) => run(node, Step::TrashLocal, effect),
            None => Next::Refused(UndoRefusal::Gone),
        })
    }

    fn move_back(
        &self,
        tx: &mut Tx<'_>,
        node: NodeId,
        from: &SyncPath,
        (parent, name): (NodeId, &Name),
        standing: &Standing,
    ) -> Result<Next, StoreError> {
        let (local, remote) = match self.at_rest(tx, node, standing)? {
            Ok(both) => both,
            Err(next) => return Ok(next),
        };
        let at = tx.local_path(node)?;
        if at.as_ref() == Some(from) {
            return Ok(Next::Done);
        }
        let is_where_it_was_put = (local.parent, local.name.key()) == (parent, name.key())
            && (remote.parent, &remote.key) == (parent, &name.key());
        let (Some(at), true) = (at, is_where_it_was_put) else {
            return Ok(Next::Refused(UndoRefusal::Moved));
        };
        let Some((folder, old_name)) = from.split() else { return Ok(Next::Refused(UndoRefusal::Moved)) };
        let Some(folder) = self.folder_here(tx, &folder)? else {
            return Ok(Next::NotYet(UndoRefusal::NoFolder));
        };
        if let Some(next) = self.if_taken(tx, from, Some(node), standing)? {
            return Ok(next);
        }
        let step = Step::MoveLocal { parent: folder, name: old_name.clone() };
        let effect = Effect::MoveLocal { from: at, to: from.clone(), expected: local.stat };
        Ok(run(node, step, effect))
    }

    /// A file that was deleted at Dropbox is restored there.
    fn give_back(
        &self,
        tx: &mut Tx<'_>,
        path: &SyncPath,
        file: &Gone,
        standing: &Standing,
    ) -> Result<Next, StoreError> {
        let there = self.node_at(tx, path)?.map(|node| tx.remote(node)).transpose()?.flatten();
        if there.is_some_and(|there| there.content_hash == Some(file.content)) {
            return Ok(Next::Done);
        }
        if let Some(next) = self.if_taken(tx, path, None, standing)? {
            return Ok(next);
        }
        if !standing.moving.is_empty() || self.is_above_changing(tx, path, standing)? {
            return Ok(Next::Wait);
        }
        let Some(below) = path.to_remote() else { return Ok(Next::Refused(UndoRefusal::Gone)) };
        let path = format!("{}{below}", self.config.remote_root);
        let effect = Effect::RestoreRemote { path, over: None, rev: file.rev.clone() };
        Ok(run(tx.new_node()?, Step::RestoreRemote, effect))
    }

    /// Folders that were deleted at Dropbox are made here, one after another, and Dropbox follows.
    fn make_again(
        &self,
        tx: &mut Tx<'_>,
        paths: impl Iterator<Item = SyncPath>,
        standing: &Standing,
    ) -> Result<Next, StoreError> {
        for path in paths {
            let Some((folder, name)) = path.split() else { continue };
            if self.folder_here(tx, &path)?.is_some() {
                continue;
            }
            if let Some(next) = self.if_taken(tx, &path, None, standing)? {
                return Ok(next);
            }
            let Some(parent) = self.folder_here(tx, &folder)? else {
                return Ok(Next::NotYet(UndoRefusal::NoFolder));
            };
            let step = Step::MkdirLocal { parent, name: name.clone() };
            let effect = Effect::MkdirLocal { path: path.clone() };
            return Ok(run(tx.new_node()?, step, effect));
        }
        Ok(Next::Done)
    }

    /// What to do when another than this node stands at the path, on either side.
    fn if_taken(
        &self,
        tx: &mut Tx<'_>,
        path: &SyncPath,
        own: Option<NodeId>,
        standing: &Standing,
    ) -> Result<Option<Next>, StoreError> {
        let other = self.node_at(tx, path)?.filter(|node| Some(*node) != own);
        let Some(other) = other else { return Ok(None) };
        Ok(Some(match self.is_changing(tx, standing, other)? {
            true => Next::Wait,
            false => Next::NotYet(UndoRefusal::Taken),
        }))
    }

    /// Tells whether a folder above this path is on its way: Dropbox would make it anew under its old name.
    fn is_above_changing(
        &self,
        tx: &mut Tx<'_>,
        path: &SyncPath,
        standing: &Standing,
    ) -> Result<bool, StoreError> {
        let mut at = path.clone();
        while let Some((above, _)) = at.split() {
            if let Some(folder) = self.node_at(tx, &above)?.filter(|node| *node != NodeId::ROOT)
                && self.is_changing(tx, standing, folder)?
            {
                return Ok(true);
            }
            at = above;
        }
        Ok(false)
    }

    /// Returns the folder that stands here at this path.
    fn folder_here(&self, tx: &mut Tx<'_>, path: &SyncPath) -> Result<Option<NodeId>, StoreError> {
        let node = self.node_at(tx, path)?;
        Ok(match node {
            Some(NodeId::ROOT) | None => node,
            Some(node) => tx.local(node)?.filter(|row| row.stat.kind == LocalKind::Folder).map(|row| row.id),
        })
    }

    /// Returns the lowest folder above this path that stands here.
    fn nearest_known(&self, tx: &mut Tx<'_>, path: &SyncPath) -> Result<NodeId, StoreError> {
        let mut at = path.clone();
        while let Some((above, _)) = at.split() {
            if let Some(folder) = self.folder_here(tx, &above)? {
                return Ok(folder);
            }
            at = above;
        }
        Ok(NodeId::ROOT)
    }
}

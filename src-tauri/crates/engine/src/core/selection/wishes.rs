//! Answers a person who chooses what is kept on this computer, or asks what is.

use serde_json::Value;
use store::{LeftOut, LeftOutStage, RemoteKind, StoreError, Tx};
use sync_core::{NodeId, SyncPath};

use super::{super::Loop, Entry, keys_of};
use crate::{
    api::{CallError, Code, SelectionState, SelectionView},
    core::{Now, Select},
};

type Answer = Result<Value, CallError>;

impl Loop {
    /// Changes what is kept here; either all of it or nothing.
    pub(in super::super) fn select(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        wish: &Select,
    ) -> Result<Answer, StoreError> {
        let before = self.selection.entries.clone();
        for path in &wish.paths {
            let refused = match (parse(path), wish.keep) {
                (Err(error), _) => Some(error),
                (Ok(path), true) => self.include(tx, now, &path)?,
                (Ok(path), false) => self.exclude(tx, &path, wish.keep_unsynced)?,
            };
            if let Some(error) = refused {
                self.selection.entries = before;
                return Ok(Err(error));
            }
        }
        let (old, new) = (texts(&before), texts(&self.selection.entries));
        self.meet_again(tx, now, &before)?;
        if old != new {
            self.keep_selection(tx)?;
            self.changed.insert("selection");
            self.plan_wanted = true;
        }
        self.selected(tx, &[])
    }

    /// Leaves a path out from now on; an error when there is no such thing.
    fn exclude(
        &mut self,
        tx: &mut Tx<'_>,
        path: &SyncPath,
        keep_unsynced: bool,
    ) -> Result<Option<CallError>, StoreError> {
        let keys = keys_of(path);
        let stage = LeftOutStage::Wanted { keep_unsynced };
        if let Some(known) = self.selection.entries.iter_mut().find(|entry| keys.starts_with(&entry.keys)) {
            // It is, or lies in something that is. How it leaves may be changed until it does.
            if known.keys == keys && !known.is_out() {
                known.row.stage = stage;
            }
            return Ok(None);
        }
        let mut entry = Entry::new(LeftOut { path: path.to_string(), rid: None, stage });
        self.selection.entries.push(entry.clone());
        let (remote, local) = self.nodes_of(tx, self.selection.entries.len() - 1)?;
        self.selection.entries.pop();
        if remote.is_none() && local.is_none() && tx.listing()?.complete {
            return Ok(Some(CallError::new(
                Code::NotFound,
                format!("There is nothing at \"{}\" in this workspace.", shown(path)),
            )));
        }
        if let Some(remote) = remote {
            let spelled = tx.remote_path(remote.id)?.unwrap_or_else(|| path.clone());
            entry = Entry::new(LeftOut { path: spelled.to_string(), rid: remote.rid, stage });
        }
        self.selection.entries.retain(|below| !below.keys.starts_with(&keys));
        self.selection.entries.push(entry);
        Ok(None)
    }

    /// Keeps a path here from now on, with all in it; an error when it lies in something that is left out.
    fn include(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        path: &SyncPath,
    ) -> Result<Option<CallError>, StoreError> {
        let keys = keys_of(path);
        let above = self
            .selection
            .entries
            .iter()
            .find(|entry| entry.keys.len() < keys.len() && keys.starts_with(&entry.keys));
        if let Some(above) = above {
            return Ok(Some(CallError::new(
                Code::BadInput,
                format!(
                    "\"{0}\" is not kept here as a whole. Include \"/{1}\" and exclude what else of it you do not want.",
                    shown(path),
                    above.row.path.trim_start_matches('/'),
                ),
            )));
        }
        let (again, rest): (Vec<Entry>, Vec<Entry>) =
            self.selection.entries.drain(..).partition(|entry| entry.keys.starts_with(&keys));
        self.selection.entries = rest;
        for entry in &again {
            if let LeftOutStage::Going { node } = entry.row.stage {
                // As in a first sync: what both sides agreed on before says nothing now.
                for id in tx.local_subtree(node)?.into_iter().chain(tx.synced_subtree(node)?) {
                    tx.remove_synced(id)?;
                }
            }
        }
        if !again.is_empty() {
            // What lies in it nobody told of: everything is listed again, and nothing is planned before.
            self.owe_listing(tx)?;
            self.look_at_dropbox();
            self.remote.next_page_ms = now.ms;
        }
        Ok(None)
    }

    /// Looks again at what stands in the places that are no longer left out.
    fn meet_again(&mut self, tx: &mut Tx<'_>, now: Now, before: &[Entry]) -> Result<(), StoreError> {
        for entry in before {
            let is_still_out = self.selection.entries.iter().any(|known| entry.keys.starts_with(&known.keys));
            let Some((_, above)) = entry.keys.split_last().filter(|_| !is_still_out) else { continue };
            let mut folder = NodeId::ROOT;
            for key in above {
                match tx.local_by_key(folder, key)?.into_iter().next() {
                    Some(row) => folder = row.id,
                    None => break,
                }
            }
            self.local.look_later(now, folder, 0);
        }
        Ok(())
    }

    /// Says what is left out, or how it stands with these paths.
    pub(in super::super) fn selected(
        &mut self,
        tx: &mut Tx<'_>,
        paths: &[String],
    ) -> Result<Answer, StoreError> {
        let mut views = Vec::new();
        if paths.is_empty() {
            for at in 0..self.selection.entries.len() {
                views.push(self.view_of_entry(tx, at)?);
            }
            views.sort_by(|a, b| a.path.cmp(&b.path));
        }
        for text in paths {
            match parse_any(text) {
                Ok(path) => match self.view_of_path(tx, &path)? {
                    Ok(view) => views.push(view),
                    Err(error) => return Ok(Err(error)),
                },
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(serde_json::to_value(&views).expect("BUG: a view is plain data")))
    }

    fn view_of_entry(&self, tx: &Tx<'_>, at: usize) -> Result<SelectionView, StoreError> {
        let entry = &self.selection.entries[at];
        let (remote, local) = self.nodes_of(tx, at)?;
        let leaves = matches!((entry.row.stage, &local), (LeftOutStage::Wanted { .. }, Some(_)))
            || matches!(entry.row.stage, LeftOutStage::Going { .. });
        let waits = matches!(entry.row.stage, LeftOutStage::Wanted { keep_unsynced: false });
        let waiting = match &local {
            Some(row) if waits => self.unsynced_below(tx, row.id)?,
            _ => 0,
        };
        Ok(SelectionView {
            workspace: self.config.workspace.clone(),
            path: format!("/{}", entry.row.path.trim_start_matches('/')),
            state: if leaves { SelectionState::Leaving } else { SelectionState::NotHere },
            waiting,
            is_at_dropbox: remote.is_some_and(|row| row.kind != RemoteKind::Symlink),
        })
    }

    fn view_of_path(
        &mut self,
        tx: &mut Tx<'_>,
        path: &SyncPath,
    ) -> Result<Result<SelectionView, CallError>, StoreError> {
        let keys = keys_of(path);
        if let Some(at) = self.selection.entries.iter().position(|entry| keys.starts_with(&entry.keys)) {
            let view = self.view_of_entry(tx, at)?;
            return Ok(Ok(SelectionView { path: shown(path), ..view }));
        }
        let mut at = NodeId::ROOT;
        for key in &keys {
            let remote = tx.remote_child(at, key)?.map(|row| row.id);
            let found = remote.or(tx.local_by_key(at, key)?.into_iter().next().map(|row| row.id));
            let Some(id) = found else {
                return Ok(Err(CallError::new(
                    Code::NotFound,
                    format!("There is nothing at \"{}\" in this workspace.", shown(path)),
                )));
            };
            at = id;
        }
        let is_partly = self.selection.entries.iter().any(|entry| entry.keys.starts_with(&keys));
        Ok(Ok(SelectionView {
            workspace: self.config.workspace.clone(),
            path: shown(path),
            state: if is_partly { SelectionState::Partly } else { SelectionState::Here },
            waiting: 0,
            is_at_dropbox: at == NodeId::ROOT || tx.remote(at)?.is_some(),
        }))
    }
}

fn texts(entries: &[Entry]) -> Vec<LeftOut> {
    entries.iter().map(|entry| entry.row.clone()).collect()
}

fn shown(path: &SyncPath) -> String {
    format!("/{}", path.to_string().trim_start_matches('/'))
}

fn parse_any(text: &str) -> Result<SyncPath, CallError> {
    SyncPath::parse(text)
        .map_err(|error| CallError::new(Code::BadInput, format!("{text:?} is no path at Dropbox: {error}.")))
}

/// Reads a path that may be left out.
fn parse(text: &str) -> Result<SyncPath, CallError> {
    let path = parse_any(text)?;
    match path.is_root() {
        false => Ok(path),
        true => Err(CallError::new(
            Code::BadInput,
            "Not all of a workspace can be left out or chosen at once; to stop syncing it, pause or remove it.",
        )),
    }
}

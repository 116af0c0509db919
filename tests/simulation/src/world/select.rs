//! A person chooses now and then what is kept on this computer.
//!
//! What is left out is judged twice: at rest with it, when everything else must be equal, and after all of it was
//! chosen again, when everything must be.

use engine::core::{Event, Request, Select};
use sync_core::{Name, SyncPath};

use super::{Run, Violation, World};
use crate::oracle;

/// Choices, in thousandths of turns.
pub(super) const PERMILLE: usize = 25;

impl World {
    /// The person chooses what is kept here now and then.
    pub fn choose_at_times(&mut self) {
        self.selects = true;
    }

    /// Leaves something out, or keeps something again.
    pub(super) fn choose(&mut self) -> Run {
        self.is_strict = false;
        let out = self.selection()?;
        let keep = !out.is_empty() && self.chance.below(3) == 2;
        let mut from: Vec<String> = oracle::remote_tree(&self.cloud)
            .into_keys()
            .chain(oracle::local_tree(&self.disk.computer()).0.into_keys())
            .filter_map(|path| String::from_utf8(path).ok())
            .collect();
        from.sort_unstable();
        from.dedup();
        let from = if keep { out } else { from };
        if from.is_empty() {
            return Ok(());
        }
        let path = self.chance.pick(&from).clone();
        let keep_unsynced = self.chance.below(4) == 3;
        self.note(|| {
            format!(
                "person: {} {path} (keeping the unsynced: {keep_unsynced})",
                if keep { "keeps" } else { "leaves out" }
            )
        });
        self.disk.computer().fault(if keep { "something is kept again" } else { "something is left out" });
        let select = Select { keep, paths: vec![path], keep_unsynced };
        self.hand_in(vec![Event::Ask { id: 3, request: Request::Select(select) }])
    }

    /// Everything is kept here again, and everything must be equal then.
    pub(super) fn keep_all_again(&mut self) -> Run {
        self.is_strict = false;
        let paths = self.selection()?;
        if !paths.is_empty() {
            self.note(|| "person: keeps all again".into());
            let select = Select { keep: true, paths, keep_unsynced: false };
            self.hand_in(vec![Event::Ask { id: 3, request: Request::Select(select) }])?;
            self.rest()?;
        }
        match self.selection()?.is_empty() {
            true => Ok(()),
            false => Err(Violation("something is left out although all was chosen".into())),
        }
    }

    /// Folded paths of what is left out.
    pub(super) fn left_out(&mut self) -> Run<Vec<Vec<u8>>> {
        let paths = if self.selects { self.selection()? } else { Vec::new() };
        let fold = |path: &String| {
            let names = SyncPath::parse(path).map(|path| path.names().to_vec()).unwrap_or_default();
            names.iter().flat_map(|name: &Name| [b"/", name.key().as_bytes()].concat()).collect()
        };
        Ok(paths.iter().map(fold).collect())
    }

    fn selection(&mut self) -> Run<Vec<String>> {
        self.replies.clear();
        self.hand_in(vec![Event::Ask { id: 4, request: Request::Selected(Vec::new()) }])?;
        let Some(views) = self.replies.pop() else { return Ok(Vec::new()) };
        let views = views.as_array().cloned().unwrap_or_default();
        Ok(views.iter().filter_map(|view| view["path"].as_str().map(str::to_owned)).collect())
    }
}

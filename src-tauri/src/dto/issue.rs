//! What changed, what does not sync, and what waits for a person.

use engine::api::{self, UndoView};
use serde::{Deserialize, Serialize};
use specta::Type;

use super::Direction;

/// Something that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Activity {
    /// Number, rising with time; of this workspace.
    pub id: i64,
    /// When.
    pub time: String,
    /// Workspace id.
    pub workspace: String,
    /// Path below the workspace.
    pub path: String,
    /// What was done.
    pub verb: Verb,
    /// Which way the change went.
    pub direction: Option<Direction>,
    /// Bytes carried.
    pub bytes: u64,
    /// Changes of one batch belong together.
    pub batch: i64,
    /// Whether it can be undone, or was; nothing when it cannot.
    pub undo: Option<UndoView>,
}

/// What was done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// It is new.
    Added,
    /// Its content is new.
    Updated,
    /// It has another name or place.
    Moved,
    /// It is gone.
    Deleted,
    /// Both versions were kept.
    Kept,
    /// Both sides changed it.
    Conflict,
    /// What had been done was undone.
    Undone,
}

/// Something that does not sync, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Issue {
    /// Issue id.
    pub id: String,
    /// Kind of issue.
    pub code: String,
    /// Whether a person has to act.
    pub level: Level,
    /// Workspace id.
    pub workspace: String,
    /// Path below the workspace; empty when it concerns all of it.
    pub path: String,
    /// What happened and what to do.
    pub message: String,
    /// What can be done about it; the engine's list of action ids.
    pub actions: Vec<String>,
}

/// Whether a person has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Yes.
    NeedsYou,
    /// No.
    Note,
}

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// This computer.
    Local,
    /// Dropbox.
    Remote,
}

/// Deletions that wait for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Held {
    /// Id of the held deletion.
    pub id: String,
    /// Workspace id.
    pub workspace: String,
    /// Where they were deleted.
    pub deleted_on: Place,
    /// When they were found.
    pub detected_at: String,
    /// Number of files and folders.
    pub count: u64,
    /// Their share of the workspace, in percent.
    pub share_percent: u32,
    /// Their paths below the workspace.
    pub paths: Vec<String>,
    /// The folders that hold most of them, largest first.
    pub largest: Vec<HeldFolder>,
}

/// A folder and how many of the held deletions are in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct HeldFolder {
    /// Path below the workspace.
    pub folder: String,
    /// Number of files and folders.
    pub count: u64,
}

/// Folders that are named for a held deletion.
const LARGEST: usize = 3;

impl Activity {
    /// Reads what the engine tells; nothing for a verb that this version does not know.
    pub fn read(view: api::ActivityView) -> Option<Activity> {
        let verb = match view.verb.as_str() {
            "added" => Verb::Added,
            "updated" => Verb::Updated,
            "moved" => Verb::Moved,
            "deleted" => Verb::Deleted,
            "kept" => Verb::Kept,
            "conflict" => Verb::Conflict,
            "undone" => Verb::Undone,
            _ => return None,
        };
        Some(Activity {
            id: view.id,
            time: view.time,
            workspace: view.workspace,
            path: view.path,
            verb,
            direction: view.direction.map(Direction::from),
            bytes: view.bytes,
            batch: view.batch,
            undo: view.undo,
        })
    }
}

impl From<api::IssueView> for Issue {
    fn from(view: api::IssueView) -> Issue {
        // Rather ask a person once too often than stay silent about a level that is not known here.
        let level = if view.level == "note" { Level::Note } else { Level::NeedsYou };
        Issue {
            level,
            id: view.id,
            code: view.code,
            workspace: view.workspace,
            path: view.path,
            message: view.message,
            actions: view.actions,
        }
    }
}

impl Held {
    /// Reads what the engine tells; `files` is the number of files that the workspace keeps.
    pub fn read(view: api::HeldView, files: u64) -> Held {
        let all = files.max(view.count).max(1);
        Held {
            deleted_on: if view.deleted_on == "local" { Place::Local } else { Place::Remote },
            share_percent: u32::try_from(view.count.saturating_mul(100) / all).unwrap_or(100),
            largest: largest(&view.paths),
            id: view.id,
            workspace: view.workspace,
            detected_at: view.detected_at,
            count: view.count,
            paths: view.paths,
        }
    }
}

fn largest(paths: &[String]) -> Vec<HeldFolder> {
    let mut counts = std::collections::BTreeMap::<&str, u64>::new();
    for path in paths {
        if let Some((folder, _)) = path.trim_start_matches('/').split_once('/') {
            *counts.entry(folder).or_default() += 1;
        }
    }
    let mut folders: Vec<HeldFolder> =
        counts.into_iter().map(|(folder, count)| HeldFolder { folder: folder.to_owned(), count }).collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.count));
    folders.truncate(LARGEST);
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_deletions_name_their_largest_folders_and_share() {
        let paths = ["Reports/a", "Media/b", "Reports/c", "top.txt"].map(str::to_owned).to_vec();
        let view = api::HeldView {
            id: "w:1".into(),
            workspace: "w".into(),
            deleted_on: "local".into(),
            detected_at: "2025-05-12T14:05:00Z".into(),
            count: 4,
            paths,
        };
        let held = Held::read(view, 13);
        assert_eq!(held.share_percent, 30);
        let named: Vec<_> = held.largest.iter().map(|f| (f.folder.as_str(), f.count)).collect();
        assert_eq!(named, [("Reports", 2), ("Media", 1)]);
    }
}

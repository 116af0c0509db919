//! What the tray is to show: a snapshot and the last changes go in, icon, texts and menu come out.
//!
//! Pure: no clock, no Tauri. Texts come in one language, clock times in one zone.
//!
//! Rule: entries that do not apply are not there; they are never greyed. An entry keeps its [`Key`] for
//! life, so that what is there already need not be made again.

use jiff::tz::TimeZone;

use super::{
    does::{Does, PauseFor},
    line::{status_line, tooltip},
    recent,
};
use crate::{
    dto::{AccountState, Activity, AppState, Engine, Snapshot},
    i18n::Texts,
};

/// Everything the tray shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrayModel {
    /// Which of the six pictures.
    pub icon: AppState,
    /// What pointing at it shows, where that is possible.
    pub tooltip: String,
    /// The menu, from top to bottom.
    pub menu: Vec<Item>,
}

/// Where in the menu an item has its place. The order is that of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// The status line.
    Status,
    /// Conflicts that wait.
    Conflicts,
    /// Sign-ins and issues that wait.
    Issues,
    /// Link the first account.
    Link,
    /// Before the folders.
    LineAboveFolders,
    /// The folder of the only workspace.
    Folder,
    /// The folders of several workspaces.
    Folders,
    /// One of several folders.
    FolderOf(usize),
    /// The last changes.
    RecentChanges,
    /// One of them.
    Recent(usize),
    /// Said when there are none.
    NoRecent,
    /// Before "show all".
    LineAboveAll,
    /// Show all of them.
    AllActivity,
    /// Before pause.
    LineAbovePause,
    /// Pause.
    Pause,
    /// Pause for so long.
    PauseFor(PauseFor),
    /// Resume.
    Resume,
    /// Before settings.
    LineAboveSettings,
    /// Settings.
    Settings,
    /// Quit.
    Quit,
}

/// One place of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Which place.
    pub key: Key,
    /// What is there.
    pub kind: Kind,
}

/// What can be at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A line between groups.
    Separator,
    /// Something to choose.
    Entry {
        /// What it says.
        text: String,
        /// What it does.
        does: Does,
    },
    /// Something to read.
    Note {
        /// What it says.
        text: String,
    },
    /// More to choose from.
    Submenu {
        /// What it says.
        text: String,
        /// What is in it.
        items: Vec<Item>,
    },
}

impl Item {
    /// Makes an entry.
    pub fn entry(key: Key, text: String, does: Does) -> Item {
        Item { key, kind: Kind::Entry { text, does } }
    }

    fn separator(key: Key) -> Item {
        Item { key, kind: Kind::Separator }
    }

    fn submenu(key: Key, text: String, items: Vec<Item>) -> Item {
        Item { key, kind: Kind::Submenu { text, items } }
    }
}

impl TrayModel {
    /// Says what the tray is to show. `recent` has the newest first.
    pub fn of(snapshot: &Snapshot, recent: &[Activity], texts: &Texts, zone: &TimeZone) -> TrayModel {
        let line = status_line(snapshot, texts, zone);
        let tooltip = tooltip(&line, texts);
        let menu = grouped([
            (None, needs(snapshot, line, texts)),
            (Some(Key::LineAboveFolders), places(snapshot, recent, texts, zone)),
            (Some(Key::LineAbovePause), pausing(snapshot, texts)),
            (Some(Key::LineAboveSettings), always(texts)),
        ]);
        TrayModel { icon: icon(snapshot), tooltip, menu }
    }

    /// Finds what the entry at a place does now.
    pub fn find(&self, is_place: impl Fn(Key) -> bool) -> Option<&Does> {
        find(&self.menu, &is_place)
    }
}

fn find<'a>(items: &'a [Item], is_place: &dyn Fn(Key) -> bool) -> Option<&'a Does> {
    items.iter().find_map(|item| match &item.kind {
        Kind::Entry { does, .. } if is_place(item.key) => Some(does),
        Kind::Submenu { items, .. } => find(items, is_place),
        _ => None,
    })
}

/// Puts lines between groups that have something in them.
fn grouped<const N: usize>(groups: [(Option<Key>, Vec<Item>); N]) -> Vec<Item> {
    let mut menu = Vec::new();
    for (line, group) in groups {
        if let Some(key) = line.filter(|_| !group.is_empty()) {
            menu.push(Item::separator(key));
        }
        menu.extend(group);
    }
    menu
}

fn icon(snapshot: &Snapshot) -> AppState {
    match snapshot.engine {
        Engine::Running => snapshot.state,
        Engine::Starting => AppState::Syncing,
        Engine::NotAnswering | Engine::OwnedByOther { .. } | Engine::Failed { .. } => AppState::Attention,
    }
}

/// True when the engine can be asked for anything.
fn answers(snapshot: &Snapshot) -> bool {
    snapshot.engine == Engine::Running
}

fn is_linked(snapshot: &Snapshot) -> bool {
    answers(snapshot) && snapshot.state != AppState::NotLinked
}

fn needs(snapshot: &Snapshot, line: String, texts: &Texts) -> Vec<Item> {
    let mut items = vec![Item::entry(Key::Status, line, Does::ShowOverview)];
    if !answers(snapshot) {
        return items;
    }
    if snapshot.state == AppState::NotLinked {
        items.push(Item::entry(Key::Link, texts.say("tray.link", &[]), Does::Link));
        return items;
    }
    if snapshot.conflicts > 0 {
        let text = texts.say("tray.conflicts", &[("n", u64::from(snapshot.conflicts).into())]);
        items.push(Item::entry(Key::Conflicts, text, Does::ShowConflicts));
    }
    items.extend(issues(snapshot, texts));
    items
}

/// The one slot for everything that needs a person and is no conflict.
fn issues(snapshot: &Snapshot, texts: &Texts) -> Option<Item> {
    let n = snapshot.needs_you.saturating_sub(snapshot.conflicts);
    let sign_in = snapshot.accounts.iter().find(|account| account.state == AccountState::NeedsSignIn);
    match (n, sign_in) {
        (0, _) => None,
        (1, Some(account)) => {
            let text = texts.say("tray.sign_in", &[("email", account.email.as_str().into())]);
            Some(Item::entry(Key::Issues, text, Does::SignIn { account: account.id.clone() }))
        }
        (n, _) => {
            let text = texts.say("tray.issues", &[("n", u64::from(n).into())]);
            Some(Item::entry(Key::Issues, text, Does::ShowIssues))
        }
    }
}

fn places(snapshot: &Snapshot, activity: &[Activity], texts: &Texts, zone: &TimeZone) -> Vec<Item> {
    if !is_linked(snapshot) {
        return Vec::new();
    }
    let mut items = Vec::new();
    items.extend(folders(snapshot, texts));
    let mut recent = recent::entries(activity, texts, zone);
    if recent.is_empty() {
        let text = texts.say("tray.recent.none", &[]);
        recent.push(Item { key: Key::NoRecent, kind: Kind::Note { text } });
    }
    recent.push(Item::separator(Key::LineAboveAll));
    recent.push(Item::entry(Key::AllActivity, texts.say("tray.recent.all", &[]), Does::ShowActivity));
    items.push(Item::submenu(Key::RecentChanges, texts.say("tray.recent", &[]), recent));
    items
}

fn folders(snapshot: &Snapshot, texts: &Texts) -> Option<Item> {
    let opens = |id: &str| Does::OpenFolder { workspace: id.to_owned() };
    match snapshot.workspaces.as_slice() {
        [] => None,
        [only] => {
            let name = recent::shown_name(&only.name);
            let text = texts.say("tray.folder", &[("workspace", name.into())]);
            Some(Item::entry(Key::Folder, text, opens(&only.id)))
        }
        several => {
            let entry = |(number, workspace): (usize, &crate::dto::Workspace)| {
                let name = recent::shown_name(&workspace.name);
                Item::entry(Key::FolderOf(number), name, opens(&workspace.id))
            };
            let entries = several.iter().enumerate().map(entry).collect();
            Some(Item::submenu(Key::Folders, texts.say("tray.folders", &[]), entries))
        }
    }
}

fn pausing(snapshot: &Snapshot, texts: &Texts) -> Vec<Item> {
    // Without a workspace there is nothing to pause.
    if !is_linked(snapshot) || snapshot.workspaces.is_empty() {
        return Vec::new();
    }
    let all_paused = snapshot.paused_workspaces as usize >= snapshot.workspaces.len();
    if snapshot.state == AppState::Paused || all_paused {
        return vec![Item::entry(Key::Resume, texts.say("tray.resume", &[]), Does::Resume)];
    }
    let entry = |how_long, text: &str| {
        Item::entry(Key::PauseFor(how_long), texts.say(text, &[]), Does::Pause(how_long))
    };
    let entries = vec![
        entry(PauseFor::Quarter, "tray.pause.quarter"),
        entry(PauseFor::Hour, "tray.pause.hour"),
        entry(PauseFor::Tomorrow, "tray.pause.tomorrow"),
        entry(PauseFor::Open, "tray.pause.open"),
    ];
    vec![Item::submenu(Key::Pause, texts.say("tray.pause", &[]), entries)]
}

fn always(texts: &Texts) -> Vec<Item> {
    vec![
        Item::entry(Key::Settings, texts.say("tray.settings", &[]), Does::ShowSettings),
        Item::entry(Key::Quit, texts.say("tray.quit", &[]), Does::Quit),
    ]
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;

//! What a notification says and offers.
//!
//! Rule: the title alone must be understood, and no content of a file is ever in it. With names hidden, no
//! name of a file is either.

use std::collections::BTreeSet;

use crate::{
    dto::{Conflict, Held, Place},
    i18n::Texts,
    tray::{Does, shown_name},
};

/// A notification. One with the same id takes the place of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub id: NoticeId,
    /// The line that must do alone.
    pub title: String,
    /// More, where it is shown; may be empty.
    pub body: String,
    /// What a click does.
    pub click: Does,
    /// Buttons, where the system has them: text and what it does.
    pub buttons: Vec<(String, Does)>,
}

/// What a notification is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoticeId {
    /// Conflicts of a workspace.
    Conflicts(String),
    /// One kind of need in one workspace or account.
    Need(Need),
    /// Changes of others in a workspace.
    Changes(String),
    /// The first sync of a workspace is over.
    FirstSync(String),
    /// A person wants to see one.
    Test,
}

/// What needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Need {
    /// An account has to be signed in again.
    SignIn(String),
    /// Deletions wait.
    Held(String),
    /// Issues of one code in one workspace.
    Issue {
        /// Workspace id.
        workspace: String,
        /// Code of the issues.
        code: String,
    },
}

/// Makes texts in one language.
pub struct Wording<'a> {
    /// The language.
    pub texts: &'a Texts,
    /// No file names.
    pub hide_names: bool,
}

impl Wording<'_> {
    /// Conflicts that were just found; there is at least one.
    pub fn conflicts(&self, workspace: (&str, &str), fresh: &[&Conflict]) -> Notice {
        let title = match fresh {
            [only] if !self.hide_names => {
                self.texts.say("notify.conflict.one", &[("name", file_name(&only.path).into())])
            }
            several => self.texts.say("notify.conflict.many", &[("n", count(several.len()))]),
        };
        let body = self.texts.say("notify.conflict.where", &[("workspace", shown_name(workspace.1).into())]);
        self.about_conflicts(workspace.0, title, body, fresh)
    }

    /// All conflicts that wait, when some were told of before.
    pub fn conflicts_in_all(&self, workspace: (&str, &str), all: &[&Conflict]) -> Notice {
        let arguments = [("workspace", shown_name(workspace.1).into()), ("n", count(all.len()))];
        let title = self.texts.say("notify.conflict.total", &arguments);
        self.about_conflicts(workspace.0, title, String::new(), all)
    }

    fn about_conflicts(&self, workspace: &str, title: String, body: String, about: &[&Conflict]) -> Notice {
        let conflicts = about.iter().map(|conflict| conflict.id.clone()).collect();
        Notice {
            id: NoticeId::Conflicts(workspace.to_owned()),
            title,
            body,
            click: Does::ShowConflicts,
            buttons: vec![
                (self.texts.say("notify.conflict.review", &[]), Does::ShowConflicts),
                (self.texts.say("notify.conflict.keep_both", &[]), Does::KeepBoth { conflicts }),
            ],
        }
    }

    /// An account that has to be signed in again.
    pub fn sign_in(&self, account: &str, email: &str) -> Notice {
        let title = self.texts.say("notify.needs_you.sign_in", &[("email", email.into())]);
        let body = self.texts.say("notify.needs_you.sign_in.why", &[]);
        let does = Does::SignIn { account: account.to_owned() };
        self.need(Need::SignIn(account.to_owned()), title, body, does)
    }

    /// Deletions that wait.
    pub fn held(&self, workspace_name: &str, held: &Held) -> Notice {
        let arguments = [("workspace", shown_name(workspace_name).into()), ("n", held.count.into())];
        let title = self.texts.say("notify.needs_you.held", &arguments);
        let body = match held.deleted_on {
            Place::Local => self.texts.say("notify.needs_you.held.local", &[]),
            Place::Remote => self.texts.say("notify.needs_you.held.remote", &[]),
        };
        self.need(Need::Held(held.id.clone()), title, body, Does::ShowHeld { id: held.id.clone() })
    }

    /// Issues of one code in one workspace, by their ids.
    pub fn issues(&self, workspace: (&str, &str), code: &str, ids: &BTreeSet<String>) -> Notice {
        let arguments = [("workspace", shown_name(workspace.1).into()), ("n", count(ids.len()))];
        let title = self.texts.say(issue_key(code), &arguments);
        let does = match ids.first() {
            Some(id) if ids.len() == 1 => {
                Does::ShowIssue { workspace: workspace.0.to_owned(), id: id.clone() }
            }
            _ => Does::ShowIssues,
        };
        let need = Need::Issue { workspace: workspace.0.to_owned(), code: code.to_owned() };
        self.need(need, title, String::new(), does)
    }

    fn need(&self, need: Need, title: String, body: String, does: Does) -> Notice {
        let buttons = vec![(self.texts.say("notify.needs_you.open", &[]), does.clone())];
        Notice { id: NoticeId::Need(need), title, body, click: does, buttons }
    }

    /// Files that were changed at Dropbox; there is at least one path.
    pub fn changes(&self, workspace: (&str, &str), paths: &[&str]) -> Notice {
        let (id, name) = workspace;
        let title = match paths {
            [only] if !self.hide_names => {
                self.texts.say("notify.changes.one", &[("name", file_name(only).into())])
            }
            several => {
                let arguments = [("n", count(several.len())), ("workspace", shown_name(name).into())];
                self.texts.say("notify.changes.many", &arguments)
            }
        };
        let show = match paths {
            [only] => Does::ShowInFolder { workspace: id.to_owned(), path: (*only).to_owned() },
            _ => Does::OpenFolder { workspace: id.to_owned() },
        };
        Notice {
            id: NoticeId::Changes(id.to_owned()),
            title,
            body: String::new(),
            click: Does::ShowActivity,
            buttons: vec![(self.texts.say("notify.changes.show", &[]), show)],
        }
    }

    /// The first sync is over.
    pub fn first_sync(&self, workspace: (&str, &str), files: u64) -> Notice {
        let (id, name) = workspace;
        let arguments = [("workspace", shown_name(name).into()), ("n", files.into())];
        Notice {
            id: NoticeId::FirstSync(id.to_owned()),
            title: self.texts.say("notify.first_sync", &arguments),
            body: String::new(),
            click: Does::OpenFolder { workspace: id.to_owned() },
            buttons: Vec::new(),
        }
    }

    /// One that only shows that they work.
    pub fn test(&self) -> Notice {
        Notice {
            id: NoticeId::Test,
            title: self.texts.say("notify.test", &[]),
            body: String::new(),
            click: Does::ShowOverview,
            buttons: Vec::new(),
        }
    }
}

fn issue_key(code: &str) -> &'static str {
    match code {
        "folder_missing" | "folder_empty" | "marker_missing" => "notify.needs_you.folder_missing",
        "disk_full" => "notify.needs_you.disk_full",
        "disk_read_only" => "notify.needs_you.disk_read_only",
        "quota_full" => "notify.needs_you.quota_full",
        "db_damaged" => "notify.needs_you.db_damaged",
        "case_clash" => "notify.needs_you.case_clash",
        "watch_limit" => "notify.needs_you.watch_limit",
        _ => "notify.needs_you.other",
    }
}

fn count(n: usize) -> formatjs_icu_messageformat::Value {
    (n as u64).into()
}

fn file_name(path: &str) -> String {
    shown_name(path.trim_end_matches('/').rsplit('/').next().unwrap_or(path))
}

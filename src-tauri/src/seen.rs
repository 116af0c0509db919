//! Remembers which versions of a conflict were shown last, so that a decision is never carried out on others.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use engine::api::{ConflictView, Seen};

/// The versions that were listed last, by conflict id.
#[derive(Debug, Default)]
pub struct SeenVersions(Mutex<HashMap<String, Seen>>);

impl SeenVersions {
    /// Takes in a list that is about to be shown.
    pub fn remember(&self, views: &[ConflictView]) {
        *self.all() = views.iter().map(|view| (view.id.clone(), versions(view))).collect();
    }

    /// Returns what was shown of a conflict; nothing when it was never listed.
    pub fn of(&self, id: &str) -> Seen {
        self.all().get(id).cloned().unwrap_or_default()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn versions(view: &ConflictView) -> Seen {
    Seen {
        local_hash: view.local.as_ref().and_then(|version| version.content_hash.clone()),
        remote_rev: view.remote.as_ref().and_then(|version| version.rev.clone()),
    }
}

#[cfg(test)]
mod tests {
    use engine::api::VersionView;

    use super::*;

    fn conflict(rev: &str) -> ConflictView {
        let version = |hash: &str| VersionView {
            rev: Some(rev.to_owned()),
            content_hash: Some(hash.to_owned()),
            ..VersionView::default()
        };
        ConflictView {
            id: "w:1".into(),
            workspace: "w".into(),
            path: "a".into(),
            kind: "edit_edit".into(),
            detected_at: String::new(),
            keep_both_at: None,
            local: Some(version("here")),
            remote: Some(version("there")),
            base: None,
        }
    }

    #[test]
    fn a_decision_is_about_the_versions_that_were_listed_last() {
        let seen = SeenVersions::default();
        assert_eq!(seen.of("w:1"), Seen::default(), "never listed");
        seen.remember(&[conflict("r1")]);
        seen.remember(&[conflict("r2")]);
        let last = Seen { local_hash: Some("here".into()), remote_rev: Some("r2".into()) };
        assert_eq!(seen.of("w:1"), last);
        seen.remember(&[]);
        assert_eq!(seen.of("w:1"), Seen::default(), "it is gone");
    }
}

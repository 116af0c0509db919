//! Names of the people who changed files in shared folders.
//!
//! The feed tells account ids; names are asked for once and remembered while the program runs.
//!
//! Rule: nobody waits long for a name, and an id is never shown in its place.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use dropbox_client::Client;
use tokio::time::Instant;

/// How long a list waits for names that are not known yet.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long an account without an answer is not asked about again.
const REST: Duration = Duration::from_secs(600);

/// What is known about accounts, by their id.
#[derive(Default)]
pub(super) struct People {
    known: Mutex<BTreeMap<String, Known>>,
}

enum Known {
    Name(String),
    /// Asked for at this time, without an answer.
    Asked(Instant),
}

impl People {
    /// Returns the name of an account that is not our own, if it can be found out soon.
    pub(super) async fn name(&self, client: &Client, id: &str) -> Option<String> {
        if let Some(answer) = self.remembered(id) {
            return answer;
        }
        self.remember(id, Known::Asked(Instant::now()));
        let name = tokio::time::timeout(PATIENCE, client.account_name(id)).await.ok()?.ok()?;
        self.remember(id, Known::Name(name.clone()));
        Some(name)
    }

    /// Returns the answer that needs no question: a name, or that there is none for now.
    fn remembered(&self, id: &str) -> Option<Option<String>> {
        let known = self.known.lock().expect("BUG: nothing panics while it is held");
        match known.get(id)? {
            Known::Name(name) => Some(Some(name.clone())),
            Known::Asked(at) => (at.elapsed() < REST).then_some(None),
        }
    }

    fn remember(&self, id: &str, what: Known) {
        let mut known = self.known.lock().expect("BUG: nothing panics while it is held");
        known.insert(id.to_owned(), what);
    }
}

//! Keeps accounts on disk: a snapshot, and a journal of what changed since.
//!
//! A change is appended to the journal before its answer leaves; a torn last line is the change that was
//! never answered. At start the journal is folded into a new snapshot.
//!
//! Rule: the snapshot is replaced as a whole, and names the only journal that continues it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::disk::replace_file;
use crate::state::Account;
use crate::state::mutation::Mutation;

/// The journal of a service with a data folder.
pub(crate) struct Journal {
    file: File,
}

#[derive(Serialize, Deserialize)]
struct Snapshot {
    /// Which journal continues this.
    run: u64,
    accounts: Vec<Account>,
}

impl Journal {
    /// Reads the accounts of an earlier run, or takes fresh ones.
    ///
    /// Fails when the folder holds something that this version cannot read.
    pub fn open(folder: &Path, fresh: Vec<Account>) -> anyhow::Result<(Vec<Account>, Journal)> {
        fs::create_dir_all(folder)?;
        let place = folder.join("accounts.json");
        let (run, mut accounts) = match fs::read(&place) {
            Ok(bytes) => {
                let snapshot: Snapshot = serde_json::from_slice(&bytes).context("accounts.json")?;
                let accounts = replay(folder, snapshot, &fresh)?;
                (accounts.0, accounts.1)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (0, fresh),
            Err(error) => return Err(error).context("accounts.json"),
        };
        let next = run + 1;
        let snapshot = Snapshot { run: next, accounts };
        // The new journal is there before the snapshot that names it.
        let file = File::create(journal_path(folder, next))?;
        replace_file(&place, &serde_json::to_vec(&snapshot)?)?;
        // Left-overs of earlier runs hold nothing any more.
        let _ = fs::remove_file(journal_path(folder, run));
        accounts = snapshot.accounts;
        accounts.iter_mut().for_each(Account::keep_journal);
        Ok((accounts, Journal { file }))
    }

    /// Appends what changed in an account; one write, so that a change is there as a whole or not at all.
    pub fn append(&mut self, account: usize, mutations: &[Mutation]) -> io::Result<()> {
        if mutations.is_empty() {
            return Ok(());
        }
        let mut line = serde_json::to_vec(&(account, mutations))?;
        line.push(b'\n');
        self.file.write_all(&line)
    }
}

fn replay(folder: &Path, snapshot: Snapshot, fresh: &[Account]) -> anyhow::Result<(u64, Vec<Account>)> {
    let mut accounts = snapshot.accounts;
    // Accounts that the options added since come behind those that were there.
    accounts.extend(fresh.iter().skip(accounts.len()).cloned());
    for (account, fresh) in accounts.iter_mut().zip(fresh) {
        account.switches = fresh.switches.clone();
        account.rebuild();
    }
    let file =
        OpenOptions::new().read(true).open(journal_path(folder, snapshot.run)).context("the journal")?;
    for line in BufReader::new(file).lines() {
        let Ok((account, mutations)) = serde_json::from_str::<(usize, Vec<Mutation>)>(&line?) else {
            break;
        };
        let account = accounts.get_mut(account).context("the journal names an unknown account")?;
        mutations.into_iter().for_each(|mutation| account.apply(mutation));
    }
    Ok((snapshot.run, accounts))
}

fn journal_path(folder: &Path, run: u64) -> PathBuf {
    folder.join(format!("journal-{run}.jsonl"))
}

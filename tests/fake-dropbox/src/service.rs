//! The one thing that all requests share: accounts, blocks, grants, wire, clock.
//!
//! Rule: every change of an account goes through [`Service::write`], which puts it on disk before the
//! answer leaves and wakes whoever waits for news.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::Context as _;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::content::BlockStore;
use crate::links::LinkStore;
use crate::oauth::{Person, SignIn};
use crate::options::{self, App, Options};
use crate::persist::Journal;
use crate::state::Account;
use crate::switches::Switches;
use crate::traffic::Traffic;

/// A running service without its HTTP.
pub(crate) struct Service {
    pub origin: String,
    pub apps: Vec<App>,
    pub people: Vec<options::Account>,
    pub blocks: BlockStore,
    pub clock: Clock,
    pub sign_in: SignIn,
    pub traffic: Traffic,
    pub links: LinkStore,
    // A standard mutex: it is never held across an await.
    accounts: Mutex<Vec<Account>>,
    journal: Mutex<Option<Journal>>,
    switches: Mutex<Switches>,
    changed: watch::Sender<u64>,
    /// Longpolls that wait at this moment.
    waiting: AtomicU64,
    /// Longpolls that wake for nothing.
    false_alarms: AtomicU64,
    drawn: AtomicU64,
    seed: u64,
}

impl Service {
    /// Opens the data folder, if there is one, and the accounts in it.
    pub fn open(options: &Options, origin: String) -> anyhow::Result<Service> {
        let data = options.data.as_deref();
        let blocks = match data {
            Some(folder) => BlockStore::folder(folder.join("blocks")).context("the data folder")?,
            None => BlockStore::memory(),
        };
        let fresh: Vec<Account> = (1..)
            .zip(&options.accounts)
            .map(|(n, person)| {
                Account::new(n, &person.name, person.quota, options.seed, options.switches.clone())
            })
            .collect();
        let (accounts, journal) = match data {
            Some(folder) => {
                let (accounts, journal) = Journal::open(folder, fresh)?;
                (accounts, Some(journal))
            }
            None => (fresh, None),
        };
        let people = options.accounts.iter().zip(&accounts).map(|(person, account)| Person {
            account_id: account.account_id.clone(),
            email: person.email.clone(),
            password: person.password.clone(),
        });
        let sign_in = SignIn::open(
            options.apps.clone(),
            people.collect(),
            options.seed,
            options.clock.clone(),
            data.map(|folder| folder.join("grants.json")),
        )?;
        Ok(Service {
            origin,
            apps: options.apps.clone(),
            people: options.accounts.clone(),
            blocks,
            clock: options.clock.clone(),
            sign_in,
            traffic: Traffic::default(),
            links: LinkStore::open(options.seed, data.map(|folder| folder.join("links.json")))?,
            accounts: Mutex::new(accounts),
            journal: Mutex::new(journal),
            switches: Mutex::new(options.switches.clone()),
            changed: watch::Sender::new(0),
            waiting: AtomicU64::new(0),
            false_alarms: AtomicU64::new(0),
            drawn: AtomicU64::new(0),
            seed: options.seed,
        })
    }

    /// Returns a refresh token of the first account for the first app.
    pub fn provision(&self) -> anyhow::Result<String> {
        let app = self.apps.first().context("a service needs an app")?;
        let account_id = self.account_ids().first().cloned().context("a service needs an account")?;
        Ok(self.sign_in.provision(&app.key, &account_id)?)
    }

    /// Returns the ids of all accounts, in the order of the options.
    pub fn account_ids(&self) -> Vec<String> {
        self.lock().iter().map(|account| account.account_id.clone()).collect()
    }

    /// Looks at an account.
    pub fn read<T>(&self, account_id: &str, look: impl FnOnce(&Account) -> T) -> T {
        let accounts = self.lock();
        let account = accounts.iter().find(|account| account.account_id == account_id);
        look(account.expect("BUG: tokens belong to accounts"))
    }

    /// Changes an account, puts the change on disk and wakes the longpolls.
    pub fn write<T>(&self, account_id: &str, change: impl FnOnce(&mut Account, i64) -> T) -> T {
        let now = self.clock.now_secs();
        let result = {
            let mut accounts = self.lock();
            let at = accounts.iter().position(|account| account.account_id == account_id);
            let at = at.expect("BUG: tokens belong to accounts");
            let result = change(&mut accounts[at], now);
            let mutations = accounts[at].take_journal();
            if let Some(journal) = self.journal.lock().expect("BUG: nothing panics in the journal").as_mut()
                && let Err(error) = journal.append(at, &mutations)
            {
                // Answering anything would be a lie; a service that cannot write stops.
                panic!("the journal cannot be written: {error}");
            }
            result
        };
        self.wake();
        result
    }

    /// Wakes whoever waits for news.
    pub fn wake(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Returns a receiver that is told of every change from now on.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Counts a longpoll until the guard is dropped.
    pub fn wait_here(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        Waiting(&self.waiting)
    }

    /// Returns how many longpolls wait at this moment.
    pub fn longpolls_waiting(&self) -> u64 {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Wakes every longpoll that waits now, although nothing changed.
    pub fn raise_false_alarm(&self) {
        self.false_alarms.fetch_add(1, Ordering::SeqCst);
        self.wake();
    }

    /// Returns how many false alarms there were.
    pub fn false_alarms(&self) -> u64 {
        self.false_alarms.load(Ordering::SeqCst)
    }

    /// Returns the switches as they are now.
    pub fn switches(&self) -> Switches {
        self.switches.lock().expect("BUG: nothing panics in the switches").clone()
    }

    /// Sets all switches.
    pub fn set_switches(&self, switches: Switches) {
        for account in self.lock().iter_mut() {
            account.switches = switches.clone();
        }
        *self.switches.lock().expect("BUG: nothing panics in the switches") = switches;
        self.wake();
    }

    /// Draws the next number of the seeded stream for jitter and request ids.
    pub fn draw(&self) -> u64 {
        // SplitMix64: enough for numbers that nobody relies on.
        let n = self.drawn.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let mut x = self.seed.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Account>> {
        self.accounts.lock().expect("BUG: nothing panics while it holds the accounts")
    }
}

/// A longpoll that waits; also ends when its client goes away.
pub(crate) struct Waiting<'a>(&'a AtomicU64);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A service that requests share.
pub(crate) type Shared = Arc<Service>;

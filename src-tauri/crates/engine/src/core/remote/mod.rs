//! Observes Dropbox: asks for pages of the change feed, waits for changes, and knows when it has heard everything.
//!
//! Rule: a page and its cursor are recorded together, and nothing is planned between two pages.

mod entries;

use std::collections::{BTreeMap, BTreeSet};

use dropbox_client::{ClientError, Longpoll, Page};
use store::{Intent, Listing, StoreError, Tx};
use sync_core::{NameKey, NodeId};

use self::entries::{MOVED_FOLDER, Moved, misses_children};
use super::{Command, Loop, Now};

/// A plain look at the feed although the long poll reports nothing: the safety net of a lost wake-up.
const SAFETY_NET_MS: u64 = 30 * 60 * 1000;

/// Longest wait for the next long poll after several that reported changes of which the feed knew nothing.
const MOST_FALSE_ALARM_MS: u64 = 10_000;

/// How long an id may be away before it counts as deleted for good.
const GRACE_SECS: i64 = 120;

/// Kind of the intent to list everything again once the feed has settled.
const OWED_LISTING: &str = "owed_listing";

/// A page that was asked for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// The write counter at that time.
    writes: u64,
    /// A fresh look was wanted since: the answer may be older than what it was wanted for.
    is_outdated: bool,
}

/// Where the observation of Dropbox stands.
#[derive(Debug, Default)]
pub(super) struct RemoteSide {
    /// The next page should be fetched.
    pub(super) wants_page: bool,
    /// Not before this time.
    pub(super) next_page_ms: u64,
    /// The page under way.
    asked: Option<Asked>,
    polling: bool,
    next_poll_ms: u64,
    /// The last long poll reported changes, and the feed has not been asked for them yet.
    alarmed: bool,
    /// Alarms in a row that brought nothing.
    false_alarms: u32,
    /// Entries of the listing under way could not be understood.
    has_gaps: bool,
    /// The last page said that nothing more follows, and no write of ours came after it was asked for.
    settled: bool,
    last_page_ms: u64,
    /// Counts remote effects of ours that were recorded.
    writes: u64,
    /// One of them was recorded while a listing was under way, which may know less or more of it.
    wrote_while_listing: bool,
    /// What left its path since the feed last settled.
    buried: BTreeMap<(NodeId, NameKey), (NodeId, bool)>,
    /// What lay in folders, and was said to be gone, since the feed last settled.
    had_children: BTreeMap<NodeId, BTreeSet<NodeId>>,
    /// Counts settled looks, for requests that need a fresh one.
    pub(super) looks: u64,
}

impl RemoteSide {
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }
}

impl Loop {
    /// Fetches the next page or waits for changes, whichever is due.
    pub(super) fn follow_remote(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        if self.side.sign_in_needed {
            return Ok(());
        }
        if now.ms >= self.remote.last_page_ms + SAFETY_NET_MS {
            self.remote.wants_page = true;
        }
        match self.unanswered_end_ms(now) {
            Some(end_ms) if now.ms < end_ms => self.wake(end_ms),
            unanswered => self.remote.wants_page |= unanswered.is_some(),
        }
        if self.remote.asked.is_none() && self.remote.wants_page {
            if now.ms >= self.remote.next_page_ms {
                return self.ask_for_page(tx);
            }
            self.wake(self.remote.next_page_ms);
        }
        if self.remote.settled && !self.remote.polling && !self.config.dry_run {
            if now.ms >= self.remote.next_poll_ms {
                if let Some(cursor) = tx.cursor()? {
                    self.remote.polling = true;
                    self.commands.push(Command::Longpoll(cursor));
                }
            } else {
                self.wake(self.remote.next_poll_ms);
            }
        }
        Ok(())
    }

    /// A remote effect of ours is recorded.
    pub(super) fn note_write(&mut self, tx: &Tx<'_>) -> Result<(), StoreError> {
        self.remote.writes += 1;
        self.remote.wrote_while_listing |= !tx.listing()?.complete;
        Ok(())
    }

    /// A listing that the last run began goes on; whether something was written meanwhile nobody knows.
    pub(super) fn go_on_listing(&mut self, tx: &Tx<'_>) -> Result<(), StoreError> {
        self.remote.wrote_while_listing = !tx.listing()?.complete && tx.cursor()?.is_some();
        Ok(())
    }

    fn ask_for_page(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.remote.asked = Some(Asked { writes: self.remote.writes, is_outdated: false });
        self.commands.push(match tx.cursor()? {
            Some(cursor) => Command::Continue(cursor),
            None => {
                let listing = tx.listing()?;
                tx.set_listing(Listing { generation: listing.generation + 1, complete: false })?;
                // It will know of whatever was written before.
                self.remote.wrote_while_listing = false;
                self.own_moves.forget_left();
                Command::List
            }
        });
        Ok(())
    }

    pub(super) fn observe_page(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        result: Result<Page, ClientError>,
    ) -> Result<(), StoreError> {
        let asked = self.remote.asked.take();
        let page = match result {
            Ok(page) => page,
            Err(error) => return self.page_failed(tx, now, error),
        };
        self.reached_dropbox(tx)?;
        self.remote.last_page_ms = now.ms;
        self.remote.next_page_ms = now.ms;
        self.remote.has_gaps |= page.unreadable > 0;
        let generation = tx.listing()?.generation;
        let brought_news = !page.entries.is_empty();
        for entry in page.entries {
            self.apply_entry(tx, now, generation, entry)?;
        }
        tx.set_cursor(Some(&page.cursor))?;
        self.plan_wanted |= brought_news || !page.has_more;
        if page.has_more {
            self.remote.settled = false;
            return Ok(());
        }
        self.note_alarm(now, brought_news);
        self.settle_feed(tx, now)?;
        // A page that was asked for before a write of ours was recorded may tell an older story.
        let tells_older_story = |asked: Asked| brought_news && asked.writes != self.remote.writes;
        let is_stale = asked.is_some_and(|asked| asked.is_outdated || tells_older_story(asked));
        self.remote.settled = !is_stale && tx.cursor()?.is_some();
        if asked.is_some_and(|asked| asked.writes == self.remote.writes) {
            // It was asked for after our last write, and so has told of what that took away.
            self.own_moves.forget_left();
        }
        self.remote.wants_page = !self.remote.settled;
        self.remote.looks += u64::from(self.remote.settled);
        Ok(())
    }

    fn settle_feed(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        let listing = tx.listing()?;
        if !listing.complete {
            // What an entry that nobody could read names is unknown, not absent.
            let stale = if self.remote.has_gaps { Vec::new() } else { tx.remote_stale(listing.generation)? };
            for node in stale {
                self.bury(tx, now, node)?;
            }
            tx.set_listing(Listing { complete: true, ..listing })?;
            self.clear_workspace_issue(tx, "cursor_reset")?;
        }
        // What we wrote during a listing may be gone again, before the listing came to it.
        let mut is_suspect = std::mem::take(&mut self.remote.wrote_while_listing);
        for intent in tx.intents()? {
            is_suspect |= match intent.kind.as_str() {
                OWED_LISTING => true,
                // The service may announce a moved folder without what lies in it. Then R is not the truth either.
                MOVED_FOLDER => match serde_json::from_value::<Moved>(intent.payload) {
                    Ok(moved) => misses_children(tx, &moved)?,
                    // One that nobody can read says nothing, and a full look is always right.
                    Err(_) => true,
                },
                _ => continue,
            };
            tx.remove_intent(intent.op)?;
        }
        is_suspect |= self.misses_in_own_moves(tx)?;
        if is_suspect {
            self.list_again(tx)?;
        }
        self.forget_old_sent(tx, now)?;
        self.remote.buried.clear();
        self.remote.had_children.clear();
        tx.purge_tombstones(now.unix_secs - GRACE_SECS)
    }

    /// What the feed said can mean two things: everything is listed again once it has settled, also after a crash.
    pub(super) fn owe_listing(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let op = tx.new_op()?;
        tx.put_intent(&Intent { op, kind: OWED_LISTING.into(), payload: serde_json::Value::Null })
    }

    /// Starts a new generation of the listing; rows stay until it is complete.
    pub(super) fn list_again(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.set_cursor(None)?;
        let listing = tx.listing()?;
        tx.set_listing(Listing { complete: false, ..listing })?;
        self.remote.has_gaps = false;
        self.remote.wants_page = true;
        self.remote.settled = false;
        Ok(())
    }

    fn page_failed(&mut self, tx: &mut Tx<'_>, now: Now, error: ClientError) -> Result<(), StoreError> {
        self.remote.wants_page = true;
        match error {
            ClientError::CursorReset => {
                self.note_workspace_issue(
                    tx,
                    now,
                    "cursor_reset",
                    "Dropbox asked for a full comparison. Running now; nothing will be deleted.",
                )?;
                self.list_again(tx)
            }
            ClientError::NotFound => {
                self.note_workspace_issue(
                    tx,
                    now,
                    "remote_folder_missing",
                    "The folder of this workspace is not at Dropbox any more. Nothing was deleted on this computer. Bring it back at dropbox.com, or remove the workspace.",
                )?;
                self.list_again(tx)?;
                self.remote.next_page_ms = now.ms + 60_000;
                Ok(())
            }
            other => {
                self.remote.settled = false;
                let wait_ms = self.dropbox_unreachable(tx, now, &other)?;
                self.remote.next_page_ms = now.ms + wait_ms;
                Ok(())
            }
        }
    }

    pub(super) fn observe_longpoll(
        &mut self,
        now: Now,
        result: Result<Longpoll, ClientError>,
    ) -> Result<(), StoreError> {
        self.remote.polling = false;
        match result {
            Ok(answer) => {
                self.remote.wants_page |= answer.changes;
                self.remote.alarmed = answer.changes;
                self.remote.next_poll_ms = now.ms + answer.backoff_secs.unwrap_or(0) * 1000;
            }
            // A reset, a broken connection, a server in trouble: the feed itself tells which.
            Err(_) => {
                self.remote.wants_page = true;
                self.remote.next_page_ms = self.remote.next_page_ms.max(now.ms + 1000);
                self.remote.next_poll_ms = now.ms + 1000;
            }
        }
        Ok(())
    }

    /// A long poll that cries wolf must not make us ask without a pause. One false alarm is nothing: it also
    /// wakes for changes outside the folder.
    fn note_alarm(&mut self, now: Now, brought_news: bool) {
        let was_alarmed = std::mem::take(&mut self.remote.alarmed);
        if brought_news {
            self.remote.false_alarms = 0;
        } else if was_alarmed {
            self.remote.false_alarms = (self.remote.false_alarms + 1).min(16);
            let wait_ms = (125 << self.remote.false_alarms).min(MOST_FALSE_ALARM_MS);
            let is_often = self.remote.false_alarms > 2;
            self.remote.next_poll_ms =
                self.remote.next_poll_ms.max(now.ms + if is_often { wait_ms } else { 0 });
        }
    }

    /// Asks for a fresh look at Dropbox, because the last one is proven old.
    pub(super) fn look_at_dropbox(&mut self) {
        self.remote.wants_page = true;
        self.remote.settled = false;
        if let Some(asked) = &mut self.remote.asked {
            asked.is_outdated = true;
        }
    }
}

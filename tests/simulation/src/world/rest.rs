//! Rest: faults end, and everything must come to it and be as promised.
//!
//! Rule: what is judged here is judged with nothing under way.

use engine::api::WorkspaceState;
use engine::core::{Core, Event, Request};
use store::Index;

use super::{MOST_STEPS, REST_MS, Run, STILL_MS, Violation, World};
use crate::disk::calls::Between;
use crate::jobs::Jobs;
use crate::oracle::{self, Side};
use crate::person::local::Person;

impl World {
    /// Faults end; everything comes to rest, or the run has failed.
    pub(super) fn rest(&mut self) -> Run {
        self.note(|| "── rest ──".into());
        {
            let mut computer = self.disk.computer();
            computer.between = Between::default();
            while computer.person.is_busy() && computer.person.budget > 0 {
                Person::act(&mut computer);
            }
            Person::finish(&mut computer);
            let now_ns = computer.fs.now_ns;
            computer.watch.confess(now_ns);
        }
        while self.cloud.others.budget > 0 {
            self.others_act();
        }
        self.network = 0;
        let begin_ms = self.now_ms();
        let mut still_since = None;
        for _ in 0..MOST_STEPS {
            if self.engine_acts()? {
                self.first_violation()?;
                continue;
            }
            let now_ms = self.now_ms();
            let left_out = self.left_out()?;
            let different = oracle::differences(&self.disk.computer(), &self.cloud, &left_out);
            if self.state == WorkspaceState::Guard {
                self.decide_held()?;
                continue;
            }
            if different.is_empty() && self.state == WorkspaceState::Idle {
                let since = *still_since.get_or_insert(now_ms);
                if now_ms >= since + STILL_MS {
                    if self.cuts_power {
                        self.disk.computer().fs.settle();
                    }
                    return Ok(());
                }
                self.wait(since + STILL_MS);
                continue;
            }
            still_since = None;
            if now_ms > begin_ms + REST_MS {
                self.tell_index();
                return Err(Violation(format!("no rest ({:?}): {}", self.state, different.join("; "))));
            }
            self.wait(now_ms + 60_000);
        }
        self.tell_index();
        Err(Violation(format!("no end of work ({:?})", self.state)))
    }

    /// Tells what the engine believes, for whoever reads the trace.
    fn tell_index(&mut self) {
        let Some(mut index) = self.core.take().map(Core::into_index) else { return };
        let told = index.transaction(|tx| {
            let mut lines: Vec<String> = tx.issues()?.iter().map(|issue| format!("{issue:?}")).collect();
            for node in tx.dirty()? {
                let (remote, local, synced) = (tx.remote(node)?, tx.local(node)?, tx.synced(node)?);
                lines.push(format!("{node:?}\n  {remote:?}\n  {local:?}\n  {synced:?}"));
            }
            Ok::<_, store::StoreError>(lines)
        });
        for line in told.unwrap_or_default() {
            self.note(|| format!("index: {line}"));
        }
    }

    /// A person answers what is to happen to held deletions.
    fn decide_held(&mut self) -> Run {
        self.replies.clear();
        self.hand_in(vec![Event::Ask { id: 1, request: Request::Held }])?;
        let id = self.replies.iter().find_map(|reply| reply[0]["id"].as_str()?.parse::<i64>().ok());
        let Some(id) = id else { return Err(Violation("deletions are held, but none is shown".into())) };
        let restore = self.chance.below(2) == 1;
        self.note(|| {
            format!("person: {} the held deletions", if restore { "takes back" } else { "approves" })
        });
        self.is_strict &= !restore;
        let request = if restore { Request::HeldRestore(id) } else { Request::HeldApprove(id) };
        self.hand_in(vec![Event::Ask { id: 2, request }])
    }

    /// The promises, at rest.
    pub(super) fn check(&mut self, side: Side) -> Run {
        let mut found = oracle::missing(&self.disk.computer(), &self.cloud);
        {
            let computer = self.disk.computer();
            // Whatever was carried and not recorded may look like a person's wish after a crash, and of a move of which
            // only the first half was seen nothing is known any more.
            let is_clear = !computer.has_failed && (!self.has_crashed || side == Side::Local);
            // What is saved through another name of a displaced file, and then deleted there, comes back beside it.
            if self.is_strict && is_clear && !self.trouble.odd_names && !self.trouble.links {
                if !self.has_crashed {
                    found.extend(oracle::needless_transfers(&computer, &self.cloud, &self.before, side));
                }
                found.extend(oracle::needless_conflicts(&computer, &self.cloud, &self.before, side));
                if side == Side::Local && computer.visible_changes > 0 && !self.has_crashed {
                    found.push("the engine changed the disk although only the disk was changed".into());
                }
                if side == Side::Remote && self.cloud.engine_writes > 0 {
                    found.push("the engine changed Dropbox although only Dropbox was changed".into());
                }
            }
            found.extend(computer.violations.iter().cloned());
        }
        if let Some(text) = found.first() {
            let text = text.clone();
            self.note(|| format!("VIOLATION {text}"));
            return Err(Violation(text));
        }
        self.before = oracle::local_tree(&self.disk.computer()).0;
        if self.trouble.index_stale {
            self.take_backup()?;
        }
        Ok(())
    }

    fn take_backup(&mut self) -> Run {
        let failed = |error: store::StoreError| Violation(format!("the index cannot be copied: {error}"));
        let index = self.core.take().map(Core::into_index);
        self.backup = index.as_ref().map(Index::copy_in_memory).transpose().map_err(failed)?;
        // The process goes on as if it had been restarted cleanly.
        self.index = index;
        self.jobs = Jobs::default();
        self.mail.clear();
        self.start()?;
        self.rest()
    }

    /// At rest a restart finds nothing to do, and the list of differences is true.
    pub(super) fn restart_at_rest(&mut self) -> Run {
        self.note(|| "── restart at rest ──".into());
        self.index = self.core.take().map(Core::into_index);
        self.jobs = Jobs::default();
        self.mail.clear();
        self.launched = 0;
        self.start()?;
        self.rest()?;
        if self.launched > 0 {
            return Err(Violation(format!("a restart at rest had {} effects", self.launched)));
        }
        let mut index = self.core.take().map(Core::into_index).expect("BUG: it was just started");
        let broken = |error: store::StoreError| Violation(format!("the index cannot be read: {error}"));
        let (listed, found) = index
            .transaction(|tx| Ok::<_, store::StoreError>((tx.dirty()?, tx.recompute_dirty()?)))
            .map_err(broken)?;
        if listed != found {
            return Err(Violation(format!("the list of differences is wrong: {listed:?} but {found:?}")));
        }
        Ok(())
    }
}

//! Decides what is told, when, and when it is taken back.
//!
//! Pure: the state of the world, the rules and the time come in, deeds come out. The system's Do Not
//! Disturb is the system's business.
//!
//! Rule: one notification for a group of events, never one for each file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    notice::{Need, Notice, NoticeId, Wording},
    pace::{CHANGES, CONFLICTS, FIRST_SYNC, NEEDS, Timing},
};
use crate::{
    dto::{AccountState, Activity, Conflict, Direction, Engine, Level, Snapshot, Verb, WorkspaceState},
    i18n::Texts,
    settings::ShellSettings,
};

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Show this, in place of one with the same id.
    Show(Notice),
    /// Take it back: it is solved.
    Withdraw(NoticeId),
}

/// What a step decides.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// What to do now, in this order.
    pub deeds: Vec<Deed>,
    /// When to ask again although nothing changed. It may be past when the deeds are done: showing takes time.
    pub next: Option<Timestamp>,
}

/// What a person wants to be told of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Conflicts.
    pub conflicts: bool,
    /// What needs the person.
    pub needs_you: bool,
    /// Changes by others.
    pub changes: bool,
    /// Finished first syncs.
    pub first_sync: bool,
    /// Without file names.
    pub hide_names: bool,
    /// Nothing but needs until then.
    pub snooze_until: Option<Timestamp>,
}

impl From<&ShellSettings> for Rules {
    fn from(settings: &ShellSettings) -> Rules {
        Rules {
            conflicts: settings.notify_conflicts,
            needs_you: settings.notify_needs_you,
            changes: settings.notify_changes,
            first_sync: settings.notify_first_sync,
            hide_names: settings.hide_names,
            snooze_until: settings.snooze_until.as_deref().and_then(|time| time.parse().ok()),
        }
    }
}

/// How things are.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The mirror of the engine.
    pub snapshot: &'a Snapshot,
    /// All open conflicts.
    pub conflicts: &'a [Conflict],
}

/// Remembers what was told.
#[derive(Default)]
pub struct Policy {
    has_looked: bool,
    known_conflicts: BTreeSet<String>,
    conflicts: BTreeMap<String, Group>,
    needs: BTreeMap<Need, Group>,
    changes: BTreeMap<String, Group>,
    first_syncs: BTreeMap<String, Timing>,
}

/// Events that are told together.
#[derive(Default)]
struct Group {
    timing: Timing,
    /// Ids or paths that are not told yet; for needs, those that are there.
    members: BTreeSet<String>,
}

/// What one step needs, together.
struct Moment<'a> {
    now: Timestamp,
    world: World<'a>,
    rules: &'a Rules,
    wording: Wording<'a>,
    deeds: Vec<Deed>,
}

impl Moment<'_> {
    fn is_snoozed(&self) -> bool {
        self.rules.snooze_until.is_some_and(|until| self.now < until)
    }

    fn show(&mut self, notice: Notice) {
        self.deeds.push(Deed::Show(notice));
    }

    /// Returns id and name of a workspace; one that is gone has its id for a name.
    fn workspace<'b>(&'b self, id: &'b str) -> (&'b str, &'b str) {
        let known = self.world.snapshot.workspaces.iter().find(|workspace| workspace.id == id);
        (id, known.map_or(id, |workspace| &workspace.name))
    }

    fn is_in_first_sync(&self, id: &str) -> bool {
        self.world.snapshot.workspaces.iter().any(|workspace| workspace.id == id && workspace.first_sync)
    }
}

impl Policy {
    /// Hears of a change, as it happens.
    pub fn changed(&mut self, now: Timestamp, row: &Activity) {
        let is_change = matches!(row.verb, Verb::Added | Verb::Updated | Verb::Moved | Verb::Deleted);
        if is_change && row.direction == Some(Direction::Down) {
            let group = self.changes.entry(row.workspace.clone()).or_default();
            group.members.insert(row.path.clone());
            group.timing.wake(now, CHANGES);
        }
    }

    /// Decides what to do now. Asked again when something changed, and at [`Decided::next`].
    pub fn step(&mut self, now: Timestamp, world: World<'_>, rules: &Rules, texts: &Texts) -> Decided {
        // While an engine starts, lists are empty: nothing is solved by that.
        if world.snapshot.engine != Engine::Running {
            return Decided::default();
        }
        let wording = Wording { texts, hide_names: rules.hide_names };
        let mut moment = Moment { now, world, rules, wording, deeds: Vec::new() };
        self.look_at_conflicts(&moment);
        self.look_at_needs(&mut moment);
        self.tell_conflicts(&mut moment);
        self.tell_needs(&mut moment);
        // Before the changes: what a first sync brought is told by its end alone.
        self.tell_first_syncs(&mut moment);
        self.tell_changes(&mut moment);
        self.has_looked = true;
        Decided { deeds: moment.deeds, next: self.next(now) }
    }

    /// Counts from the moment of the step: what comes due after it, however soon, was not told by it.
    fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let groups = self.conflicts.values().chain(self.needs.values()).chain(self.changes.values());
        let timings = groups.map(|group| &group.timing).chain(self.first_syncs.values());
        // What is due already waits for something to change, such as the end of a first sync.
        timings.filter_map(Timing::due).filter(|due| *due > now).min()
    }

    /// Conflicts that were there at the first look were told of by an earlier run.
    fn look_at_conflicts(&mut self, moment: &Moment<'_>) {
        let open: BTreeSet<&str> =
            moment.world.conflicts.iter().map(|conflict| conflict.id.as_str()).collect();
        self.known_conflicts.retain(|id| open.contains(id.as_str()));
        for group in self.conflicts.values_mut() {
            group.members.retain(|id| open.contains(id.as_str()));
        }
        for conflict in moment.world.conflicts {
            if self.known_conflicts.insert(conflict.id.clone()) && self.has_looked {
                let group = self.conflicts.entry(conflict.workspace.clone()).or_default();
                group.members.insert(conflict.id.clone());
                group.timing.wake(moment.now, CONFLICTS);
            }
        }
    }

    fn tell_conflicts(&mut self, moment: &mut Moment<'_>) {
        let now = moment.now;
        self.conflicts.retain(|id, group| {
            let all: Vec<&Conflict> =
                moment.world.conflicts.iter().filter(|conflict| conflict.workspace == *id).collect();
            if all.is_empty() {
                if group.timing.is_told() {
                    moment.deeds.push(Deed::Withdraw(NoticeId::Conflicts(id.clone())));
                }
                return false;
            }
            if group.timing.is_due(now) && !moment.is_in_first_sync(id) {
                let fresh: Vec<&Conflict> =
                    all.iter().copied().filter(|conflict| group.members.contains(&conflict.id)).collect();
                let is_wanted = moment.rules.conflicts && !moment.is_snoozed() && !fresh.is_empty();
                if is_wanted {
                    let workspace = moment.workspace(id);
                    let notice = if group.timing.is_told() {
                        moment.wording.conflicts_in_all(workspace, &all)
                    } else {
                        moment.wording.conflicts(workspace, &fresh)
                    };
                    moment.show(notice);
                }
                group.timing.done(now, is_wanted);
                group.members.clear();
            }
            true
        });
    }

    fn look_at_needs(&mut self, moment: &mut Moment<'_>) {
        let present = needs_of(moment.world.snapshot);
        self.needs.retain(|need, group| {
            let is_there = present.contains_key(need);
            if !is_there && group.timing.is_told() {
                moment.deeds.push(Deed::Withdraw(NoticeId::Need(need.clone())));
            }
            is_there
        });
        for (need, members) in present {
            let group = self.needs.entry(need).or_default();
            if members.iter().any(|member| !group.members.contains(member)) {
                group.timing.hurry(moment.now, NEEDS);
            }
            group.members = members;
        }
    }

    /// Needs are told in a snooze and in a first sync, too.
    fn tell_needs(&mut self, moment: &mut Moment<'_>) {
        for (need, group) in &mut self.needs {
            if group.timing.is_due(moment.now) {
                let notice = need_notice(moment, need, &group.members);
                let is_wanted = moment.rules.needs_you;
                group.timing.done(moment.now, is_wanted);
                if let Some(notice) = notice.filter(|_| is_wanted) {
                    moment.show(notice);
                    group.timing.remind(moment.now);
                }
            }
        }
    }

    fn tell_changes(&mut self, moment: &mut Moment<'_>) {
        for (id, group) in &mut self.changes {
            if group.timing.is_due(moment.now) && !moment.is_in_first_sync(id) {
                let is_wanted = moment.rules.changes && !moment.is_snoozed();
                if is_wanted {
                    let paths: Vec<&str> = group.members.iter().map(String::as_str).collect();
                    moment.deeds.push(Deed::Show(moment.wording.changes(moment.workspace(id), &paths)));
                }
                group.timing.done(moment.now, is_wanted);
                group.members.clear();
            }
        }
    }

    fn tell_first_syncs(&mut self, moment: &mut Moment<'_>) {
        for workspace in &moment.world.snapshot.workspaces {
            if workspace.first_sync {
                self.first_syncs.insert(workspace.id.clone(), Timing::default());
                continue;
            }
            let Some(timing) = self.first_syncs.get_mut(&workspace.id) else { continue };
            // What the first sync changed is told by this alone.
            self.changes.remove(&workspace.id);
            // "Up to date" is said only when it is true.
            if workspace.state != WorkspaceState::Idle {
                continue;
            }
            timing.wake(moment.now, FIRST_SYNC);
            if timing.is_due(moment.now) {
                self.first_syncs.remove(&workspace.id);
                if moment.rules.first_sync && !moment.is_snoozed() {
                    let notice = moment.wording.first_sync((&workspace.id, &workspace.name), workspace.files);
                    moment.show(notice);
                }
            }
        }
    }
}

/// Returns what needs a person now, each need with the ids behind it.
fn needs_of(snapshot: &Snapshot) -> BTreeMap<Need, BTreeSet<String>> {
    let mut needs = BTreeMap::<Need, BTreeSet<String>>::new();
    for account in snapshot.accounts.iter().filter(|account| account.state == AccountState::NeedsSignIn) {
        needs.entry(Need::SignIn(account.id.clone())).or_default().insert(account.id.clone());
    }
    for held in &snapshot.held {
        needs.entry(Need::Held(held.id.clone())).or_default().insert(held.id.clone());
    }
    for issue in snapshot.issues.iter().filter(|issue| issue.level == Level::NeedsYou) {
        // The account and the held deletions above tell of these.
        let is_told_otherwise = match issue.code.as_str() {
            "needs_sign_in" | "keychain" => needs.keys().any(|need| matches!(need, Need::SignIn(_))),
            "guard_local_delete" | "guard_remote_delete" => !snapshot.held.is_empty(),
            _ => false,
        };
        if !is_told_otherwise {
            let need = Need::Issue { workspace: issue.workspace.clone(), code: issue.code.clone() };
            needs.entry(need).or_default().insert(issue.id.clone());
        }
    }
    needs
}

fn need_notice(moment: &Moment<'_>, need: &Need, members: &BTreeSet<String>) -> Option<Notice> {
    let snapshot = moment.world.snapshot;
    match need {
        Need::SignIn(id) => {
            let account = snapshot.accounts.iter().find(|account| account.id == *id)?;
            Some(moment.wording.sign_in(id, &account.email))
        }
        Need::Held(id) => {
            let held = snapshot.held.iter().find(|held| held.id == *id)?;
            Some(moment.wording.held(moment.workspace(&held.workspace).1, held))
        }
        Need::Issue { workspace, code } => {
            Some(moment.wording.issues(moment.workspace(workspace), code, members))
        }
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;

//! One run: a computer, a Dropbox, an engine between them, and everything that happens to them.
//!
//! A run is a first sync and some rounds. In a round people act and things go wrong; then faults end, and
//! everything must come to rest and be as promised.
//!
//! Rule: one thing at a time, chosen from the stream.

mod rest;
mod select;

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::api::WorkspaceState;
use engine::boot::Boot;
use engine::core::{Command, Config, Core, Event, Now};
use engine::runs;
use local_fs::Root;
use store::Index;
use sync_core::{ContentHash, FileId, guard::GuardLimits, plan::OnConflict};

use crate::cloud::Cloud;
use crate::disk::calls::Between;
use crate::disk::{Computer, SimDisk};
use crate::jobs::{Bench, Jobs, Lane};
use crate::mutants::{self, Memory, Mutant};
use crate::oracle::{self, Side, Tree};
use crate::person::local::Person;
use crate::person::remote::Act;
use crate::plan::Trouble;
use crate::stream::Chance;
use crate::trace::Trace;

/// When every run begins: 24 November 2026, noon.
const BEGIN_SECS: i64 = 1_795_521_600;

/// Everything must be at rest so long after the last fault.
const REST_MS: u64 = 3 * 3_600_000;

/// So long nothing may change before it counts as rest: longer than any second look, also into the trash.
const STILL_MS: u64 = 31 * 60_000;

/// Steps of one time of rest; more is a loop without end.
const MOST_STEPS: u64 = 30_000;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Requests that fail on a flaky day, in thousandths.
const FLAKY_PERMILLE: usize = 250;

/// Power cuts and deaths, in thousandths of turns, where power is cut at all.
const CUTS_PERMILLE: usize = 10;

/// The world of one run.
pub struct World {
    pub(crate) disk: Arc<SimDisk>,
    root: Root,
    identity: FileId,
    pub(crate) cloud: Cloud,
    core: Option<Core>,
    index: Option<Index>,
    backup: Option<Index>,
    jobs: Jobs,
    mail: Vec<(Lane, Event)>,
    wake_ms: Option<u64>,
    state: WorkspaceState,
    pub(crate) chance: Chance,
    trouble: Trouble,
    mutant: Option<Mutant>,
    memory: Memory,
    network: usize,
    is_strict: bool,
    replies: Vec<serde_json::Value>,
    before: Tree,
    launched: u64,
    /// A death between an effect and its record: what was carried may look like a person's wish.
    has_crashed: bool,
    /// The computer may lose its power instead of the process dying.
    cuts_power: bool,
    /// The person chooses now and then what is kept here.
    selects: bool,
    /// How often the computer was started, and when it was last.
    boots: (u32, i64),
    /// How often the engine was started.
    runs: u32,
}

/// Why a run ended early.
#[derive(Debug, Clone)]
pub struct Violation(pub String);

type Run<T = ()> = Result<T, Violation>;

impl World {
    /// Makes the world of a stream. `empty` is a fresh index to copy.
    pub fn new(
        chance: Chance,
        trace: Trace,
        mutant: Option<Mutant>,
        odd_names: bool,
        empty: &Index,
    ) -> Run<World> {
        let trouble = Trouble::draw(&chance, odd_names);
        let mut computer = Computer::new(chance.clone(), trace, BEGIN_SECS * 1_000_000_000);
        computer.fs.tick_ns = trouble.tick_ns;
        computer.fs.multigrain = trouble.multigrain;
        computer.fs.folds = trouble.folds;
        computer.watch.delay_ns = trouble.hint_delay_ns;
        computer.person.is_odd = trouble.odd_names;
        computer.person.links = trouble.links;
        computer.trace.note(|| format!("{trouble:?}"));
        let disk = Arc::new(SimDisk::new(computer));
        let broken = |error: &dyn std::fmt::Display| Violation(format!("the world cannot begin: {error}"));
        let root = Root::open_simulated(disk.clone()).map_err(|error| broken(&error))?;
        let identity = root.adopt("simulated").map_err(|error| broken(&error))?;
        let mut cloud = Cloud::new(trouble.switches.clone(), trouble.page_entries, BEGIN_SECS);
        cloud.others.is_odd = trouble.odd_names;
        Ok(World {
            disk,
            root,
            identity,
            cloud,
            core: None,
            index: Some(empty.copy_in_memory().map_err(|error| broken(&error))?),
            backup: None,
            jobs: Jobs::default(),
            mail: Vec::new(),
            wake_ms: None,
            state: WorkspaceState::Indexing,
            chance,
            trouble,
            mutant,
            memory: Memory::default(),
            network: 0,
            is_strict: true,
            replies: Vec::new(),
            before: Tree::new(),
            launched: 0,
            has_crashed: false,
            cuts_power: false,
            selects: false,
            boots: (1, BEGIN_SECS),
            runs: 0,
        })
    }

    /// Runs it to its end.
    pub fn run(&mut self, empty: &Index) -> Run {
        self.populate();
        self.start()?;
        self.rest()?;
        self.check(Side::Both)?;
        for _ in 0..1 + self.chance.below(3) {
            let side = *self.chance.pick(&[Side::Both, Side::Local, Side::Remote]);
            self.note(|| format!("── round: {side:?} ──"));
            self.stir(side, empty)?;
            self.rest()?;
            if self.selects {
                self.keep_all_again()?;
            }
            self.check(side)?;
        }
        self.restart_at_rest()
    }

    /// The computer loses its power now and then.
    pub fn cut_power_at_times(&mut self) {
        self.cuts_power = true;
        self.trouble.crash = self.trouble.crash.max(CUTS_PERMILLE);
        let mut computer = self.disk.computer();
        computer.fs.ignores_sync = self.mutant == Some(Mutant::NeverSync);
        computer.fs.settle();
    }

    /// The power is cut: what nothing made durable may be gone.
    fn cut_power(&mut self) {
        self.is_strict = false;
        self.boots = (self.boots.0 + 1, self.now().unix_secs);
        let mut computer = self.disk.computer();
        computer.fault("power cut");
        let computer = &mut *computer;
        Person::finish(computer);
        let safe: BTreeSet<_> = oracle::remote_tree(&self.cloud).into_values().flatten().collect();
        for hash in computer.fs.cut_power(&self.chance).difference(&safe).copied() {
            let is_there = computer.fs.living().any(|(_, node)| ContentHash::of(&node.data) == hash);
            computer.ledger.lost_its_power(&hash, is_there);
        }
    }

    /// A day on which a part of all requests fails, and people work now and then. Nothing may be lost, and when the
    /// network is well again, everything must come to rest.
    pub fn run_flaky_day(&mut self, empty: &Index) -> Run {
        self.trouble.network = FLAKY_PERMILLE;
        // In so many calls it would die so often that the day never ends.
        self.trouble.between.crash = 0;
        self.populate();
        self.start()?;
        self.rest()?;
        let end_ms = self.now_ms() + DAY_MS;
        while self.now_ms() < end_ms {
            self.note(|| "── an hour ──".into());
            self.stir(Side::Both, empty)?;
            self.go_on_until(self.now_ms() + HOUR_MS, empty)?;
        }
        self.rest()?;
        // What was sent twice and kept twice in a day of lost answers is no fault.
        self.is_strict = false;
        self.check(Side::Both)
    }

    /// Nobody does anything; the network is as it is.
    fn go_on_until(&mut self, ms: u64, empty: &Index) -> Run {
        for _ in 0..MOST_STEPS {
            if self.now_ms() >= ms {
                return Ok(());
            }
            if !self.engine_acts()? {
                self.wait(ms);
            }
            if self.disk.computer().crashed {
                self.crash(empty)?;
            }
            self.first_violation()?;
        }
        Err(Violation(format!("no end of work ({:?})", self.state)))
    }

    fn note(&self, text: impl FnOnce() -> String) {
        self.disk.computer().trace.note(text);
    }

    fn now_ms(&self) -> u64 {
        let ns = self.disk.computer().fs.now_ns;
        (ns / 1_000_000) as u64 - BEGIN_SECS as u64 * 1000
    }

    fn now(&mut self) -> Now {
        let ms = self.now_ms();
        let unix_secs = BEGIN_SECS + (ms / 1000) as i64;
        self.cloud.now_secs = unix_secs;
        Now { ms, unix_secs, today: jiff::civil::date(2026, 11, 24) }
    }

    fn advance_to(&mut self, ms: u64) {
        let ns = (BEGIN_SECS * 1000 + ms as i64) * 1_000_000;
        let mut computer = self.disk.computer();
        computer.fs.now_ns = computer.fs.now_ns.max(ns);
    }

    /// What stands on both sides before the first sync.
    fn populate(&mut self) {
        let kind = self.chance.below(5);
        let things = 1 + self.chance.below(7);
        if matches!(kind, 0 | 2 | 4) {
            self.cloud.others.budget = things;
            while self.cloud.others.budget > 0 {
                self.others_act();
            }
        }
        if matches!(kind, 1..=3) {
            let mut computer = self.disk.computer();
            computer.person.budget = things;
            while computer.person.is_busy() {
                Person::act(&mut computer);
            }
            Person::finish(&mut computer);
        }
        // Stamps of what was there before are old.
        let later = self.now_ms() + 60_000;
        self.advance_to(later);
    }

    fn others_act(&mut self) {
        self.cloud.others.budget = self.cloud.others.budget.saturating_sub(1);
        self.now();
        let mut computer = self.disk.computer();
        let Computer { ledger, trace, .. } = &mut *computer;
        Act { cloud: &mut self.cloud, ledger, chance: &self.chance, trace }.act();
    }

    fn config(&self) -> Config {
        let mut config = Config {
            workspace: "simulated".into(),
            remote_root: String::new(),
            on_conflict: OnConflict::KeepBoth,
            conflict_days: 7,
            kept_days: 30,
            device: "sim".into(),
            debounce_ms: 1000,
            delete_delay_ms: 3000,
            guard: GuardLimits::default(),
            excludes: Vec::new(),
            // Parts as small as pages: most plans are made of several, and no seed becomes another run by it.
            plan_nodes: self.trouble.page_entries,
            dry_run: false,
            boot: self.cuts_power.then(|| Boot { id: self.boots.0.to_string(), at_secs: self.boots.1 }),
        };
        mutants::configure(self.mutant, &mut config);
        config
    }

    fn start(&mut self) -> Run {
        let mut index = self.index.take().expect("BUG: nothing starts twice");
        self.runs += 1;
        let run = self.runs.to_string();
        let calm = std::mem::take(&mut self.disk.computer().between);
        let failed = |error: runs::ClaimError| Violation(format!("no run can begin: {error}"));
        if !runs::claim(&mut index, &self.root, &run).map_err(failed)? {
            self.note(|| "the index is of another time".into());
            index = Index::in_memory().map_err(|error| Violation(error.to_string()))?;
            runs::claim(&mut index, &self.root, &run).map_err(failed)?;
        }
        self.disk.computer().between = calm;
        self.core = Some(Core::new(index, self.config()));
        self.state = WorkspaceState::Indexing;
        self.hand_in(vec![Event::Tick])
    }

    /// The process dies: what was committed, written and named stays, everything else is gone.
    fn crash(&mut self, empty: &Index) -> Run {
        self.note(|| "── crash ──".into());
        self.has_crashed = true;
        self.index = self.core.take().map(Core::into_index);
        self.jobs = Jobs::default();
        self.mail.clear();
        self.wake_ms = None;
        let calm = std::mem::take(&mut self.disk.computer().between);
        {
            let mut computer = self.disk.computer();
            computer.crashed = false;
            computer.watch.stop();
            for object in 0..computer.fs.count() {
                let node = computer.fs.node_mut(object);
                (node.watched, node.locked) = (false, false);
            }
        }
        if self.cuts_power && self.chance.happens(500) {
            self.cut_power();
        }
        self.damage_index(empty)?;
        // People go on while nothing runs.
        for _ in 0..self.chance.below(3) {
            Person::act(&mut self.disk.computer());
        }
        let gone = |error: &dyn std::fmt::Display| Violation(format!("no start after a crash: {error}"));
        self.root = Root::open_simulated(self.disk.clone()).map_err(|error| gone(&error))?;
        self.root.adopt("simulated").map_err(|error| gone(&error))?;
        self.disk.computer().between = calm;
        self.start()
    }

    fn damage_index(&mut self, empty: &Index) -> Run {
        let failed = |error: store::StoreError| Violation(format!("the index cannot be copied: {error}"));
        if self.trouble.index_lost && self.chance.happens(300) {
            self.disk.computer().fault("index lost");
            self.index = Some(empty.copy_in_memory().map_err(failed)?);
            self.is_strict = false;
        } else if self.trouble.index_stale
            && self.chance.happens(400)
            && let Some(backup) = &self.backup
        {
            self.disk.computer().fault("index of yesterday");
            self.index = Some(backup.copy_in_memory().map_err(failed)?);
            self.is_strict = false;
        }
        Ok(())
    }

    /// Gives facts to the control loop and takes its wishes.
    fn hand_in(&mut self, events: Vec<Event>) -> Run {
        let now = self.now();
        if self.disk.computer().trace.is_detailed() {
            self.note(|| format!("{} ms: {events:?}", now.ms));
        }
        let Some(core) = &mut self.core else { return Ok(()) };
        let commands =
            core.handle(now, events).map_err(|error| Violation(format!("the engine broke: {error}")))?;
        self.wake_ms = None;
        for command in commands {
            match command {
                Command::WakeAt(ms) => self.wake_ms = Some(ms),
                Command::Reply { result, .. } => self.replies.extend(result.ok()),
                Command::Tell(event) => {
                    if let engine::api::Event::Status(view) = *event {
                        self.state = view.state;
                    }
                }
                command => {
                    if let Command::Run { op, effect } = &command {
                        self.launched += 1;
                        self.note(|| format!("plan {op}: {effect:?}"));
                    }
                    self.jobs.take(command, now.ms);
                }
            }
        }
        Ok(())
    }

    fn deliver(&mut self, which: Vec<(Lane, Event)>) -> Run {
        let mut events = Vec::new();
        for (_, event) in which {
            events.extend(mutants::events(self.mutant, &mut self.memory, event));
        }
        if self.mutant == Some(Mutant::CommitCursorEarly) {
            for event in events {
                self.hand_in(vec![event])?;
                if self.trouble.crash > 0 && self.chance.happens(100) {
                    self.mail.clear();
                    self.disk.computer().crashed = true;
                    return Ok(());
                }
            }
            return Ok(());
        }
        self.hand_in(events)
    }

    /// Takes some of the mail: all of it, or the first of one lane.
    fn some_mail(&mut self) -> Vec<(Lane, Event)> {
        if self.chance.below(2) == 0 {
            return std::mem::take(&mut self.mail);
        }
        let at = self.chance.below(self.mail.len());
        let lane = self.mail[at].0;
        let first = match lane {
            Lane::Free => at,
            lane => self.mail.iter().position(|(other, _)| *other == lane).unwrap_or(at),
        };
        vec![self.mail.remove(first)]
    }

    fn fetch_hints(&mut self) {
        let mut computer = self.disk.computer();
        let now_ns = computer.fs.now_ns;
        let hints = computer.watch.arrived(now_ns);
        drop(computer);
        self.mail.extend(hints.into_iter().map(|hint| (Lane::Hints, Event::Hint(hint))));
    }

    /// The engine does its next thing. False when there is nothing to do now.
    fn engine_acts(&mut self) -> Run<bool> {
        self.fetch_hints();
        let now_ms = self.now_ms();
        if self.wake_ms.is_some_and(|at| at <= now_ms) {
            self.wake_ms = None;
            self.mail.push((Lane::Free, Event::Tick));
        }
        let ready = self.jobs.ready(&self.cloud, now_ms);
        let does_mail = !self.mail.is_empty() && (ready.is_empty() || self.chance.below(2) == 0);
        if does_mail {
            let some = self.some_mail();
            self.deliver(some)?;
            return Ok(true);
        }
        if ready.is_empty() {
            return Ok(false);
        }
        let which = ready[self.chance.below(ready.len())];
        let mut bench = Bench {
            disk: &self.disk,
            root: &self.root,
            identity: self.identity,
            cloud: &mut self.cloud,
            chance: &self.chance,
            network: self.network,
            now_ms,
            mutant: self.mutant,
        };
        if let Some(mail) = self.jobs.step(&mut bench, which) {
            self.mail.push(mail);
        }
        Ok(true)
    }

    /// Lets time pass until something is due; at most until then.
    fn wait(&mut self, most_ms: u64) {
        let hints = self.disk.computer().watch.next_ns();
        let hints = hints.map(|ns| ((ns + 999_999) / 1_000_000) as u64 - BEGIN_SECS as u64 * 1000);
        let due = [self.wake_ms, hints, self.jobs.poll_ends_ms()].into_iter().flatten().min();
        let now_ms = self.now_ms();
        self.advance_to(due.unwrap_or(most_ms).min(most_ms).max(now_ms + 1));
    }

    /// People act and things go wrong.
    fn stir(&mut self, side: Side, empty: &Index) -> Run {
        let (local, remote) = (side != Side::Remote, side != Side::Local);
        let only_moves = self.chance.happens(150);
        let at_dropbox = oracle::remote_tree(&self.cloud).into_values().flatten().collect();
        {
            let mut computer = self.disk.computer();
            computer.ledger.rest(&at_dropbox);
            computer.between =
                if local { self.trouble.between } else { Between { person: 0, ..self.trouble.between } };
            computer.person.budget = if local { 1 + self.chance.below(8) } else { 0 };
            computer.person.only_moves = only_moves;
            computer.visible_changes = 0;
            computer.has_failed = false;
            computer.person.arrivals.clear();
            computer.person.is_ambiguous = false;
        }
        self.cloud.others.budget = if remote { 1 + self.chance.below(8) } else { 0 };
        self.cloud.others.only_moves = only_moves;
        self.cloud.others.arrivals.clear();
        self.cloud.others.is_ambiguous = false;
        self.cloud.engine_writes = 0;
        self.network = self.trouble.network;
        self.is_strict = true;
        self.launched = 0;
        self.has_crashed = false;
        let after = self.chance.below(40);
        let mut turns_left = 400;
        let mut quiet_turns = 0;
        while turns_left > 0 && quiet_turns < after {
            turns_left -= 1;
            self.chance.turn();
            let is_busy = self.cloud.others.budget > 0 || self.disk.computer().person.is_busy();
            quiet_turns += usize::from(!is_busy);
            if self.selects && self.chance.happens(select::PERMILLE) {
                self.choose()?;
            }
            let weights = [72, 14 * usize::from(local), 14 * usize::from(remote), 8, self.trouble.crash, 1];
            match self.chance.weighted(&weights) {
                1 => Person::act(&mut self.disk.computer()),
                2 if self.cloud.others.budget > 0 => self.others_act(),
                3 => {
                    let later = *self.chance.pick(&[10, 300, 1500, 5000, 40_000]);
                    let ms = self.now_ms() + later;
                    self.advance_to(ms);
                }
                4 => {
                    self.disk.computer().fault("crash between two steps");
                    self.crash(empty)?;
                }
                5 => self.mischief(),
                _ => {
                    if !self.engine_acts()? {
                        let most = self.now_ms() + 2000;
                        self.wait(most);
                    }
                }
            }
            if self.disk.computer().crashed {
                self.crash(empty)?;
            }
            self.first_violation()?;
        }
        Ok(())
    }

    fn mischief(&mut self) {
        if self.trouble.resets && self.chance.below(2) == 1 {
            self.cloud.account.reset_cursors();
            self.disk.computer().fault("cursor reset");
        } else if self.trouble.deaf {
            let mut computer = self.disk.computer();
            computer.fault("the watcher is deaf");
            computer.watch.is_deaf = true;
        }
    }

    fn first_violation(&mut self) -> Run {
        match self.disk.computer().violations.first() {
            Some(text) => Err(Violation(text.clone())),
            None => Ok(()),
        }
    }
}

//! Kills the program again and again while two people change both sides.
//!
//! Rule: after every kill nothing that somebody would miss is gone, and at the end both sides are equal
//! without anybody's help.

use std::{collections::BTreeMap, path::Path, time::Duration};

use engine::api::WorkspaceState;

use crate::{
    computer::{Computer, Running},
    people::People,
    program::Program,
    world::World,
};

/// Which moments are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moments {
    /// Those that the service sees: after so many calls. Never depends on time.
    Calls,
    /// Those, any named crash point, and any instant.
    All,
}

/// What a loop did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Kills after a number of calls.
    pub at_calls: u64,
    /// Kills at an instant that nobody chose.
    pub at_instants: u64,
    /// Deaths at crash points, by name.
    pub at_points: BTreeMap<String, u64>,
    /// Contents that were saved.
    pub saved: u64,
    /// Calls that the service saw.
    pub calls: u64,
}

impl Figures {
    /// Adds what another loop did.
    pub fn add(&mut self, other: Figures) {
        self.at_calls += other.at_calls;
        self.at_instants += other.at_instants;
        self.saved += other.saved;
        self.calls += other.calls;
        for (point, times) in other.at_points {
            *self.at_points.entry(point).or_default() += times;
        }
    }

    /// Returns how often the program was killed.
    pub fn kills(&self) -> u64 {
        self.at_calls + self.at_instants + self.at_points.values().sum::<u64>()
    }
}

/// Kills the program that often, then lets it come to rest and compares both sides.
pub async fn kill_again_and_again(seed: u64, kills: u64, moments: Moments) -> Figures {
    println!("seed {seed}");
    let world = World::start().await;
    let anna = Computer::new(&world).await;
    let mut people = People::new(&world, anna.folder(), seed);
    let mut figures = Figures::default();
    while figures.kills() < kills {
        // Some of it happens while nothing runs, some of it while the program is at work.
        (0..people.dice.below(6)).for_each(|_| people.act());
        match (moments, people.dice.below(3)) {
            (Moments::Calls, _) | (_, 0) => kill_after_calls(&anna, &world, &mut people, &mut figures).await,
            (_, 1) => kill_at_an_instant(&anna, &mut people, &mut figures).await,
            _ => die_at_a_point(&anna, &mut people, &mut figures).await,
        }
        people.assert_nothing_is_lost();
    }
    let mut running = anna.start();
    let report = anna.at_rest(&mut running).await;
    let told = anna.run(&["issues"]).await.stdout;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "seed {seed}: {told}");
    let difference = anna.tree().difference(&world.tree());
    assert!(difference.is_empty(), "seed {seed}: here and there differ:\n{difference}");
    people.assert_nothing_is_lost();
    anna.done(&["verify"]).await;
    running.kill().await;
    assert_nothing_is_left_of_us(&anna.folder());
    figures.saved = people.saved();
    figures.calls = world.control().call_count();
    figures
}

async fn kill_after_calls(anna: &Computer, world: &World, people: &mut People<'_>, figures: &mut Figures) {
    let mut running = anna.start();
    let mut is_at_rest = false;
    for _ in 0..=people.dice.below(3) {
        let next = world.control().call_count() + 1 + people.dice.below(12);
        tokio::select! {
            () = world.control().until_called(next) => {}
            // Nothing is left to do: it is killed while it waits for news.
            _ = anna.at_rest(&mut running), if !is_at_rest => is_at_rest = true,
        }
        (0..people.dice.below(4)).for_each(|_| people.act());
        if is_at_rest {
            break;
        }
    }
    running.kill().await;
    figures.at_calls += 1;
}

/// Only for the long loop: which instant it is depends on the machine, and so does what it finds.
async fn kill_at_an_instant(anna: &Computer, people: &mut People<'_>, figures: &mut Figures) {
    let running = anna.start();
    for _ in 0..=people.dice.below(3) {
        tokio::time::sleep(Duration::from_millis(20 + people.dice.below(400))).await;
        (0..people.dice.below(4)).for_each(|_| people.act());
    }
    running.kill().await;
    figures.at_instants += 1;
}

async fn die_at_a_point(anna: &Computer, people: &mut People<'_>, figures: &mut Figures) {
    let nth = 1 + people.dice.below(60);
    let mut running = anna.begin(Program::dying(anna.home(), &["run"], &format!("*:{nth}")));
    (0..people.dice.below(4)).for_each(|_| people.act());
    match died_at(&mut running).await {
        Some(point) => *figures.at_points.entry(point).or_default() += 1,
        // It had less to do than that.
        None => {
            running.kill().await;
            figures.at_calls += 1;
        }
    }
}

/// Waits for its death; nothing when it waits for news instead.
async fn died_at(running: &mut Running) -> Option<String> {
    // Long enough for what a few edits give to do. Whoever is slower is killed where it is.
    tokio::time::timeout(Duration::from_secs(3), running.last_words()).await.ok()
}

/// Staging is empty but for parts that can be continued.
fn assert_nothing_is_left_of_us(folder: &Path) {
    let staging = std::fs::read_dir(folder.join(".lockstep/staging")).into_iter().flatten().flatten();
    let left: Vec<_> = staging
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().ends_with(".whole"))
        .collect();
    assert!(left.is_empty(), "nobody settled {left:?}");
}

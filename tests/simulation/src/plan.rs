//! What may go wrong in one run: each run draws a few kinds of trouble (a "swarm"), so that rare combinations
//! occur without all runs drowning in all of it.

use fake_dropbox::Switches;

use crate::disk::calls::Between;
use crate::stream::Chance;

/// The kinds of trouble of one run. Zero choices mean none at all.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// Requests that fail, in thousandths.
    pub network: usize,
    /// Deaths of the engine between two steps, in thousandths of turns.
    pub crash: usize,
    /// What happens between system calls.
    pub between: Between,
    /// Hints of the watcher take up to so long.
    pub hint_delay_ns: i64,
    /// The watcher loses hints at times.
    pub deaf: bool,
    /// The index is lost at some crash.
    pub index_lost: bool,
    /// An old copy of the index comes back at some crash.
    pub index_stale: bool,
    /// Dropbox voids cursors at times.
    pub resets: bool,
    /// Names in other case and other composition.
    pub odd_names: bool,
    /// Hard links.
    pub links: bool,
    /// The disk folds case.
    pub folds: bool,
    /// Stamps that were looked at never come again.
    pub multigrain: bool,
    /// Stamps are multiples of this.
    pub tick_ns: i64,
    /// Entries on a page.
    pub page_entries: usize,
    /// How the service behaves.
    pub switches: Switches,
}

impl Trouble {
    /// Draws what may go wrong.
    pub fn draw(chance: &Chance, odd_names: bool) -> Trouble {
        let on = |permille| chance.happens(permille);
        let mut trouble = Trouble {
            network: *chance.pick(&[0, 0, 60, 250]),
            crash: *chance.pick(&[0, 0, 2]),
            between: Between {
                person: *chance.pick(&[0, 0, 15, 80]),
                crash: *chance.pick(&[0, 0, 4]),
                errno: *chance.pick(&[0, 0, 0, 6]),
            },
            hint_delay_ns: *chance.pick(&[0, 1_000_000_000, 8_000_000_000]),
            deaf: on(150),
            index_lost: on(80),
            index_stale: on(80),
            resets: on(120),
            odd_names: odd_names && on(500),
            links: on(150),
            folds: on(60),
            multigrain: on(300),
            tick_ns: *chance.pick(&[4_000_000, 1_000_000, 10_000_000]),
            page_entries: *chance.pick(&[500, 1, 2, 3, 7]),
            switches: Switches::default(),
        };
        trouble.between.person = trouble.between.person.min(200);
        let switches = &mut trouble.switches;
        switches.adds_before_deletes = on(300);
        switches.children_of_deleted = on(300);
        switches.children_before_parents = on(200);
        switches.duplicate_entries = on(150);
        switches.empty_pages = on(100);
        switches.same_id_after_delete = on(200);
        switches.new_revs_below_moved_folder = !on(300);
        switches.strict_update_refuses_deleted = !on(200);
        switches.stale_parent_casing = on(150);
        switches.case_changes_in_feed = on(200);
        trouble
    }
}

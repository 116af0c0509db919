//! What the control loop costs, counted in wishes and in moved time: no clock of the machine is involved.

use local_fs::Hint;

use super::*;

/// A save or a remote change may take this long at the control loop; the rest is up to disk and network.
const PATIENCE_MS: u64 = 1_500;

impl Bench {
    /// Moves the time from one asked-for tick to the next, and answers scans and reads of these files, until
    /// an effect is wished for; returns the wishes of that turn.
    pub(super) fn until_an_effect(
        &mut self,
        mut wishes: Vec<Command>,
        files: &[(&str, &str)],
    ) -> Vec<Command> {
        loop {
            if !effects(&wishes).is_empty() {
                return wishes;
            }
            let answers: Vec<Event> = wishes.iter().filter_map(|wish| answer(wish, files)).collect();
            let next = wishes.iter().rev().find_map(|wish| match wish {
                Command::WakeAt(ms) => Some(*ms),
                _ => None,
            });
            wishes = match (answers.is_empty(), next) {
                (false, _) => self.feed(answers),
                (true, Some(ms)) => {
                    self.ms = self.ms.max(ms);
                    self.feed(vec![Event::Tick])
                }
                (true, None) => panic!("it waits for nothing, and has done nothing"),
            };
        }
    }
}

fn answer(wish: &Command, files: &[(&str, &str)]) -> Option<Event> {
    match wish {
        Command::Scan { .. } => Some(scanned(files)),
        Command::CheckRoot => Some(Event::Health(RootHealth::Ok)),
        _ => read(wish, files),
    }
}

#[test]
fn a_save_is_on_its_way_soon_after_the_debounce() {
    let mut bench = at_rest();
    let saved_ms = bench.ms;
    let wishes = bench.feed(vec![Event::Hint(Hint::Look { dir: SyncPath::root() })]);
    let wishes = bench.until_an_effect(wishes, &[("a.txt", "a new sentence")]);
    assert!(matches!(effects(&wishes)[..], [(_, Effect::Upload { .. })]), "{wishes:?}");
    assert!(bench.ms - saved_ms <= PATIENCE_MS, "after {} ms", bench.ms - saved_ms);
}

#[test]
fn a_remote_change_is_fetched_without_waiting_and_without_polling() {
    let mut bench = at_rest();
    let changed_ms = bench.ms;
    let wishes = bench
        .feed(vec![Event::Longpolled(Ok(dropbox_client::Longpoll { changes: true, backoff_secs: None }))]);
    assert!(wishes.iter().any(|wish| matches!(wish, Command::Continue(_))), "{wishes:?}");
    let wishes = bench.feed(vec![page(vec![RemoteEntry::File(remote("a.txt", "two", "r2"))], "c2", false)]);
    let wishes = bench.until_an_effect(wishes, &[("a.txt", "one")]);
    assert!(matches!(effects(&wishes)[..], [(_, Effect::Download { .. })]), "{wishes:?}");
    assert_eq!(bench.ms, changed_ms, "nothing was waited for");
}

#[test]
fn a_restart_without_changes_reads_no_file_and_asks_dropbox_for_one_page() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("index.db");
    let names: Vec<String> = (0..1_000).map(|n| format!("{n}.txt")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "one")).collect();

    let mut bench = Bench::over(Index::open(&path).expect("an index").0);
    bench.start_with_all(&files);
    let there = files.iter().map(|(name, content)| RemoteEntry::File(remote(name, content, "r1"))).collect();
    let wishes = bench.feed(vec![page(there, "c1", false)]);
    assert!(effects(&wishes).is_empty(), "equal content is adopted");
    bench.core.close().expect("a clean end");

    let mut bench = Bench::over(Index::open(&path).expect("the index again").0);
    let mut wishes = bench.start(&files);
    wishes.extend(bench.feed(vec![page(Vec::new(), "c1", false)]));
    let feed_calls = wishes.iter().filter(|wish| matches!(wish, Command::Continue(_))).count();
    let polls = wishes.iter().filter(|wish| matches!(wish, Command::Longpoll(_))).count();
    assert_eq!((feed_calls, polls), (1, 1), "one question what is new, one that waits for news");
    let costly = |wish: &&Command| matches!(wish, Command::Hash { .. } | Command::List | Command::Run { .. });
    assert!(!wishes.iter().any(|wish| costly(&wish)), "no content is read, listed or transferred");
}

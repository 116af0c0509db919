//! The long poll may say what it likes.

use dropbox_client::Longpoll;

use super::*;

fn polled(changes: bool) -> Event {
    Event::Longpolled(Ok(Longpoll { changes, backoff_secs: None }))
}

/// Lets the long poll answer this at once whenever it is asked, and the feed know of nothing, for a while;
/// returns how often each was asked.
fn answers_for(bench: &mut Bench, ms: u64, changes: bool) -> (u32, u32) {
    let end = bench.ms + ms;
    let (mut polls, mut pages) = (0, 0);
    let mut wishes = bench.feed(vec![polled(changes)]);
    while bench.ms < end {
        let mut facts = vec![Event::Tick];
        for wish in &wishes {
            match wish {
                Command::Longpoll(_) => {
                    polls += 1;
                    facts.push(polled(changes));
                }
                Command::Continue(_) => {
                    pages += 1;
                    facts.push(page(Vec::new(), "c1", false));
                }
                _ => {}
            }
        }
        bench.ms += 10;
        wishes = bench.feed(facts);
    }
    (polls, pages)
}

#[test]
fn a_long_poll_that_reports_changes_without_end_is_asked_less_and_less() {
    let mut bench = at_rest();
    let (polls, pages) = answers_for(&mut bench, 60_000, true);
    assert!(
        (2..=20).contains(&polls) && (2..=20).contains(&pages),
        "{polls} polls, {pages} pages in a minute"
    );
}

#[test]
fn after_false_alarms_the_first_news_make_it_quick_again() {
    let mut bench = at_rest();
    answers_for(&mut bench, 60_000, true);
    bench.ms += 20_000;
    bench.feed(vec![Event::Tick]);
    bench.feed(vec![polled(true)]);
    let news = RemoteEntry::File(remote("b.txt", "two", "r2"));
    let wishes = bench.feed(vec![page(vec![news], "c2", false)]);
    assert!(wishes.iter().any(|wish| matches!(wish, Command::Longpoll(_))), "at once: {wishes:?}");
}

#[test]
fn a_look_that_somebody_wants_is_not_over_with_a_page_that_was_asked_for_before() {
    let mut bench = at_rest();
    bench.feed(vec![polled(true)]);
    // The page is under way, and what it will say is decided already.
    bench.feed(vec![Event::Ask { id: 1, request: Request::Sync }]);
    bench.feed(vec![Event::Health(RootHealth::Ok)]);
    let mut wishes = bench.scan(&[("a.txt", "one")]);
    wishes.extend(bench.feed(vec![page(Vec::new(), "c2", false)]));
    let is_answered = |wishes: &[Command]| wishes.iter().any(|w| matches!(w, Command::Reply { id: 1, .. }));
    assert!(!is_answered(&wishes), "Dropbox was not asked since: {wishes:?}");
    assert!(wishes.iter().any(|wish| matches!(wish, Command::Continue(cursor) if cursor == "c2")));
    let wishes = bench.feed(vec![page(Vec::new(), "c3", false)]);
    assert!(is_answered(&wishes), "{wishes:?}");
}

#[test]
fn a_long_poll_that_never_reports_anything_does_not_hide_changes_for_ever() {
    let mut bench = at_rest();
    // Each long poll takes its full time.
    for _ in 0..=30 {
        bench.ms += 60_000;
        let wishes = bench.feed(vec![polled(false)]);
        if wishes.iter().any(|wish| matches!(wish, Command::Continue(_))) {
            assert!(bench.ms >= 1_800_000, "and not before half an hour");
            let news = RemoteEntry::File(remote("b.txt", "two", "r2"));
            let wishes = bench.feed(vec![page(vec![news], "c2", false)]);
            assert!(matches!(effects(&wishes)[..], [(_, Effect::Download { .. })]), "{wishes:?}");
            return;
        }
    }
    panic!("nobody looked");
}

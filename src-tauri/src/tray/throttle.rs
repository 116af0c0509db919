//! When the tray may change: panels flicker, and some lose an icon, when they are told too often.
//!
//! Pure: time comes in with each call. What to show is decided in [`super::model`].
//!
//! Rule: nothing is set that is set already, the icon changes at most every two seconds, and what only
//! tells of progress at most every five. The texts wait together with the icon they belong to.

use std::time::Duration;

use super::model::{Item, Key, TrayModel};
use crate::dto::AppState;

/// Least time between two icons.
const ICON: Duration = Duration::from_secs(2);
/// Least time between two texts that only tell of progress.
const PROGRESS: Duration = Duration::from_secs(5);

/// Remembers what is shown, and since when.
#[derive(Debug, Default)]
pub struct Throttle {
    shown: Option<Shown>,
}

#[derive(Debug)]
struct Shown {
    model: TrayModel,
    icon_since: Duration,
    text_since: Duration,
}

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: it is shown already.
    Rest,
    /// Show this.
    Show(TrayModel),
    /// Nothing yet; ask again after this time.
    Wait(Duration),
}

impl Throttle {
    /// Decides what to do at a moment, counted from any fixed one.
    pub fn step(&mut self, now: Duration, wanted: &TrayModel) -> Step {
        let Some(shown) = &mut self.shown else {
            self.shown = Some(Shown { model: wanted.clone(), icon_since: now, text_since: now });
            return Step::Show(wanted.clone());
        };
        if shown.model == *wanted {
            return Step::Rest;
        }
        let changes_icon = shown.model.icon != wanted.icon;
        let due = if changes_icon {
            shown.icon_since + ICON
        } else if is_progress(&shown.model, wanted) {
            shown.text_since + PROGRESS
        } else {
            now
        };
        if due > now {
            return Step::Wait(due - now);
        }
        if changes_icon {
            shown.icon_since = now;
        }
        shown.text_since = now;
        shown.model = wanted.clone();
        Step::Show(wanted.clone())
    }

    /// Forgets what is shown: the icon was made anew.
    pub fn forget(&mut self) {
        self.shown = None;
    }
}

/// True when files went on and nothing else happened: no entry came or went, none does something else.
fn is_progress(old: &TrayModel, new: &TrayModel) -> bool {
    let is_syncing = new.icon == AppState::Syncing;
    let tells_of_progress = |key| key == Key::RecentChanges || (is_syncing && key == Key::Status);
    let rest = |model: &TrayModel| -> Vec<Item> {
        model.menu.iter().filter(|item| !tells_of_progress(item.key)).cloned().collect()
    };
    rest(old) == rest(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tray::Does;

    fn model(icon: AppState, line: &str) -> TrayModel {
        let menu = vec![Item::entry(Key::Status, line.to_owned(), Does::ShowOverview)];
        TrayModel { icon, tooltip: line.to_owned(), menu }
    }

    fn with_conflict(mut model: TrayModel) -> TrayModel {
        model.menu.push(Item::entry(Key::Conflicts, "1".to_owned(), Does::ShowConflicts));
        model
    }

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn what_is_shown_already_is_never_set_again() {
        let mut throttle = Throttle::default();
        let synced = model(AppState::Synced, "Up to date");
        assert_eq!(throttle.step(at(0.0), &synced), Step::Show(synced.clone()));
        for second in 1..100 {
            assert_eq!(throttle.step(at(f64::from(second)), &synced), Step::Rest);
        }
    }

    #[test]
    fn the_icon_changes_at_most_every_two_seconds_and_its_texts_wait_with_it() {
        let mut throttle = Throttle::default();
        let (synced, offline) = (model(AppState::Synced, "a"), model(AppState::Offline, "b"));
        throttle.step(at(10.0), &synced);
        assert_eq!(throttle.step(at(10.5), &offline), Step::Wait(at(1.5)));
        assert_eq!(throttle.step(at(11.0), &synced), Step::Rest, "it came back meanwhile");
        assert_eq!(throttle.step(at(12.0), &offline), Step::Show(offline.clone()));
        assert_eq!(throttle.step(at(13.0), &synced), Step::Wait(at(1.0)));
        assert_eq!(throttle.step(at(14.0), &synced), Step::Show(synced));
    }

    #[test]
    fn a_storm_of_states_sets_few_icons_and_ends_with_the_last_one() {
        let mut throttle = Throttle::default();
        let mut icons = 0;
        for tenth in 0..100u32 {
            let state = if tenth % 2 == 0 { AppState::Syncing } else { AppState::Offline };
            if let Step::Show(_) = throttle.step(at(f64::from(tenth) / 10.0), &model(state, "x")) {
                icons += 1;
            }
        }
        assert!(icons <= 6, "{icons} in ten seconds");
        let last = model(AppState::Synced, "y");
        assert!(matches!(throttle.step(at(10.0), &last), Step::Wait(_) | Step::Show(_)));
        assert_eq!(throttle.step(at(12.0), &last), Step::Show(last.clone()));
    }

    #[test]
    fn progress_is_told_every_five_seconds_and_anything_else_at_once() {
        let mut throttle = Throttle::default();
        throttle.step(at(0.0), &model(AppState::Syncing, "1 of 9"));
        assert_eq!(throttle.step(at(1.0), &model(AppState::Syncing, "2 of 9")), Step::Wait(at(4.0)));
        let found = with_conflict(model(AppState::Syncing, "3 of 9"));
        assert_eq!(throttle.step(at(2.0), &found), Step::Show(found));
        let on = with_conflict(model(AppState::Syncing, "4 of 9"));
        assert_eq!(throttle.step(at(3.0), &on), Step::Wait(at(4.0)), "counted from the last text");
        assert_eq!(throttle.step(at(7.0), &on), Step::Show(on.clone()));
        let other = model(AppState::Attention, "1 thing needs you");
        assert_eq!(throttle.step(at(7.1), &other), Step::Show(other.clone()), "the icon is old enough");
        let two = model(AppState::Attention, "2 things need you");
        assert_eq!(throttle.step(at(7.2), &two), Step::Show(two.clone()), "that is no progress");
    }

    #[test]
    fn files_that_change_while_something_waits_are_told_every_five_seconds_too() {
        let with_recent = |text: &str| {
            let mut model = model(AppState::Attention, "1 thing needs you");
            model.menu.push(Item::entry(Key::RecentChanges, text.to_owned(), Does::ShowActivity));
            model
        };
        let mut throttle = Throttle::default();
        throttle.step(at(0.0), &with_recent("a"));
        assert_eq!(throttle.step(at(0.25), &with_recent("b")), Step::Wait(at(4.75)));
    }

    #[test]
    fn a_new_icon_is_told_everything() {
        let mut throttle = Throttle::default();
        let synced = model(AppState::Synced, "Up to date");
        throttle.step(at(0.0), &synced);
        throttle.forget();
        assert_eq!(throttle.step(at(0.1), &synced), Step::Show(synced.clone()));
    }
}

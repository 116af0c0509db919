//! Hands notifications to the system, hears what becomes of them, and takes them back.
//!
//! How the system is spoken to is the business of `system`, one for Linux and one for the others.
//!
//! Rule: each is listened to from before it is shown, because a click may be quicker than the answer. A
//! system that shows nothing is told once in the log and not asked to explain.

use std::collections::HashMap;

use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    notice::{Notice, NoticeId},
    system::{self, Place, Shown},
};
use crate::tray::Does;

/// The id of a click on the notification itself.
pub const CLICK: &str = "default";

/// Shows notifications.
pub struct Bell {
    chosen: mpsc::UnboundedSender<Does>,
    live: HashMap<NoticeId, Live>,
    abilities: Option<Abilities>,
    is_mute: bool,
}

/// One that may still be on the screen.
struct Live {
    place: Place,
    waiting: JoinHandle<()>,
}

/// What the system's notifications can do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Abilities {
    /// Buttons are shown as buttons.
    pub buttons: bool,
    /// The text is read as markup.
    pub markup: bool,
}

/// What the system is handed.
#[derive(Debug)]
pub struct Wanted {
    /// The line that must do alone.
    pub title: String,
    /// More, in the form that the system reads; may be empty.
    pub body: String,
    /// Ids and labels of what can be chosen.
    pub actions: Vec<(String, String)>,
    /// The one whose place it takes.
    pub instead_of: Option<Place>,
}

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    /// Nobody on this desktop shows notifications, or whoever does is stuck.
    #[error("No notification service answered.")]
    NoService,
    /// The system said no, in its own words.
    #[error("{0}")]
    Refused(String),
}

impl Bell {
    /// Makes one; what a person chooses goes to `chosen`.
    pub fn new(chosen: mpsc::UnboundedSender<Does>) -> Bell {
        Bell { chosen, live: HashMap::new(), abilities: None, is_mute: false }
    }

    /// Shows a notification in place of an earlier one with the same id.
    pub async fn show(&mut self, notice: Notice) -> Result<(), ShowError> {
        let shown = self.try_show(&notice).await;
        match &shown {
            Ok(()) => self.is_mute = false,
            Err(error) => {
                if !std::mem::replace(&mut self.is_mute, true) {
                    tracing::warn!(%error, "this system shows no notifications; everything is in the window");
                }
                // It may be another service, with other abilities, when there is one again.
                self.abilities = None;
            }
        }
        shown
    }

    async fn try_show(&mut self, notice: &Notice) -> Result<(), ShowError> {
        let abilities = self.abilities().await?;
        let earlier = self.live.remove(&notice.id).map(|earlier| {
            // Else one click would be heard twice.
            earlier.waiting.abort();
            earlier.place
        });
        let shown = system::show(&wanted(notice, abilities, earlier)).await?;
        let place = shown.place();
        let waiting = tokio::spawn(wait(shown, actions(notice), self.chosen.clone()));
        self.live.insert(notice.id.clone(), Live { place, waiting });
        Ok(())
    }

    /// Takes one back.
    pub async fn withdraw(&mut self, id: &NoticeId) {
        if let Some(live) = self.live.remove(id) {
            live.waiting.abort();
            system::close(live.place).await;
        }
    }

    async fn abilities(&mut self) -> Result<Abilities, ShowError> {
        if let Some(abilities) = self.abilities {
            return Ok(abilities);
        }
        let abilities = system::abilities().await?;
        self.abilities = Some(abilities);
        Ok(abilities)
    }
}

/// Returns what each action of a notification does.
fn actions(notice: &Notice) -> HashMap<String, Does> {
    let buttons = notice.buttons.iter().enumerate().map(|(n, (_, does))| (button_id(n), does.clone()));
    buttons.chain([(CLICK.to_owned(), notice.click.clone())]).collect()
}

fn button_id(n: usize) -> String {
    format!("button-{n}")
}

/// Makes what the system is handed.
fn wanted(notice: &Notice, abilities: Abilities, instead_of: Option<Place>) -> Wanted {
    let body = if abilities.markup { escaped(&notice.body) } else { notice.body.clone() };
    let mut actions = Vec::new();
    // Some services show a dialog for what they cannot show as a button.
    if abilities.buttons {
        actions.push((CLICK.to_owned(), CLICK.to_owned()));
        let buttons = notice.buttons.iter().enumerate();
        actions.extend(buttons.map(|(n, (label, _))| (button_id(n), label.clone())));
    }
    Wanted { title: notice.title.clone(), body, actions, instead_of }
}

/// A name is no markup, whatever is in it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

async fn wait(shown: Shown, actions: HashMap<String, Does>, chosen: mpsc::UnboundedSender<Does>) {
    if let Some(does) = shown.answer().await.and_then(|action| actions.get(&action).cloned()) {
        // Whoever acts lives as long as the app.
        let _ = chosen.send(does);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice() -> Notice {
        Notice {
            id: NoticeId::Test,
            title: "A & B changed on both sides".into(),
            body: "In <Projects>".into(),
            click: Does::ShowConflicts,
            buttons: vec![("Review".into(), Does::ShowConflicts), ("Keep both".into(), Does::ShowActivity)],
        }
    }

    #[test]
    fn buttons_are_sent_only_where_they_can_be_shown() {
        let all = wanted(&notice(), Abilities { buttons: true, markup: false }, None).actions;
        let all: Vec<_> = all.iter().map(|(id, label)| (id.as_str(), label.as_str())).collect();
        assert_eq!(all, [("default", "default"), ("button-0", "Review"), ("button-1", "Keep both")]);
        assert!(wanted(&notice(), Abilities::default(), None).actions.is_empty());
    }

    #[test]
    fn names_are_no_markup() {
        let shown = wanted(&notice(), Abilities { buttons: false, markup: true }, None);
        assert_eq!(
            (shown.title.as_str(), shown.body.as_str()),
            ("A & B changed on both sides", "In &lt;Projects&gt;")
        );
        assert_eq!(wanted(&notice(), Abilities::default(), None).body, "In <Projects>");
    }

    #[test]
    fn every_action_that_is_sent_does_something() {
        let notice = notice();
        let sent = wanted(&notice, Abilities { buttons: true, markup: false }, None).actions;
        let known = actions(&notice);
        for (id, _) in &sent {
            assert!(known.contains_key(id), "{id}");
        }
        assert_eq!(known["button-1"], Does::ShowActivity);
    }
}

//! Hands notifications to the system, hears what becomes of them, and takes them back.
//!
//! Rule: the handle of each is kept here, because without it no click would be heard. A system that shows
//! nothing is told once in the log and not asked to explain.

use std::collections::HashMap;

use tokio::{sync::mpsc, task::JoinHandle};

use super::notice::{Notice, NoticeId};
use crate::tray::Does;

/// Name of the icon, as packages install it.
const ICON: &str = "lockstep";
/// The id of a click on the notification itself.
const CLICK: &str = "default";

/// Shows notifications.
pub struct Bell {
    chosen: mpsc::UnboundedSender<Does>,
    live: HashMap<NoticeId, Live>,
    abilities: Option<Abilities>,
    is_mute: bool,
}

/// One that may still be on the screen.
struct Live {
    number: u32,
    waiting: JoinHandle<()>,
}

/// What the system's notifications can do.
#[derive(Debug, Clone, Copy, Default)]
struct Abilities {
    buttons: bool,
    markup: bool,
}

impl Bell {
    /// Makes one; what a person chooses goes to `chosen`.
    pub fn new(chosen: mpsc::UnboundedSender<Does>) -> Bell {
        Bell { chosen, live: HashMap::new(), abilities: None, is_mute: false }
    }

    /// Shows a notification in place of an earlier one with the same id.
    pub async fn show(&mut self, notice: Notice) {
        let abilities = self.abilities().await;
        let earlier = self.live.remove(&notice.id);
        if let Some(earlier) = &earlier {
            // Else one click would be heard twice.
            earlier.waiting.abort();
        }
        let wanted = built(&notice, abilities, earlier.map(|earlier| earlier.number));
        match system::show(wanted).await {
            Ok(handle) => {
                self.is_mute = false;
                let number = handle.id();
                let waiting = tokio::spawn(wait(handle, actions(&notice), self.chosen.clone()));
                self.live.insert(notice.id, Live { number, waiting });
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_mute, true) {
                    tracing::warn!(%error, "this system shows no notifications; everything is in the window");
                }
                // It may be another service, with other abilities, when there is one again.
                self.abilities = None;
            }
        }
    }

    /// Takes one back.
    pub async fn withdraw(&mut self, id: &NoticeId) {
        if let Some(live) = self.live.remove(id) {
            live.waiting.abort();
            system::close(live.number).await;
        }
    }

    async fn abilities(&mut self) -> Abilities {
        if let Some(abilities) = self.abilities {
            return abilities;
        }
        let abilities = system::abilities().await.unwrap_or_default();
        self.abilities = Some(abilities);
        abilities
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

/// Makes what the system is handed. Its urgency is the usual one, so that Do Not Disturb holds it back.
fn built(notice: &Notice, abilities: Abilities, instead_of: Option<u32>) -> notify_rust::Notification {
    let mut wanted = notify_rust::Notification::new();
    let body = if abilities.markup { escaped(&notice.body) } else { notice.body.clone() };
    wanted.appname("Lockstep").summary(&notice.title).body(&body).icon(ICON);
    #[cfg(target_os = "linux")]
    wanted.hint(notify_rust::Hint::DesktopEntry("org.lockstep.Lockstep".into()));
    if let Some(number) = instead_of {
        wanted.id(number);
    }
    // Some services show a dialog for what they cannot show as a button.
    if abilities.buttons {
        wanted.action(CLICK, CLICK);
        for (n, (label, _)) in notice.buttons.iter().enumerate() {
            wanted.action(&button_id(n), label);
        }
    }
    wanted
}

/// A name is no markup, whatever is in it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

async fn wait(
    handle: notify_rust::NotificationHandle,
    actions: HashMap<String, Does>,
    chosen: mpsc::UnboundedSender<Does>,
) {
    let action = system::answer(handle).await;
    if let Some(does) = action.and_then(|action| actions.get(&action).cloned()) {
        // Whoever acts lives as long as the app.
        let _ = chosen.send(does);
    }
}

/// Returns the id of the action that was chosen; nothing when it was closed.
fn action_of(response: &notify_rust::NotificationResponse) -> Option<String> {
    match response {
        notify_rust::NotificationResponse::Default => Some(CLICK.to_owned()),
        notify_rust::NotificationResponse::Action(id) => Some(id.clone()),
        _ => None,
    }
}

/// The service of Linux desktops, over D-Bus.
#[cfg(target_os = "linux")]
mod system {
    use notify_rust::{Notification, NotificationHandle, error::Error};
    use zbus::{Connection, proxy};

    use super::{Abilities, action_of};

    #[proxy(
        interface = "org.freedesktop.Notifications",
        default_service = "org.freedesktop.Notifications",
        default_path = "/org/freedesktop/Notifications",
        gen_blocking = false
    )]
    trait Service {
        fn get_capabilities(&self) -> zbus::Result<Vec<String>>;
        fn close_notification(&self, id: u32) -> zbus::Result<()>;
    }

    pub async fn show(wanted: Notification) -> Result<NotificationHandle, Error> {
        wanted.show_async().await
    }

    pub async fn answer(handle: NotificationHandle) -> Option<String> {
        let mut chosen = None;
        handle.wait_for_action_async(|response| chosen = action_of(response)).await;
        chosen
    }

    pub async fn close(number: u32) {
        if let Err(error) = try_close(number).await {
            tracing::debug!(%error, "a notification was gone already");
        }
    }

    async fn try_close(number: u32) -> zbus::Result<()> {
        ServiceProxy::new(&Connection::session().await?).await?.close_notification(number).await
    }

    pub async fn abilities() -> zbus::Result<Abilities> {
        let known = ServiceProxy::new(&Connection::session().await?).await?.get_capabilities().await?;
        let has = |what: &str| known.iter().any(|known| known == what);
        Ok(Abilities { buttons: has("actions"), markup: has("body-markup") })
    }
}

/// The services of Windows and macOS, whose calls block.
#[cfg(not(target_os = "linux"))]
mod system {
    use notify_rust::{Notification, NotificationHandle, NotificationResponse, error::Error};

    use super::{Abilities, action_of};

    pub async fn show(wanted: Notification) -> Result<NotificationHandle, Error> {
        let shown = tokio::task::spawn_blocking(move || wanted.show()).await;
        shown.expect("BUG: showing does not panic")
    }

    pub async fn answer(handle: NotificationHandle) -> Option<String> {
        let waited = tokio::task::spawn_blocking(move || {
            let mut chosen = None;
            let done =
                handle.wait_for_response(|response: &NotificationResponse| chosen = action_of(response));
            done.ok().and(chosen)
        });
        waited.await.ok().flatten()
    }

    /// These systems take notifications back by themselves after a while.
    pub async fn close(_number: u32) {}

    pub async fn abilities() -> Result<Abilities, Error> {
        Ok(Abilities { buttons: true, markup: false })
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
        let all = built(&notice(), Abilities { buttons: true, markup: false }, None);
        assert_eq!(all.actions, ["default", "default", "button-0", "Review", "button-1", "Keep both"]);
        let none = built(&notice(), Abilities::default(), None);
        assert!(none.actions.is_empty());
    }

    #[test]
    fn names_are_no_markup() {
        let shown = built(&notice(), Abilities { buttons: false, markup: true }, None);
        assert_eq!(
            (shown.summary.as_str(), shown.body.as_str()),
            ("A & B changed on both sides", "In &lt;Projects&gt;")
        );
        let plain = built(&notice(), Abilities::default(), None);
        assert_eq!(plain.body, "In <Projects>");
    }

    #[test]
    fn every_action_that_is_sent_does_something() {
        let notice = notice();
        let sent = built(&notice, Abilities { buttons: true, markup: false }, None).actions;
        let known = actions(&notice);
        for id in sent.iter().step_by(2) {
            assert!(known.contains_key(id), "{id}");
        }
        assert_eq!(known["button-1"], Does::ShowActivity);
    }
}

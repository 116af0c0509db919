//! The notifications of Windows and macOS, whose calls block.

use notify_rust::{Notification, NotificationHandle, NotificationResponse};

use super::send::{Abilities, CLICK, ShowError, Wanted};

/// Name of the icon, as packages install it.
const ICON: &str = "lockstep";

/// Where one is: these systems have no name for it, and take it back by themselves after a while.
#[derive(Debug, Clone)]
pub struct Place;

/// One that was shown.
pub struct Shown(NotificationHandle);

/// Returns what these systems can do.
pub async fn abilities() -> Result<Abilities, ShowError> {
    Ok(Abilities { buttons: true, markup: false })
}

/// Shows one.
pub async fn show(wanted: &Wanted) -> Result<Shown, ShowError> {
    let mut all = Notification::new();
    all.appname("Lockstep").summary(&wanted.title).body(&wanted.body).icon(ICON);
    for (id, label) in &wanted.actions {
        all.action(id, label);
    }
    let shown = tokio::task::spawn_blocking(move || all.show()).await;
    match shown.expect("BUG: showing does not panic") {
        Ok(handle) => Ok(Shown(handle)),
        Err(error) => Err(ShowError::Refused(error.to_string())),
    }
}

/// Leaves it to the system.
pub async fn close(_place: Place) {}

impl Shown {
    /// Returns where it is.
    pub fn place(&self) -> Place {
        Place
    }

    /// Waits for a person; returns the action that was chosen, nothing when it was closed.
    pub async fn answer(self) -> Option<String> {
        let waited = tokio::task::spawn_blocking(move || {
            let mut chosen = None;
            let done =
                self.0.wait_for_response(|response: &NotificationResponse| chosen = action_of(response));
            done.ok().and(chosen)
        });
        waited.await.ok().flatten()
    }
}

fn action_of(response: &NotificationResponse) -> Option<String> {
    match response {
        NotificationResponse::Default => Some(CLICK.to_owned()),
        NotificationResponse::Action(id) => Some(id.clone()),
        _ => None,
    }
}

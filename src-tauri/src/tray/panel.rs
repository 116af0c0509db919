//! Guesses whether the panel that holds the status icon is dark, and hears when that changes.
//!
//! GNOME's bar is always black. Elsewhere panels follow the colour scheme of the desktop, which the
//! settings portal tells. A person can overrule the guess in the settings.

use futures::StreamExt;
use tokio::sync::watch;
use zbus::{
    Connection, proxy,
    zvariant::{OwnedValue, Value},
};

const APPEARANCE: &str = "org.freedesktop.appearance";
const COLOUR_SCHEME: &str = "color-scheme";
/// The value of the colour scheme that asks for dark.
const PREFERS_DARK: u32 = 1;

#[proxy(
    interface = "org.freedesktop.portal.Settings",
    default_service = "org.freedesktop.portal.Desktop",
    default_path = "/org/freedesktop/portal/desktop",
    gen_blocking = false
)]
trait Portal {
    fn read(&self, namespace: &str, key: &str) -> zbus::Result<OwnedValue>;
    #[zbus(signal)]
    fn setting_changed(&self, namespace: &str, key: &str, value: Value<'_>) -> zbus::Result<()>;
}

/// Returns the guess that needs no bus; `desktop` is the list in `XDG_CURRENT_DESKTOP`.
pub fn is_always_dark(desktop: &str) -> bool {
    desktop.split(':').any(|name| matches!(name, "GNOME" | "GNOME-Classic" | "Unity" | "ubuntu" | "pop"))
}

/// Follows the colour scheme for as long as somebody listens.
pub async fn follow(is_dark: watch::Sender<bool>) {
    if let Err(error) = try_follow(&is_dark).await {
        tracing::debug!(%error, "the colour scheme of the desktop is not known");
    }
}

async fn try_follow(is_dark: &watch::Sender<bool>) -> zbus::Result<()> {
    let bus = Connection::session().await?;
    let portal = PortalProxy::new(&bus).await?;
    let mut changes =
        portal.receive_setting_changed_with_args(&[(0, APPEARANCE), (1, COLOUR_SCHEME)]).await?;
    let now = portal.read(APPEARANCE, COLOUR_SCHEME).await?;
    tell(is_dark, &now);
    loop {
        tokio::select! {
            change = changes.next() => match change {
                Some(change) => tell(is_dark, &change.args()?.value),
                None => return Ok(()),
            },
            () = is_dark.closed() => return Ok(()),
        }
    }
}

fn tell(is_dark: &watch::Sender<bool>, value: &Value<'_>) {
    let Some(dark) = number(value).map(|scheme| scheme == PREFERS_DARK) else { return };
    is_dark.send_if_modified(|known| std::mem::replace(known, dark) != dark);
}

/// Portals wrap the number once or twice.
fn number(value: &Value<'_>) -> Option<u32> {
    match value {
        Value::U32(number) => Some(*number),
        Value::Value(inside) => number(inside),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_of_gnome_is_dark_whatever_its_colour_scheme() {
        assert!(is_always_dark("ubuntu:GNOME"));
        assert!(is_always_dark("GNOME"));
        assert!(!is_always_dark("KDE"));
        assert!(!is_always_dark("XFCE"));
        assert!(!is_always_dark(""));
    }

    #[test]
    fn a_colour_scheme_is_read_however_often_it_is_wrapped() {
        let wrapped = |times: usize| (0..times).fold(Value::U32(1), |value, _| Value::Value(Box::new(value)));
        for times in 0..3 {
            assert_eq!(number(&wrapped(times)), Some(1));
        }
        assert_eq!(number(&Value::from("dark")), None);
    }
}

//! Knows whether this desktop shows status icons: a StatusNotifier watcher is on the bus and a host is
//! registered with it. Also knows whether the watcher has our icon, after a panel was started again.
//!
//! Rule: without a bus, or without an answer, there are no status icons; the window is complete.

use std::time::Duration;

use futures::StreamExt;
use tokio::sync::watch;
use zbus::{Connection, fdo::DBusProxy, names::BusName, proxy};

use super::presence::Found;

/// How long a panel that was just started gets to know of our icon.
const REGISTERING: Duration = Duration::from_secs(5);

#[proxy(
    interface = "org.kde.StatusNotifierWatcher",
    default_service = "org.kde.StatusNotifierWatcher",
    default_path = "/StatusNotifierWatcher",
    gen_blocking = false
)]
trait Watcher {
    #[zbus(property(emits_changed_signal = "false"))]
    fn is_status_notifier_host_registered(&self) -> zbus::Result<bool>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn registered_status_notifier_items(&self) -> zbus::Result<Vec<String>>;
    #[zbus(signal)]
    fn status_notifier_host_registered(&self) -> zbus::Result<()>;
    #[zbus(signal)]
    fn status_notifier_host_unregistered(&self) -> zbus::Result<()>;
}

/// Watches for as long as somebody listens; `id` is that of our icon.
pub async fn follow(id: &str, presence: watch::Sender<Found>) {
    if let Err(error) = try_follow(id, &presence).await {
        tracing::info!(%error, "no session bus: this desktop shows no status icons");
    }
}

async fn try_follow(id: &str, presence: &watch::Sender<Found>) -> zbus::Result<()> {
    let bus = Connection::session().await?;
    let dbus = DBusProxy::new(&bus).await?;
    let watcher = WatcherProxy::new(&bus).await?;
    let name = watcher.inner().destination().clone();
    let mut owners = dbus.receive_name_owner_changed_with_args(&[(0, name.as_str())]).await?;
    let mut came = watcher.receive_status_notifier_host_registered().await?;
    let mut went = watcher.receive_status_notifier_host_unregistered().await?;
    let mut was_shown = false;
    loop {
        let is_shown = is_shown(&dbus, &watcher, &name).await;
        presence.send_if_modified(|known| std::mem::replace(&mut known.shown, is_shown) != is_shown);
        // Our icon registers by itself; only when it does not is it made anew.
        let check = async {
            tokio::time::sleep(REGISTERING).await;
            is_shown && !was_shown && !has_ours(&dbus, &watcher, id).await
        };
        tokio::select! {
            changed = owners.next() => if changed.is_none() { return Ok(()) },
            _ = came.next() => {}
            _ = went.next() => {}
            is_lost = check, if is_shown && !was_shown => {
                was_shown = true;
                if is_lost {
                    presence.send_modify(|known| known.lost += 1);
                }
                continue;
            }
            () = presence.closed() => return Ok(()),
        }
        was_shown = false;
    }
}

async fn is_shown(dbus: &DBusProxy<'_>, watcher: &WatcherProxy<'_>, name: &BusName<'_>) -> bool {
    let is_there = dbus.name_has_owner(name.clone()).await.unwrap_or(false);
    // Some watchers do not say whether there is a host; they are one.
    is_there && watcher.is_status_notifier_host_registered().await.unwrap_or(true)
}

/// True when the watcher lists an icon with our id that belongs to this process.
async fn has_ours(dbus: &DBusProxy<'_>, watcher: &WatcherProxy<'_>, id: &str) -> bool {
    let Ok(items) = watcher.registered_status_notifier_items().await else {
        // It cannot be told, so it is left alone.
        return true;
    };
    let suffix = format!("_{id}");
    for item in items.iter().filter(|item| item.ends_with(&suffix)) {
        let owner = item.split('/').next().unwrap_or_default();
        let pid = match BusName::try_from(owner) {
            Ok(owner) => dbus.get_connection_unix_process_id(owner).await.ok(),
            Err(_) => None,
        };
        if pid.is_none_or(|pid| pid == std::process::id()) {
            return true;
        }
    }
    false
}

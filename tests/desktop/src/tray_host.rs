//! The panel: a StatusNotifier watcher and host, and a reader of the icon and menu that it gets.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use zbus::{
    Connection, fdo, interface,
    message::Header,
    object_server::SignalEmitter,
    proxy,
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

use crate::{desktop::Desktop, pictures, wait::News};

const PATH: &str = "/StatusNotifierWatcher";

type Items = Arc<Mutex<Vec<(String, String)>>>;

struct Watcher {
    items: Items,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    async fn register_status_notifier_item(
        &mut self,
        service: &str,
        #[zbus(header)] header: Header<'_>,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> fdo::Result<()> {
        // libappindicator names an object of its own connection; others name a connection.
        let item = if service.starts_with('/') {
            (header.sender().map(ToString::to_string).unwrap_or_default(), service.to_owned())
        } else {
            (service.to_owned(), "/StatusNotifierItem".to_owned())
        };
        let text = format!("{}{}", item.0, item.1);
        self.items.lock().expect("BUG: nothing panics while it is held").push(item);
        Self::status_notifier_item_registered(&emitter, &text).await?;
        Ok(())
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        let items = self.items.lock().expect("BUG: nothing panics while it is held");
        items.iter().map(|(name, path)| format!("{name}{path}")).collect()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(signal)]
    async fn status_notifier_item_registered(emitter: &SignalEmitter<'_>, item: &str) -> zbus::Result<()>;
}

type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

#[proxy(interface = "com.canonical.dbusmenu", gen_blocking = false)]
trait DbusMenu {
    fn about_to_show(&self, id: i32) -> zbus::Result<bool>;
    fn get_layout(&self, parent: i32, depth: i32, properties: &[&str]) -> zbus::Result<(u32, Layout)>;
    fn event(&self, id: i32, event: &str, data: &Value<'_>, timestamp: u32) -> zbus::Result<()>;
}

/// A panel that shows status icons; it is gone when this is dropped.
pub struct TrayHost {
    watcher: Connection,
    bus: Connection,
    news: News,
    items: Items,
}

/// An entry of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    id: i32,
    /// What it says; empty for a line between groups.
    pub label: String,
    /// Whether it can be chosen.
    pub enabled: bool,
    /// What is in it.
    pub inside: Vec<Entry>,
}

impl TrayHost {
    /// Adds a panel to a desktop.
    pub async fn start(desktop: &Desktop) -> TrayHost {
        let items = Items::default();
        let watcher = Watcher { items: items.clone() };
        let builder = desktop.builder().serve_at(PATH, watcher).expect("BUG: the path is one");
        let named = builder.name("org.kde.StatusNotifierWatcher").expect("BUG: the name is one");
        // The bus does not send the watcher its own signals, so somebody else listens.
        TrayHost {
            watcher: named.build().await.expect("the only panel"),
            news: News::of(desktop.connect().await).await,
            bus: desktop.connect().await,
            items,
        }
    }

    /// Takes the panel away.
    pub async fn stop(self) {
        self.watcher.close().await.expect("the bus answers");
    }

    /// Waits until an icon is there.
    pub async fn item(&self) {
        self.news.until("a status icon", async || self.last()).await;
    }

    /// Returns how many icons were registered so far.
    pub fn registered(&self) -> usize {
        self.items.lock().expect("BUG: nothing panics while it is held").len()
    }

    /// Waits until the icon is this one: `style/state`.
    pub async fn icon(&self, wanted: &str) {
        self.news
            .until(&format!("icon {wanted}"), async || {
                let seen = self.shown_icon().await;
                // Shown only when the test fails.
                println!("icon: {seen:?}");
                (seen.as_deref() == Some(wanted)).then_some(())
            })
            .await;
    }

    /// Waits until the menu reads like this from top to bottom; `–` is a line, what is in a submenu is
    /// indented, and clock times read `hh:mm`.
    pub async fn menu(&self, wanted: &[&str]) {
        self.news
            .until(&format!("menu {wanted:#?}"), async || {
                let seen = lines(&self.entries().await?);
                if seen == wanted {
                    return Some(());
                }
                // Shown only when the test fails.
                println!("menu: {seen:#?}");
                None
            })
            .await;
    }

    /// Waits until the first line of the menu begins like this.
    pub async fn status(&self, wanted: &str) {
        self.news
            .until(&format!("status {wanted}"), async || {
                let first = self.entries().await?.into_iter().next()?.label;
                // Shown only when the test fails.
                println!("status: {first}");
                first.starts_with(wanted).then_some(())
            })
            .await;
    }

    /// Waits until an entry is there, wherever, and chooses it.
    pub async fn choose(&self, label: &str) {
        let entry = self
            .news
            .until(&format!("entry {label}"), async || find(&self.entries().await.unwrap_or_default(), label))
            .await;
        let menu = self.dbus_menu().await.expect("the icon has a menu");
        menu.event(entry.id, "clicked", &Value::from(0i32), 0).await.expect("it can be chosen");
    }

    fn last(&self) -> Option<(String, String)> {
        self.items.lock().expect("BUG: nothing panics while it is held").last().cloned()
    }

    async fn properties(&self) -> Option<HashMap<String, OwnedValue>> {
        let (name, path) = self.last()?;
        let builder = fdo::PropertiesProxy::builder(&self.bus).destination(name).ok()?.path(path).ok()?;
        let interface = "org.kde.StatusNotifierItem".try_into().expect("BUG: the name is one");
        builder.build().await.ok()?.get_all(interface).await.ok()
    }

    async fn shown_icon(&self) -> Option<String> {
        let name = self.properties().await?.get("IconName")?.try_clone().ok()?;
        pictures::name_of(&PathBuf::from(String::try_from(name).ok()?))
    }

    async fn dbus_menu(&self) -> Option<DbusMenuProxy<'static>> {
        let (name, _) = self.last()?;
        let path = OwnedObjectPath::try_from(self.properties().await?.get("Menu")?.try_clone().ok()?).ok()?;
        DbusMenuProxy::builder(&self.bus).destination(name).ok()?.path(path).ok()?.build().await.ok()
    }

    async fn entries(&self) -> Option<Vec<Entry>> {
        let menu = self.dbus_menu().await?;
        menu.about_to_show(0).await.ok()?;
        let (_, root) = menu.get_layout(0, -1, &[]).await.ok()?;
        Some(root.2.into_iter().filter_map(entry).collect())
    }
}

/// Returns nothing for what is hidden.
fn entry(value: OwnedValue) -> Option<Entry> {
    let (id, properties, inside) = Layout::try_from(value).expect("a menu has this shape");
    let text =
        |key: &str| properties.get(key)?.try_clone().ok().and_then(|value| String::try_from(value).ok());
    let flag = |key: &str| properties.get(key).and_then(|value| bool::try_from(value).ok()).unwrap_or(true);
    let label = match text("type").as_deref() {
        Some("separator") => String::new(),
        // A lone underscore marks a letter; two are one.
        _ => text("label").unwrap_or_default().replace("__", "\u{0}").replace('_', "").replace('\u{0}', "_"),
    };
    flag("visible").then(|| Entry {
        id,
        label,
        enabled: flag("enabled"),
        inside: inside.into_iter().filter_map(entry).collect(),
    })
}

fn lines(entries: &[Entry]) -> Vec<String> {
    let mut all = Vec::new();
    for entry in entries {
        all.push(if entry.label.is_empty() { "–".to_owned() } else { without_time(&entry.label) });
        all.extend(lines(&entry.inside).into_iter().map(|line| format!("  {line}")));
    }
    all
}

fn without_time(label: &str) -> String {
    let is_time = |text: &str| text.len() == 5 && text.chars().all(|c| c.is_ascii_digit() || c == ':');
    match label.rsplit_once(' ') {
        Some((start, end)) if is_time(end) => format!("{start} hh:mm"),
        _ => label.to_owned(),
    }
}

fn find(entries: &[Entry], label: &str) -> Option<Entry> {
    let here = entries.iter().find(|entry| entry.label == label && entry.enabled).cloned();
    here.or_else(|| entries.iter().find_map(|entry| find(&entry.inside, label)))
}

//! The service that shows notifications, and the person who clicks on them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use zbus::{Connection, interface, object_server::SignalEmitter, zvariant::OwnedValue};

use crate::{desktop::Desktop, wait::News};

const PATH: &str = "/org/freedesktop/Notifications";

/// A notification that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The number that the service gave it.
    pub number: u32,
    /// The number of the one that it replaces, or 0.
    pub replaces: u32,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Its buttons: id and label.
    pub buttons: Vec<(String, String)>,
    /// Whether it was taken back.
    pub is_closed: bool,
}

type All = Arc<Mutex<Vec<Shown>>>;

struct Service {
    all: All,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Service {
    #[expect(clippy::too_many_arguments, reason = "the specification of the desktop has so many")]
    async fn notify(
        &self,
        _app: &str,
        replaces: u32,
        _icon: &str,
        title: &str,
        body: &str,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _timeout: i32,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> u32 {
        let number = {
            let mut all = self.all.lock().expect("BUG: nothing panics while it is held");
            let number = if replaces == 0 { all.len() as u32 + 1 } else { replaces };
            let buttons = actions.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            let (title, body) = (title.to_owned(), body.to_owned());
            all.push(Shown { number, replaces, title, body, buttons, is_closed: false });
            number
        };
        // Wakes whoever waits in a test; no desktop sends it.
        let _ = Self::changed(&emitter).await;
        number
    }

    async fn close_notification(&self, id: u32, #[zbus(signal_emitter)] emitter: SignalEmitter<'_>) {
        for shown in self.all.lock().expect("BUG: nothing panics while it is held").iter_mut() {
            shown.is_closed |= shown.number == id;
        }
        let _ = Self::notification_closed(&emitter, id, 3).await;
    }

    fn get_capabilities(&self) -> Vec<String> {
        ["actions", "body", "body-markup"].map(str::to_owned).to_vec()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        ("test".into(), "Lockstep".into(), "1".into(), "1.2".into())
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action: &str) -> zbus::Result<()>;
    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
    #[zbus(signal)]
    async fn changed(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}

/// A service that shows notifications; it is gone when this is dropped.
pub struct Notifications {
    service: Connection,
    news: News,
    all: All,
}

impl Notifications {
    /// Adds the service to a desktop.
    pub async fn start(desktop: &Desktop) -> Notifications {
        let all = All::default();
        let service = Service { all: all.clone() };
        let builder = desktop.builder().serve_at(PATH, service).expect("BUG: the path is one");
        let named = builder.name("org.freedesktop.Notifications").expect("BUG: the name is one");
        // The bus does not send the service its own signals, so somebody else listens.
        let news = News::of(desktop.connect().await).await;
        Notifications { service: named.build().await.expect("the only service"), news, all }
    }

    /// Waits until one with this title was handed over.
    pub async fn shown(&self, title: &str) -> Shown {
        self.news
            .until(&format!("notification {title}"), async || {
                let all = self.all();
                // Shown only when the test fails.
                println!("told: {:?}", all.iter().map(|shown| &shown.title).collect::<Vec<_>>());
                all.into_iter().find(|shown| shown.title == title)
            })
            .await
    }

    /// Waits until one was taken back.
    pub async fn closed(&self, number: u32) {
        self.news
            .until(&format!("notification {number} taken back"), async || {
                self.all().iter().any(|shown| shown.number == number && shown.is_closed).then_some(())
            })
            .await;
    }

    /// Chooses an action of a notification; `default` is a click on the notification itself.
    pub async fn choose(&self, number: u32, action: &str) {
        let emitter = SignalEmitter::new(&self.service, PATH).expect("BUG: the path is one");
        Service::action_invoked(&emitter, number, action).await.expect("the bus answers");
    }

    /// Returns all that were handed over.
    pub fn all(&self) -> Vec<Shown> {
        self.all.lock().expect("BUG: nothing panics while it is held").clone()
    }
}

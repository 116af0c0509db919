//! What a sign-in needs of the desktop: its window, the browser, and somebody to tell.

use std::any::Any;

use tauri::{AppHandle, Manager};
use tauri_plugin_opener::OpenerExt;
use tokio::sync::mpsc;
use url::Url;

use crate::{
    dto::{LinkState, Proxy},
    events,
    link::{Signal, Stage, window},
    shell::Shell,
};

/// The desktop of this app.
pub struct Desktop(pub AppHandle);

impl Stage for Desktop {
    fn open_window(
        &self,
        url: &Url,
        redirect: &Url,
        signals: mpsc::UnboundedSender<Signal>,
    ) -> Result<Box<dyn Any + Send>, String> {
        window::open(&self.0, url, redirect, self.proxy(), signals)
    }

    fn open_browser(&self, url: &str) -> Result<(), String> {
        self.0.opener().open_url(url, None::<&str>).map_err(|error| error.to_string())
    }

    fn told(&self, state: &LinkState) {
        events::link(&self.0, state);
    }
}

impl Desktop {
    /// Returns the proxy of the settings, without a password: WebKit asks for that itself.
    fn proxy(&self) -> Option<Url> {
        let proxy = self.0.state::<Shell>().settings.all().ok()?.proxy;
        let (scheme, server) = match proxy {
            Proxy::Http(server) => ("http", server),
            Proxy::Socks5(server) => ("socks5", server),
            Proxy::System | Proxy::None => return None,
        };
        Url::parse(&format!("{scheme}://{}:{}", server.host, server.port)).ok()
    }
}

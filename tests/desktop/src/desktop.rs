//! A screen and a session bus that nobody else uses, so that tests can run side by side.
//!
//! Rule: the bus starts no service by itself; what is on it, a test has put there.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{AtomEnum, ConnectionExt as _, MapState},
    rust_connection::RustConnection,
};
use zbus::connection::Builder;

use crate::{
    pictures,
    wait::{in_time, seen},
};

/// Between two looks at a window that is being painted.
const GLANCE: Duration = Duration::from_millis(10);

/// A window without a page has fewer colours.
const PLAIN: usize = 12;

const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// What opens files and addresses here: it notes them.
const OPEN: &str =
    "#!/bin/sh\nprintf '%s\\n' \"$1\" >> \"$HOME/opened.tmp\"\nmv \"$HOME/opened.tmp\" \"$HOME/opened\"\n";

/// A desktop; it ends when this is dropped.
pub struct Desktop {
    display: String,
    bus: String,
    folder: TempDir,
    _processes: [Killed; 2],
}

/// A process that does not outlive its owner.
pub struct Killed(pub Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Desktop {
    /// Starts a desktop without any panel.
    pub fn start() -> Desktop {
        let folder = tempfile::Builder::new().prefix("ls").tempdir().expect("temp dir");
        let (screen, number) = first_line(Command::new("Xvfb").args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x800x24",
            "-nolisten",
            "tcp",
            // Else it starts afresh when the last one that looked at it leaves, and whoever comes just then is
            // thrown out.
            "-noreset",
        ]));
        let config = folder.path().join("bus.conf");
        write(&config, BUS);
        let (daemon, address) = first_line(
            Command::new("dbus-daemon")
                .arg("--config-file")
                .arg(&config)
                .args(["--nofork", "--print-address=1"]),
        );
        for name in ["run", "home", "config", "data", "cache", "bin"] {
            std::fs::create_dir(folder.path().join(name)).expect("create");
        }
        only_for_owner(&folder.path().join("run"));
        let open = folder.path().join("bin/xdg-open");
        write(&open, OPEN);
        only_for_owner(&open);
        Desktop { display: format!(":{number}"), bus: address, folder, _processes: [screen, daemon] }
    }

    /// Returns a folder of this desktop.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Opens a connection to the bus.
    pub async fn connect(&self) -> zbus::Connection {
        self.builder().build().await.expect("the bus answers")
    }

    /// Begins a connection to the bus.
    pub(crate) fn builder(&self) -> Builder<'_> {
        Builder::address(self.bus.as_str()).expect("BUG: the bus told its address")
    }

    /// Makes a program run on this desktop, in English and in UTC.
    pub fn around(&self, command: &mut Command) {
        let at = |name: &str| self.folder.path().join(name);
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("HOME", at("home"))
            .env("PATH", path_with(&at("bin")))
            .env("XDG_RUNTIME_DIR", at("run"))
            .env("XDG_CONFIG_HOME", at("config"))
            .env("XDG_DATA_HOME", at("data"))
            .env("XDG_CACHE_HOME", at("cache"))
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env("GDK_BACKEND", "x11")
            .env("NO_AT_BRIDGE", "1")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env_remove("LC_ALL")
            .env_remove("LANGUAGE")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("XDG_CURRENT_DESKTOP");
    }

    /// Waits until a window with this title is on the screen.
    pub async fn window(&self, wanted: &str) {
        let (screen, root) = self.screen();
        let is_there = || titles(&screen, root).iter().any(|title| title == wanted);
        seen(&format!("window {wanted}"), is_there).await;
    }

    /// Waits until something is opened in its program, such as a page in the browser; returns what.
    pub async fn opened(&self) -> String {
        let note = self.folder.path().join("home/opened");
        seen("something to be opened", || note.exists()).await;
        let text = std::fs::read_to_string(&note).expect("it is there");
        std::fs::remove_file(&note).expect("remove");
        text.trim().to_owned()
    }

    /// Watches a window from the moment when it is on the screen until its page is painted; returns the colour
    /// that most of it had, at each look.
    pub async fn painting(&self, wanted: &str) -> Vec<[u8; 3]> {
        let (screen, root) = self.screen();
        let mut again = tokio::time::interval(GLANCE);
        let mut colours_seen = Vec::new();
        in_time(&format!("painted window {wanted}"), async {
            loop {
                let window = windows(&screen, root).into_iter().find(|(_, title)| title == wanted);
                if let Some(colours) = window.and_then(|(window, _)| pictures::colours(&screen, window)) {
                    colours_seen.push(colours[0]);
                    if colours.len() > PLAIN {
                        return;
                    }
                }
                again.tick().await;
            }
        })
        .await;
        colours_seen
    }

    /// Returns whether any window is on the screen.
    pub fn has_window(&self) -> bool {
        let (screen, root) = self.screen();
        !titles(&screen, root).is_empty()
    }

    fn screen(&self) -> (RustConnection, u32) {
        let (screen, number) = RustConnection::connect(Some(&self.display)).expect("the screen answers");
        let root = screen.setup().roots[number].root;
        (screen, root)
    }
}

/// Returns the titles of the windows that are shown.
fn titles(screen: &RustConnection, root: u32) -> Vec<String> {
    windows(screen, root).into_iter().map(|(_, title)| title).collect()
}

/// Returns the windows that are shown, with their titles.
fn windows(screen: &RustConnection, root: u32) -> Vec<(u32, String)> {
    let tree = screen.query_tree(root).expect("sent").reply().expect("the root is there");
    // One may close while it is looked at.
    tree.children.into_iter().filter_map(|window| Some((window, title(screen, window)?))).collect()
}

fn title(screen: &RustConnection, window: u32) -> Option<String> {
    let attributes = screen.get_window_attributes(window).ok()?.reply().ok()?;
    if attributes.map_state != MapState::VIEWABLE {
        return None;
    }
    let name =
        screen.get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 1024).ok()?.reply().ok()?;
    Some(String::from_utf8_lossy(&name.value).into_owned()).filter(|name| !name.is_empty())
}

/// Starts a program and waits for the one line that says where it can be found.
fn first_line(command: &mut Command) -> (Killed, String) {
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = started.unwrap_or_else(|error| panic!("{command:?}: {error}; run: cargo xtask test"));
    let output = child.stdout.take().expect("BUG: it is piped");
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).expect("it says where it is");
    assert!(!line.trim().is_empty(), "{command:?} ended at once");
    (Killed(child), line.trim().to_owned())
}

#[expect(clippy::disallowed_methods, reason = "a file of the test's own, that nobody reads yet")]
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("write");
}

/// The programs of this computer, and before them those of a desktop.
fn path_with(first: &Path) -> std::ffi::OsString {
    let mut path = first.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

fn only_for_owner(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).expect("set permissions");
}

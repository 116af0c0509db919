//! `cargo xtask dev`: the app with windows that change while one edits them.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, Command},
    thread,
    time::Duration,
};

use anyhow::{Context, bail};

use crate::{
    system::{self, C_COMPILER, STATUS_ICONS, WEBKIT, cargo},
    ui,
};

/// Where the windows come from meanwhile.
const PORT: u16 = 1420;
/// How often a server that starts is asked whether it is there.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// The server of the windows; ends when dropped.
struct Pages(Child);

impl Pages {
    /// Starts the server and waits until it answers: a window that comes earlier would stay blank.
    fn serve() -> anyhow::Result<Self> {
        // Asked before: somebody else's server would answer in the place of ours.
        TcpListener::bind((Ipv4Addr::LOCALHOST, PORT))
            .with_context(|| format!("port {PORT} is taken; end the program that has it"))?;
        let mut pages = Self(ui::pages(PORT).spawn().context("node could not be started")?);
        loop {
            if let Some(status) = pages.0.try_wait()? {
                bail!("the server of the windows ended with {status}; see above");
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, PORT)).is_ok() {
                return Ok(pages);
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "a person waits; nobody tells that a port was opened"
            )]
            thread::sleep(ASK_AGAIN);
        }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs both until the app ends; true when it ended well.
pub fn run() -> anyhow::Result<bool> {
    system::ensure(&[C_COMPILER, WEBKIT, STATUS_ICONS])?;
    ui::prepare()?;
    let _pages = Pages::serve()?;
    let config = format!(r#"{{"build":{{"devUrl":"http://127.0.0.1:{PORT}"}}}}"#);
    let status = cargo().args(["run", "--package", "lockstep-app"]).env("TAURI_CONFIG", config).status();
    Ok(status.context("cargo could not be started")?.success())
}

/// Writes the TypeScript of the app's commands anew; true when that worked.
pub fn bindings() -> anyhow::Result<bool> {
    let mut write: Command = cargo();
    write.args(["test", "--package", "lockstep-app", "--lib", "bindings"]).env("UPDATE_BINDINGS", "1");
    Ok(write.status().context("cargo could not be started")?.success())
}

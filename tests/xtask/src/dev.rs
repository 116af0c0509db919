//! `cargo xtask dev`: the app with windows that change while one edits them.

use std::process::{Child, Command};

use anyhow::Context;

use crate::{
    system::{self, C_COMPILER, STATUS_ICONS, WEBKIT, cargo},
    ui,
};

/// Where the windows come from meanwhile; the port stands in `ui/package.json`, too.
const CONFIG: &str = r#"{"build":{"devUrl":"http://localhost:1420"}}"#;

/// The server of the windows; ends when dropped.
struct Pages(Child);

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
    let pages = ui::npm().args(["run", "dev"]).spawn().context("npm could not be started")?;
    let _pages = Pages(pages);
    let status = cargo().args(["run", "--package", "lockstep-app"]).env("TAURI_CONFIG", CONFIG).status();
    Ok(status.context("cargo could not be started")?.success())
}

/// Writes the TypeScript of the app's commands anew; true when that worked.
pub fn bindings() -> anyhow::Result<bool> {
    let mut write: Command = cargo();
    write.args(["test", "--package", "lockstep-app", "--lib", "bindings"]).env("UPDATE_BINDINGS", "1");
    Ok(write.status().context("cargo could not be started")?.success())
}

//! `cargo xtask dev`: the app with windows that change while one edits them.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
};

use anyhow::{Context, bail};

use crate::{
    system::{self, C_COMPILER, STATUS_ICONS, WEBKIT, cargo},
    ui,
};

/// Where the windows come from meanwhile.
const PORT: u16 = 1420;

/// The server of the windows; ends when dropped.
struct Pages(Child);

impl Pages {
    /// Starts the server and waits until it says where it is: a window that comes earlier would stay blank. One
    /// that finds its port taken says so and ends.
    fn serve() -> anyhow::Result<Self> {
        let mut pages =
            Self(ui::pages(PORT).stdout(Stdio::piped()).spawn().context("node could not be started")?);
        let said = pages.0.stdout.take().context("node has no output")?;
        let mut lines = BufReader::new(said).lines();
        for line in lines.by_ref() {
            let line = line?;
            println!("{line}");
            if line.contains(&PORT.to_string()) {
                thread::spawn(move || lines.map_while(Result::ok).for_each(|line| println!("{line}")));
                return Ok(pages);
            }
        }
        bail!("the server of the windows ended; see above")
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

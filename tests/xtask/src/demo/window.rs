//! The demo on a display: the real app, and a person who clicks.
//!
//! Prepares the link page for the fake service, says what to do next, plays the other device, and makes a
//! conflict when the folder is in step. Never clicks itself.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use serde_json::Value;

use super::{Stage, heading, indent, program::Lockstep, service::Service};

/// How often it looks whether the person has gone on.
const LOOK: Duration = Duration::from_millis(500);

/// Edited on both sides while nothing syncs.
const CONTESTED: &str = "Documents/Notes/Ideas.md";

/// The app with a home of its own; ends when dropped.
struct App {
    child: Child,
    lockstep: Lockstep,
}

/// Runs the demo until the app is closed for good.
pub fn show(programs: &Path, root: &Path) -> anyhow::Result<()> {
    let service = Service::start(&programs.join("fake-dropbox"))?;
    let home = root.join("home");
    prepare_link_page(&home, &service)?;
    let mut app = App::start(programs, home)?;
    invite(&service);
    let folder = app.until("a workspace is in step", first_folder_in_step)?;
    another_device(&service)?;
    conflict(&app, &service, &folder)?;
    app.until("the conflict is found", |lockstep| Ok(has_conflict(lockstep)?.then_some(())))?;
    println!("  Lockstep asks now. Open Conflicts, compare, choose.");
    app.until("the conflict is resolved", |lockstep| Ok((!has_conflict(lockstep)?).then_some(())))?;
    heading("Resolved");
    let stage = Stage { service: &service, folder: &folder };
    println!("{}", indent(&app.lockstep.output(&["activity", "--limit", "5"])?));
    println!("\n  the folder  {}", stage.folder.display());
    println!("  Edit something there and watch. Quit Lockstep (tray, or Ctrl-C here) to end the demo.");
    app.child.wait()?;
    Ok(())
}

/// Tells whether there is something to show a window on.
pub fn is_display_there() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Fills the link page in, as an organisation with an app of its own would, and keeps secrets in the home.
fn prepare_link_page(home: &Path, service: &Service) -> anyhow::Result<()> {
    std::fs::create_dir_all(home)?;
    let page = |path: &str| format!("{}/oauth2/{path}", service.url);
    let text = format!(
        "[link]\nclient_id = {:?}\nauthorize_url = {:?}\ntoken_url = {:?}\n",
        service.app_key,
        page("authorize"),
        page("token")
    );
    write(&home.join("app.toml"), &text)?;
    // A demo leaves nothing in a person's keyring.
    write(&home.join("config.toml"), "secret_store = \"file\"\n")
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "a new file in a new temporary folder")]
    std::fs::write(file, text).with_context(|| file.display().to_string())
}

fn invite(service: &Service) {
    heading("Now it is yours");
    println!(
        "  1. Link Dropbox: the page is filled in for the fake service; tick that you trust it, Sign in."
    );
    println!("  2. Sign in with  {}  /  {}  and press Allow.", service.email, service.password);
    println!("  3. Take the folders that are proposed, or others; look at what will happen, and start.");
    println!("\nAs soon as both sides are equal another device edits a file that is edited here, too.");
}

/// Answers with the local folder of the first workspace when it is up to date.
fn first_folder_in_step(lockstep: &Lockstep) -> anyhow::Result<Option<PathBuf>> {
    let workspaces: Value = serde_json::from_str(&lockstep.output(&["workspace", "list", "--json"])?)?;
    let first = workspaces.as_array().and_then(|all| all.first());
    let in_step = first.filter(|w| w["state"] == "idle" && w["files"].as_u64() > Some(0));
    Ok(in_step.and_then(|workspace| workspace["local"].as_str()).map(PathBuf::from))
}

fn another_device(service: &Service) -> anyhow::Result<()> {
    heading("Another device saves a photo and a budget: see them come");
    service.put("/Photos/From another device.txt", "Written there.\n")?;
    service.put("/Documents/Budget.csv", "month,in,out\nApril,3400,2700\n")
}

/// Pauses, edits both sides and resumes: then neither may be overwritten.
fn conflict(app: &App, service: &Service, folder: &Path) -> anyhow::Result<()> {
    heading("A conflict: the same file is edited here and there");
    app.lockstep.output(&["workspace", "pause"])?;
    let here = folder.join(CONTESTED);
    #[expect(clippy::disallowed_methods, reason = "plays a person's editor, which saves as it likes")]
    std::fs::write(&here, "# Ideas\n\n- as this computer has them\n").context(CONTESTED)?;
    service.put(&format!("/{CONTESTED}"), "# Ideas\n\n- as Dropbox has them\n")?;
    app.lockstep.output(&["workspace", "resume"]).map(drop)
}

fn has_conflict(lockstep: &Lockstep) -> anyhow::Result<bool> {
    Ok(lockstep.output(&["conflicts", "--json"])?.trim() != "[]")
}

impl App {
    fn start(programs: &Path, home: PathBuf) -> anyhow::Result<App> {
        let child = Command::new(programs.join("lockstep-app"))
            .env("LOCKSTEP_HOME", &home)
            // The folder that the wizard proposes is the demo's, too.
            .env("HOME", home.parent().unwrap_or(&home))
            .stdin(Stdio::null())
            .spawn()
            .context("the app could not be started")?;
        Ok(App { child, lockstep: Lockstep::new(programs.join("lockstep"), home) })
    }

    /// Looks again and again until there is an answer; a person takes the time that they take.
    fn until<T>(
        &mut self,
        what: &str,
        answer: impl Fn(&Lockstep) -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("the app ended ({status}) before {what}");
            }
            if let Some(found) = answer(&self.lockstep)? {
                return Ok(found);
            }
            #[expect(clippy::disallowed_methods, reason = "a person clicks meanwhile")]
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

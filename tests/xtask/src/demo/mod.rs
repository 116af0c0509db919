//! `cargo xtask demo`: a folder and a Dropbox staying in step, before one's eyes.
//!
//! Everything is real but Dropbox: the app or the `lockstep` program, HTTP, files, the sign-in pages. The
//! fake service runs on this computer; nothing leaves it. With a display the person clicks; without one the
//! demo performs.
//!
//! Rule: the demo claims only what it has looked at: each step ends when both trees are equal, or fails.

mod program;
mod service;
mod trees;
mod window;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use self::{
    program::{Lockstep, Running},
    service::Service,
    trees::Tree,
};
use crate::{
    system::{self, C_COMPILER, STATUS_ICONS, WEBKIT},
    ui,
};

/// How long a step may take before something must be wrong.
const PATIENCE: Duration = Duration::from_secs(90);

/// Runs the demo; with `keep` its folder stays afterwards, and so does what runs without a window.
pub fn run(keep: bool) -> anyhow::Result<bool> {
    let with_window = window::is_display_there();
    let programs = build(with_window)?;
    let place = tempfile::Builder::new().prefix("lockstep-demo-").tempdir()?;
    let root = if keep { place.keep() } else { place.path().to_owned() };
    let outcome = if with_window { window::show(&programs, &root) } else { show(&programs, &root, keep) };
    if let Err(error) = &outcome {
        print_logs(&root);
        println!("\nThe demo stopped: {error:#}");
    }
    Ok(outcome.is_ok())
}

fn build(with_window: bool) -> anyhow::Result<PathBuf> {
    heading("Building Lockstep and the fake Dropbox");
    if !with_window {
        system::ensure(&[C_COMPILER])?;
        return system::build_programs(&["cli", "fake-dropbox"]);
    }
    system::ensure(&[C_COMPILER, WEBKIT, STATUS_ICONS])?;
    ui::prepare()?;
    // The app embeds the windows, so they come first.
    ui::build()?;
    system::build_programs(&["cli", "fake-dropbox", "lockstep-app"])
}

fn show(programs: &Path, root: &Path, keep: bool) -> anyhow::Result<()> {
    let service = Service::start(&programs.join("fake-dropbox"))?;
    let lockstep = Lockstep::new(programs.join("lockstep"), root.join("home"));
    let folder = root.join("Dropbox");
    introduce(&service)?;
    link(&lockstep, &service)?;
    first_sync(&lockstep, &service, &folder)?;
    let running = Running::start(&lockstep)?;
    let stage = Stage { service: &service, folder: &folder };
    let running = stage.perform(&lockstep, running)?;
    conclude(&lockstep, &stage)?;
    where_to_look(&lockstep, &service, &folder, keep);
    if keep { running.wait() } else { running.stop() }
}

fn introduce(service: &Service) -> anyhow::Result<()> {
    heading("A Dropbox on this computer");
    let tree = service.tree()?;
    println!("  {} with {}", service.url, tree.summary());
    println!("  {} / {}", service.email, service.password);
    Ok(())
}

fn link(lockstep: &Lockstep, service: &Service) -> anyhow::Result<()> {
    heading("Linking the account, through the sign-in pages");
    let account = lockstep.link(service)?;
    println!("  opened the page, signed in, pressed Allow, pasted the code");
    println!("  {}", account.replace('\n', "\n  "));
    Ok(())
}

fn first_sync(lockstep: &Lockstep, service: &Service, folder: &Path) -> anyhow::Result<()> {
    heading("A first sync, into an empty folder");
    let local = folder.to_str().context("the temporary folder has an odd name")?;
    let add = ["workspace", "add", "--remote", "/", "--local", local];
    println!("{}", indent(&lockstep.output(&[&add[..], &["--dry-run"]].concat())?));
    lockstep.output(&add)?;
    let running = Running::start(lockstep)?;
    Stage { service, folder }.until_equal(&running, |_| true)?;
    running.stop()
}

/// Both sides of the workspace.
struct Stage<'a> {
    service: &'a Service,
    folder: &'a Path,
}

impl Stage<'_> {
    fn perform(&self, lockstep: &Lockstep, running: Running) -> anyhow::Result<Running> {
        self.changes_here(&running)?;
        self.changes_there(&running)?;
        self.conflict(lockstep, running)
    }

    fn changes_here(&self, running: &Running) -> anyhow::Result<()> {
        heading("Changes on this computer: a new file, an edit, a folder renamed, a deletion");
        self.write("Documents/From this computer.txt", "Written here.\n")?;
        self.write("Welcome.txt", "Edited on this computer.\n")?;
        std::fs::rename(self.folder.join("Projects/garden"), self.folder.join("Projects/Garden 2026"))?;
        std::fs::remove_file(self.folder.join("Journal/2025/Day 050.txt"))?;
        self.until_equal(running, |tree| {
            tree.is_text("Welcome.txt", "Edited on this computer.\n")
                && tree.has("Documents/From this computer.txt")
                && tree.has("Projects/Garden 2026/plan.txt")
                && !tree.has("Projects/garden")
                && !tree.has("Journal/2025/Day 050.txt")
        })
    }

    fn changes_there(&self, running: &Running) -> anyhow::Result<()> {
        heading("Changes on Dropbox, by another device: a new file, an edit, a move, a deletion");
        self.service.put("/Photos/From another device.txt", "Written there.\n")?;
        self.service.put("/Documents/Budget.csv", "month,in,out\nApril,3400,2700\n")?;
        self.service.rename("/Projects/website", "/Documents/website")?;
        self.service.delete("/Journal/2025/Day 049.txt")?;
        self.until_equal(running, |tree| {
            tree.has("Photos/From another device.txt")
                && tree.is_text("Documents/Budget.csv", "month,in,out\nApril,3400,2700\n")
                && tree.has("Documents/website/index.html")
                && !tree.has("Projects/website")
                && !tree.has("Journal/2025/Day 049.txt")
        })
    }

    fn conflict(&self, lockstep: &Lockstep, running: Running) -> anyhow::Result<Running> {
        heading("A conflict: both edit one file while Lockstep is not running");
        running.stop()?;
        let ideas = "Documents/Notes/Ideas.md";
        self.write(ideas, "# Ideas, as this computer has them\n")?;
        self.service.put(&format!("/{ideas}"), "# Ideas, as Dropbox has them\n")?;
        let running = Running::start(lockstep)?;
        self.until_equal(&running, |tree| {
            let kept = tree
                .find(|path| path.starts_with("Documents/Notes/Ideas") && path.contains("conflicted copy"));
            tree.is_text(ideas, "# Ideas, as Dropbox has them\n")
                && kept.is_some_and(|path| tree.is_text(path, "# Ideas, as this computer has them\n"))
        })?;
        println!("  both were kept: Dropbox's under the name, this computer's as a conflicted copy");
        Ok(running)
    }

    fn write(&self, path: &str, text: &str) -> anyhow::Result<()> {
        let path = self.folder.join(path);
        #[expect(clippy::disallowed_methods, reason = "plays a person's editor, which saves as it likes")]
        std::fs::write(&path, text).with_context(|| path.display().to_string())
    }

    /// Waits until both trees are equal and as expected, showing progress meanwhile.
    fn until_equal(&self, running: &Running, expected: impl Fn(&Tree) -> bool) -> anyhow::Result<()> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            running.show_progress()?;
            let (there, here) = (self.service.tree()?, Tree::read(self.folder)?);
            if there == here && expected(&here) {
                running.clear_progress();
                let seconds = started.elapsed().as_secs_f64();
                println!("  ✓ both sides are equal after {seconds:.1} s: {}", here.summary());
                return Ok(());
            }
        }
        let differences = self.service.tree()?.differences(&Tree::read(self.folder)?);
        bail!("both sides are not as expected after {} s:\n{differences}", PATIENCE.as_secs())
    }
}

fn conclude(lockstep: &Lockstep, stage: &Stage<'_>) -> anyhow::Result<()> {
    heading("Both sides now");
    print!("{}", stage.service.tree()?.side_by_side(&Tree::read(stage.folder)?));
    heading("What Lockstep says it did (lockstep activity --limit 15)");
    println!("{}", indent(&lockstep.output(&["activity", "--limit", "15"])?));
    heading("Every byte compared (lockstep verify)");
    println!("{}", indent(&lockstep.output(&["verify"])?));
    Ok(())
}

fn where_to_look(lockstep: &Lockstep, service: &Service, folder: &Path, keep: bool) {
    heading("Where to look");
    if keep {
        println!("  the folder     {}", folder.display());
        println!("  the fake       {}  ({} / {})", service.url, service.email, service.password);
        println!("  the command    {} --home {} status", lockstep.binary.display(), lockstep.home.display());
        println!("  the logs       {}", lockstep.home.join("logs").display());
        println!("\nStill running: edit a file in the folder and watch. Ctrl-C ends it; the folder stays.");
    } else {
        println!("  cargo xtask demo --keep   leaves all of this running, to play with");
        println!("  cargo xtask test          proves it");
        println!("  ARCHITECTURE.md           says how it works");
    }
}

fn print_logs(root: &Path) {
    let Ok(logs) = std::fs::read_dir(root.join("home/logs")) else { return };
    for log in logs.flatten() {
        println!("\n{}:", log.path().display());
        let text = std::fs::read_to_string(log.path()).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(30)).for_each(|line| println!("  {line}"));
    }
}

fn heading(text: &str) {
    println!("\n── {text} ──");
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

//! The crash matrix: the program dies at a named point, starts again, and goes on by itself.
//!
//! Each case ends with the same on both sides, exactly as wished, with nothing carried that had been carried
//! before, nothing doubled, and what was replaced or removed in the trash.
//!
//! | row | state | where it is shown |
//! |---|---|---|
//! | 1-25 | see below | here, on the real program |
//! | 26 | trash purge half done | not reached: the engine purges nothing yet |
//! | 27 | schema migration | the store's tests: a migration is one transaction |
//! | 28 | index lost or damaged | `index.rs` |
//! | 29 | root moved or restored | `index.rs`, and `windows.rs` for a move that was asked for |
//! | 30 | zeros after a power cut | not reached by a kill: pages of the kernel survive it |
//! | 31 | settings half written | here |
//! | 32 | token refreshed, not stored | not reached: access tokens are in memory only |
//!
//! Of 5 and 6, what a power cut would do to unflushed pages cannot be had with a kill either.

mod carry;
mod decide;
mod disk;
mod remote;

use std::os::unix::fs::OpenOptionsExt;

use super::*;
use stories::{Program, people::contents};
use testkit::TempRoot;

/// One death.
struct Death {
    world: World,
    anna: Computer,
    /// Transfers before the second start.
    carried: u64,
}

/// What is on both sides before.
fn base() -> Tree {
    tree! {
        "Docs/" { "a.txt" => "one", "b.txt" => "two", "Deep/" { "c.txt" => "three" } },
        "d.txt" => "four",
    }
}

/// Changes one side or both.
struct Sides<'a> {
    world: &'a World,
    folder: &'a Path,
}

impl Sides<'_> {
    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let at = self.folder.join(path);
        fs::create_dir_all(at.parent().expect("BUG: below the folder")).expect("a folder can be made");
        File::create(at).and_then(|mut file| file.write_all(content.as_ref())).expect("it can be written");
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.folder.join(from), self.folder.join(to)).expect("it can be renamed");
    }

    fn remove(&self, path: &str) {
        remove(&self.folder.join(path));
    }

    fn put(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.world.control().put(path, content.into()).expect("put");
    }

    fn rename_there(&self, from: &str, to: &str) {
        self.world.control().rename(from, to).expect("rename");
    }

    fn delete_there(&self, path: &str) {
        self.world.control().delete(path).expect("delete");
    }
}

/// A computer in step with Dropbox.
async fn in_step(on_conflict: &str) -> (World, Computer) {
    let world = World::start().await;
    let anna = Computer::with_conflicts(&world, on_conflict).await;
    base().write_to(&anna.folder()).expect("it can be filled");
    anna.done(&["sync"]).await;
    assert_eq!(world.tree(), base());
    (world, anna)
}

impl Death {
    /// From the state in step, changes something and dies at the point while it is carried.
    async fn at(point: &str, change: impl Fn(&Sides<'_>)) -> Death {
        let (world, anna) = in_step("keep-both").await;
        change(&Sides { world: &world, folder: &anna.folder() });
        let death = Death { world, anna, carried: 0 };
        death.dies(point, &["sync"]).await
    }

    async fn dies(mut self, point: &str, arguments: &[&str]) -> Death {
        let ended = self.anna.end(Program::dying(self.anna.home(), arguments, point)).await;
        let name = point.split(':').next().expect("a name");
        let is_it = ended.stderr.contains(&format!("crash point {name}\n"));
        assert!(is_it && ended.signal.is_some(), "{point}: {:?} {}", ended.code, ended.stderr);
        self.carried = self.world.transfers();
        self
    }

    /// Like [`Death::at`], but somebody acts at this computer at another point just before.
    async fn after(
        wait_at: &str,
        meanwhile: impl Fn(&Sides<'_>),
        point: &str,
        change: impl Fn(&Sides<'_>),
    ) -> Death {
        let (world, anna) = in_step("keep-both").await;
        let pipes = TempRoot::new();
        let pipe = pipes.at("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .expect("a pipe can be made");
        change(&Sides { world: &world, folder: &anna.folder() });
        let mut command = Program::dying(anna.home(), &["sync"], point);
        command.env("LOCKSTEP_WAIT_AT", wait_at).env("LOCKSTEP_WAIT_FOR", &pipe);
        let mut running = anna.begin(command);
        running.until_waiting_at(wait_at).await;
        meanwhile(&Sides { world: &world, folder: &anna.folder() });
        // It is opened only when the other end is open too; nothing has to be written.
        drop(File::options().write(true).custom_flags(0).open(&pipe).expect("somebody reads it"));
        assert_eq!(running.last_words().await, point.split(':').next().expect("a name"));
        let carried = world.transfers();
        Death { world, anna, carried }
    }

    /// Starts again: both sides must become as wished.
    async fn ends_as(self, wished: &Tree) -> Death {
        self.ends().await;
        let (here, there) = (self.anna.tree(), self.world.tree());
        assert_eq!(here.difference(wished), "", "here");
        assert_eq!(there.difference(wished), "", "there");
        self
    }

    /// Starts again: both sides must become equal, with these contents in them, no more and no less.
    async fn ends_with(self, wished: &[&str]) -> Death {
        self.ends().await;
        let (here, there) = (self.anna.tree(), self.world.tree());
        assert_eq!(here.difference(&there), "", "here and there");
        let mut found: Vec<_> = self.world.control().tree().into_values().flatten().collect();
        let mut wished: Vec<_> = wished.iter().map(|text| text.as_bytes().to_vec()).collect();
        found.sort();
        wished.sort();
        assert_eq!(found, wished, "{here:?}");
        self
    }

    async fn ends(&self) {
        let ended = self.anna.run(&["sync"]).await;
        assert_eq!(ended.code, Some(0), "{} {}", ended.stdout, ended.stderr);
        let left = fs::read_dir(self.anna.folder().join(".lockstep/staging")).expect("it is there").flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        assert!(left.iter().all(|name| name == "probe"), "nobody settled {left:?}");
    }

    /// So many transfers, and no more, after the second start.
    fn carrying(self, most: u64) -> Death {
        let more = self.world.transfers() - self.carried;
        assert!(more <= most, "{more} transfers after the crash, {most} were left to do");
        self
    }

    /// These contents lie in the trash, or beside.
    fn keeping(self, kept: &[&str]) -> Death {
        let here = contents(&self.anna.folder());
        for text in kept {
            assert!(here.contains(&text.as_bytes().to_vec()), "{text:?} was not kept");
        }
        self
    }
}

/// The state in step with one file put in or replaced.
fn with(path: &str, content: impl Into<Vec<u8>>) -> Tree {
    let mut tree = base();
    tree.put_file(path, content.into());
    tree
}

/// The state in step without something.
fn without(path: &str) -> Tree {
    let mut tree = base();
    tree.remove(path);
    tree
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_31_settings_that_are_half_written_are_still_the_old_ones() {
    let (_world, anna) = in_step("keep-both").await;
    // What `config set` would leave: its new file beside the old one.
    let beside = anna.home().join(".config.toml.tmp");
    File::create(&beside).and_then(|mut file| file.write_all(b"debounce_ms = ")).expect("written");
    let settings = anna.json(&["config", "get", "debounce_ms"]).await;
    assert_eq!(settings["debounce_ms"], 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_that_ships_has_no_crash_points() {
    let (_world, anna) = in_step("keep-both").await;
    let mut command = anna.program().command(&["sync"]);
    command.env("LOCKSTEP_CRASH_AT", "*");
    assert_eq!(anna.end(command).await.code, Some(0));
    let binary = anna.program().command(&[]).get_program().to_owned();
    let bytes = fs::read(binary).expect("it can be read");
    let name = b"LOCKSTEP_CRASH_AT";
    assert!(!bytes.windows(name.len()).any(|window| window == name), "it does not even know the name");
}

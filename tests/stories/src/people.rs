//! Two people who change one account from both sides, and what they would miss.
//!
//! Rule: every content is saved once and is unlike any other, so that it can be looked for.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use crate::world::World;

/// The same numbers each time.
pub struct Dice(pub u64);

impl Dice {
    /// Returns a number below the bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        // Source: splitmix64 by Sebastiano Vigna, public domain.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len() as u64) as usize]
    }
}

/// Few names, so that the two sides meet.
const FOLDERS: [&str; 4] = ["", "one/", "two/", "two/deep/"];
const NAMES: [&str; 4] = ["a.txt", "b.txt", "c.bin", "d"];

/// Two people who save without regard for each other, and what they would miss.
pub struct People<'a> {
    world: &'a World,
    folder: PathBuf,
    /// Decides what they do.
    pub dice: Dice,
    saved: u64,
    /// What was saved here and not destroyed here since.
    missed: BTreeSet<Vec<u8>>,
}

impl<'a> People<'a> {
    /// Two people who have saved nothing yet; one of them in this folder.
    pub fn new(world: &'a World, folder: PathBuf, seed: u64) -> People<'a> {
        People { world, folder, dice: Dice(seed), saved: 0, missed: BTreeSet::new() }
    }

    /// Returns how many contents were saved.
    pub fn saved(&self) -> u64 {
        self.saved
    }

    fn path(&mut self) -> String {
        format!("{}{}", self.dice.pick(&FOLDERS), self.dice.pick(&NAMES))
    }

    /// Makes bytes that nobody has saved before; some are larger than one read.
    fn content(&mut self, who: &str) -> Vec<u8> {
        self.saved += 1;
        let size = [20, 20, 3_000, 400_000][self.dice.below(4) as usize];
        let mut bytes = format!("{who} saved this as number {} ", self.saved).into_bytes();
        bytes.resize(bytes.len().max(size), b'.');
        bytes
    }

    /// Does one thing on one side, or the same path on both.
    pub fn act(&mut self) {
        match self.dice.below(12) {
            0..4 => self.save_here(),
            4 => self.rename_here(),
            5 => self.delete_here(),
            6..9 => self.save_there(),
            9 => self.rename_there(),
            10 => self.delete_there(),
            _ => {
                let path = self.path();
                self.save_here_at(&path);
                self.save_there_at(&path);
            }
        }
    }

    fn save_here(&mut self) {
        let path = self.path();
        self.save_here_at(&path);
    }

    /// Writes in place or through a new file, as editors do.
    fn save_here_at(&mut self, path: &str) {
        let (content, at) = (self.content("anna"), self.folder.join(path));
        let in_place = self.dice.below(2) == 0;
        // Whatever stands in the way or vanishes meanwhile: then it was not saved.
        let _ = fs::create_dir_all(at.parent().expect("BUG: below the folder"));
        self.gives_up(&at);
        if save(&at, &content, in_place).is_ok() {
            self.missed.insert(content);
        }
    }

    fn rename_here(&mut self) {
        let (from, to) = match self.dice.below(4) {
            0 => ("one".to_owned(), "two/one".to_owned()),
            1 => ("two/one".to_owned(), "one".to_owned()),
            _ => (self.path(), self.path()),
        };
        let (from, to) = (self.folder.join(from), self.folder.join(to));
        if from.exists() && from != to {
            let _ = fs::create_dir_all(to.parent().expect("BUG: below the folder"));
            self.gives_up(&to);
            let _ = fs::rename(from, to);
        }
    }

    fn delete_here(&mut self) {
        let path = if self.dice.below(4) == 0 { self.dice.pick(&FOLDERS[1..]).into() } else { self.path() };
        let at = self.folder.join(path);
        self.gives_up(&at);
        remove(&at);
    }

    /// Nobody misses what they destroy themselves, knowing what it is.
    fn gives_up(&mut self, at: &Path) {
        for content in contents(at) {
            self.missed.remove(&content);
        }
    }

    fn save_there(&mut self) {
        let path = self.path();
        self.save_there_at(&path);
    }

    fn save_there_at(&mut self, path: &str) {
        let content = self.content("ben");
        // A folder may stand there; then ben did not save.
        let _ = self.world.control().put(&format!("/{path}"), content);
    }

    fn rename_there(&mut self) {
        let (from, to) = match self.dice.below(4) {
            0 => ("two/deep".to_owned(), "one/deep".to_owned()),
            1 => ("one/deep".to_owned(), "two/deep".to_owned()),
            _ => (self.path(), self.path()),
        };
        let _ = self.world.control().rename(&format!("/{from}"), &format!("/{to}"));
    }

    fn delete_there(&mut self) {
        let path = if self.dice.below(4) == 0 { self.dice.pick(&["one", "two"]).into() } else { self.path() };
        let _ = self.world.control().delete(&format!("/{path}"));
    }

    /// Nothing that somebody would miss is gone: it is in the folder (also under another name), in its
    /// trash, or Dropbox has or had it.
    pub fn assert_nothing_is_lost(&self) {
        let here: BTreeSet<Vec<u8>> = contents(&self.folder).into_iter().collect();
        for content in &self.missed {
            let there = self.world.control().ever_held(content).expect("Dropbox can be looked at");
            let shown = String::from_utf8_lossy(&content[..content.len().min(40)]);
            assert!(there || here.contains(content), "lost: {shown}");
        }
    }
}

fn save(at: &Path, content: &[u8], in_place: bool) -> std::io::Result<()> {
    if in_place {
        return File::create(at)?.write_all(content);
    }
    let beside = at.with_file_name(".anna-saves");
    File::create(&beside)?.write_all(content)?;
    fs::rename(&beside, at)
}

/// Removes a file or folder, if one is there.
#[expect(clippy::disallowed_methods, reason = "this plays the user, who may unlink what is theirs")]
pub fn remove(at: &Path) {
    // What is not there need not be removed.
    let _ = if at.is_dir() { fs::remove_dir_all(at) } else { fs::remove_file(at) };
}

/// Reads every file at or below a path, the trash included.
pub fn contents(at: &Path) -> Vec<Vec<u8>> {
    match fs::symlink_metadata(at) {
        Ok(stat) if stat.is_dir() => {
            let entries = fs::read_dir(at).into_iter().flatten().flatten();
            entries.flat_map(|entry| contents(&entry.path())).collect()
        }
        Ok(stat) if stat.is_file() => fs::read(at).into_iter().collect(),
        _ => Vec::new(),
    }
}

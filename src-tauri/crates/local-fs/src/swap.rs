//! Replacing one file: swap first, judge what was displaced, undo when it was something else.
//!
//! Every step is taken on names in two folders whose handles are held: our staging folder and the
//! target's. What a person saved is at every moment under one of the two names.
//!
//! Rule: after the swap our staging name means the user's object and is not unlinked any more.
//!
//! Exception, where a file system cannot swap names: the old file is linked into the trash, looked at
//! again, and replaced by a rename. A save by rename in the microseconds between those two is lost.

use std::io;

use sync_core::{LocalKind, LocalStat, SyncPath};

use crate::crash::crash_point;
use crate::error::{At, FsError, FsErrorKind};
use crate::publish::{OP, Published, put_back};
use crate::root::{Root, Spot};
use crate::stage::{Whole, path_of};
use crate::sys::{self, Open};
use crate::trash::TrashPlace;

/// A replacement that is ready to be carried out.
pub(crate) struct Swap<'a> {
    root: &'a Root,
    whole: Whole,
    spot: &'a Spot,
    expected: LocalStat,
    /// Our file, as it is after the last change we made to it.
    own: LocalStat,
    place: TrashPlace,
}

impl<'a> Swap<'a> {
    /// Checks the target, gives our file its attributes, and makes the place for it in the trash, so
    /// that nothing but renames is left to do.
    pub fn prepare(
        root: &'a Root,
        whole: Whole,
        spot: &'a Spot,
        expected: &LocalStat,
    ) -> Result<Swap<'a>, FsError> {
        match spot.look(OP)? {
            Some(found) if found.same_fingerprint(expected) && found.kind == LocalKind::File => {}
            _ => return Err(spot.error(OP, FsErrorKind::Changed)),
        }
        let old = spot.dir.open_file(&spot.name, Open::Read).ok();
        sys::copy_attributes(old.as_ref(), expected.mode, &whole.file).at(OP, &spot.path)?;
        whole.file.sync_all().at(OP, &spot.path)?;
        let own = sys::file_stat(&whole.file).at(OP, &spot.path)?;
        let place = root.trash_place(whole.op, &spot.path, &[(SyncPath::root(), *expected)])?;
        Ok(Swap { root, whole, spot, expected: *expected, own, place })
    }

    /// Swaps and judges.
    pub fn run(mut self) -> Result<Published, FsError> {
        crash_point("swap.prepared");
        match self.exchange() {
            Ok(()) => {
                crash_point("swap.exchanged");
                self.whole.is_ours = false;
                self.judge()
            }
            Err(error) if error.kind() == io::ErrorKind::Unsupported => self.replace_by_link(),
            Err(error) => {
                self.place.abandon();
                let error = FsError::from_io(OP, &self.spot.path, error);
                let gone = error.kind() == FsErrorKind::NotFound;
                Err(if gone { self.changed() } else { error })
            }
        }
    }

    fn exchange(&self) -> io::Result<()> {
        self.whole.staging.exchange(&self.whole.name, &self.spot.dir, &self.spot.name)
    }

    /// Looks at what the swap displaced.
    fn judge(self) -> Result<Published, FsError> {
        let displaced = self.in_staging()?;
        if displaced.same_but_for_ctime(&self.expected) {
            crash_point("swap.judged");
            self.place.take(&self.whole.staging, &self.whole.name)?;
            crash_point("swap.trashed");
            return self.root.published(&self.whole, self.spot, &self.own);
        }
        crash_point("swap.misjudged");
        self.place.abandon();
        if self.undo()? {
            crash_point("swap.undone");
            // Ours was visible for a moment: somebody may hold it open and write to it yet, so it is
            // kept like anything else that was displaced.
            let own = [(SyncPath::root(), self.own)];
            let place = self.root.trash_place(self.whole.op, &self.spot.path, &own)?;
            place.take(&self.whole.staging, &self.whole.name)?;
        }
        self.spot.dir.sync().at(OP, &self.spot.path)?;
        Err(self.changed())
    }

    /// Hands a displaced object back to its name; tells whether our file is back in the staging folder.
    ///
    /// Known here: the staging name means the user's object. The name means our file, or whatever
    /// somebody put there since; in that case the newer save keeps the name and the older one goes beside.
    fn undo(&self) -> Result<bool, FsError> {
        let standing = self.spot.look(OP)?;
        if standing.is_some_and(|found| self.is_own(&found)) && self.exchange().is_ok() {
            if self.is_own(&self.in_staging()?) {
                return Ok(true);
            }
            // Saved over between look and swap: the newest save gets its name again. Should that fail,
            // it goes beside, which is as good.
            let again = self.exchange();
            tracing::debug!(path = %self.spot.path, ok = again.is_ok(), "saved twice during a publish");
        }
        let (dir, name) = (&self.spot.dir, &self.spot.name);
        put_back(&self.whole.staging, &self.whole.name, dir, name).at(OP, &self.spot.path)?;
        Ok(false)
    }

    /// The way of file systems that cannot swap names.
    fn replace_by_link(mut self) -> Result<Published, FsError> {
        if let Err(error) = self.place.link(&self.spot.dir, &self.spot.name) {
            self.place.abandon();
            return Err(error);
        }
        // On failure the link stays in the trash: it may have become the only name of what it means.
        match self.spot.look(OP)? {
            Some(found) if found.same_but_for_ctime(&self.expected) => {}
            _ => return Err(self.changed()),
        }
        let (staging, name) = (&self.whole.staging, &self.whole.name);
        staging.rename_over(name, &self.spot.dir, &self.spot.name).at(OP, &self.spot.path)?;
        self.whole.is_ours = false;
        if self.place.holds(&self.expected)? {
            return self.root.published(&self.whole, self.spot, &self.own);
        }
        // Written to in place while it was being replaced: what was written goes beside ours.
        self.place.put_back(self.spot)?;
        Err(self.changed())
    }

    fn in_staging(&self) -> Result<LocalStat, FsError> {
        Ok(self.whole.staging.lstat(&self.whole.name).at(OP, path_of(&self.whole.name))?.stat)
    }

    fn is_own(&self, found: &LocalStat) -> bool {
        found.same_but_for_ctime(&self.own)
    }

    fn changed(&self) -> FsError {
        self.spot.error(OP, FsErrorKind::Changed)
    }
}

#[cfg(test)]
mod tests {
    //! The races, each stopped at the instant where it hurts most.

    use super::*;
    use std::fs::{self, File};
    use std::io::Write;
    use sync_core::ContentHash;

    struct Stage {
        temp: tempfile::TempDir,
        root: Root,
    }

    impl Stage {
        /// A root with the file `a` in it.
        fn new(text: &str) -> Stage {
            let temp = tempfile::tempdir().expect("temp dir");
            let root = Root::open(temp.path()).expect("open");
            root.adopt("me").expect("adopt");
            let stage = Stage { temp, root };
            stage.save_in_place("a", text);
            stage
        }

        fn save_in_place(&self, name: &str, text: &str) {
            let mut file = File::create(self.temp.path().join(name)).expect("create");
            file.write_all(text.as_bytes()).expect("write");
        }

        fn save_by_rename(&self, name: &str, text: &str) {
            self.save_in_place("~new", text);
            fs::rename(self.temp.path().join("~new"), self.temp.path().join(name)).expect("rename");
        }

        fn read(&self, name: &str) -> String {
            fs::read_to_string(self.temp.path().join(name)).expect("read")
        }

        fn names(&self) -> Vec<String> {
            let listing = self.root.read_dir(&SyncPath::root()).expect("list");
            listing.entries.iter().map(|entry| entry.name.to_string()).collect()
        }

        fn spot(&self) -> Spot {
            self.root.spot(&SyncPath::parse("a").expect("valid"), OP).expect("spot")
        }

        /// A download of "remote!" that is about to replace `a` as it is now.
        fn prepared<'a>(&'a self, spot: &'a Spot) -> Swap<'a> {
            let mut staged = self.root.stage(1, 7).expect("stage");
            staged.write(b"remote!").expect("write");
            let whole = staged.finish(&ContentHash::of(b"remote!"), 7, Some(1_000_000_000)).expect("finish");
            let expected = spot.look(OP).expect("look").expect("there");
            Swap::prepare(&self.root, whole, spot, &expected).expect("prepare")
        }

        fn staged_names(&self) -> Vec<String> {
            let names = self.root.staging().expect("staging").names().expect("list");
            names.iter().map(ToString::to_string).filter(|name| name != "probe").collect()
        }
    }

    fn changed<T: std::fmt::Debug>(result: Result<T, FsError>) {
        assert_eq!(result.expect_err("must not go through").kind(), FsErrorKind::Changed);
    }

    #[test]
    fn a_save_in_place_right_before_the_swap_keeps_its_name() {
        let stage = Stage::new("before");
        let spot = stage.spot();
        let swap = stage.prepared(&spot);
        stage.save_in_place("a", "precious");
        changed(swap.run());
        assert_eq!((stage.read("a"), stage.names()), ("precious".into(), vec!["a".into()]));
        assert_eq!(stage.staged_names(), Vec::<String>::new());
    }

    #[test]
    fn a_save_by_rename_right_before_the_swap_keeps_its_name() {
        let stage = Stage::new("before");
        let spot = stage.spot();
        let swap = stage.prepared(&spot);
        stage.save_by_rename("a", "before");
        changed(swap.run());
        assert_eq!((stage.read("a"), stage.names()), ("before".into(), vec!["a".into()]));
    }

    #[test]
    fn a_file_deleted_right_before_the_swap_stays_deleted() {
        let stage = Stage::new("before");
        let spot = stage.spot();
        let swap = stage.prepared(&spot);
        fs::remove_file(stage.temp.path().join("a")).expect("unlink");
        changed(swap.run());
        assert_eq!((stage.names(), stage.staged_names()), (vec![], vec![]));
    }

    #[test]
    fn a_folder_or_a_link_in_the_place_of_the_file_stands_again() {
        for is_link in [false, true] {
            let stage = Stage::new("before");
            let spot = stage.spot();
            let swap = stage.prepared(&spot);
            let path = stage.temp.path().join("a");
            fs::remove_file(&path).expect("unlink");
            if is_link {
                std::os::unix::fs::symlink("/etc/hostname", &path).expect("symlink");
            } else {
                fs::create_dir(&path).expect("mkdir");
            }
            changed(swap.run());
            let kind = fs::symlink_metadata(&path).expect("stands").file_type();
            assert_eq!((kind.is_symlink(), kind.is_dir()), (is_link, !is_link));
        }
    }

    #[test]
    fn two_saves_around_the_swap_are_both_kept_and_the_newer_has_the_name() {
        let stage = Stage::new("before");
        let spot = stage.spot();
        let mut swap = stage.prepared(&spot);
        stage.save_in_place("a", "first save");
        swap.exchange().expect("swap");
        swap.whole.is_ours = false;
        stage.save_by_rename("a", "second save");
        changed(swap.judge());
        assert_eq!(stage.read("a"), "second save");
        assert_eq!(stage.read("a (kept)"), "first save");
    }

    #[test]
    fn a_save_into_our_file_while_the_displaced_one_is_judged_is_kept_too() {
        let stage = Stage::new("before");
        let spot = stage.spot();
        let mut swap = stage.prepared(&spot);
        stage.save_in_place("a", "first save");
        swap.exchange().expect("swap");
        swap.whole.is_ours = false;
        stage.save_in_place("a", "appended to the download");
        changed(swap.judge());
        assert_eq!(stage.read("a"), "appended to the download");
        assert_eq!(stage.read("a (kept)"), "first save");
    }

    #[test]
    fn a_displaced_save_returns_even_when_the_name_was_deleted_meanwhile() {
        let stage = Stage::new("before");
        let spot = stage.spot();
        let mut swap = stage.prepared(&spot);
        stage.save_in_place("a", "first save");
        swap.exchange().expect("swap");
        swap.whole.is_ours = false;
        fs::remove_file(stage.temp.path().join("a")).expect("unlink");
        changed(swap.judge());
        assert_eq!((stage.read("a"), stage.names()), ("first save".into(), vec!["a".into()]));
    }

    #[test]
    fn our_file_that_was_visible_for_a_moment_is_kept_in_the_trash() {
        let stage = Stage::new("before");
        let spot = stage.spot();
        let swap = stage.prepared(&spot);
        stage.save_in_place("a", "precious");
        changed(swap.run());
        let entries = stage.root.trash_entries().expect("entries");
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].bytes, 7, "the download, which somebody may have open");
        assert!(stage.root.displaced_changed().expect("look").is_empty());
    }

    #[test]
    fn a_write_to_the_published_file_within_the_same_moment_is_not_taken_for_ours() {
        let stage = Stage::new("before");
        let spot = stage.spot();
        let mut swap = stage.prepared(&spot);
        swap.exchange().expect("swap");
        swap.whole.is_ours = false;
        stage.save_in_place("a", "remote?");
        let published = swap.judge().expect("the planned version was displaced");
        let now = stage.root.stat(&spot.path).expect("look").expect("there");
        assert!(!published.stat.same_fingerprint(&now), "the next look must find the edit");
    }

    #[test]
    fn without_a_swap_the_old_file_is_linked_to_the_trash_first() {
        let stage = Stage::new("before");
        let spot = stage.spot();
        stage.prepared(&spot).replace_by_link().expect("replaced");
        assert_eq!(stage.read("a"), "remote!");
        let entries = stage.root.trash_entries().expect("entries");
        let back = SyncPath::parse("b").expect("valid");
        stage.root.take_from_trash(&entries[0].key, &SyncPath::root(), &back).expect("there");
        assert_eq!(stage.read("b"), "before");
    }

    #[test]
    fn without_a_swap_a_save_before_the_replacement_stands() {
        for by_rename in [false, true] {
            let stage = Stage::new("before");
            let spot = stage.spot();
            let swap = stage.prepared(&spot);
            match by_rename {
                true => stage.save_by_rename("a", "precious"),
                false => stage.save_in_place("a", "precious"),
            }
            changed(swap.replace_by_link());
            assert_eq!(stage.read("a"), "precious");
        }
    }
}

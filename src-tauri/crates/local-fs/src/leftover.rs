//! What a crash left in the staging folder.
//!
//! After a publish was interrupted, a `.whole` there is either our download that nobody saw yet, or a
//! user's file that the swap displaced and nobody judged. The caller, who knows the synced tree, judges.
//!
//! Rule: only what carries our own inode under its own name may be unlinked.

use sync_core::{LocalKind, LocalStat, Name, SyncPath};

use crate::crash::crash_point;
use crate::error::{At, FsError, FsErrorKind};
use crate::read::{Hashed, Hashes, read_some};
use crate::root::{Root, fixed};
use crate::stage::{parse_whole_name, path_of};
use crate::sys::{self, Dir, Open};

/// One object that an interrupted publish left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The operation that was interrupted.
    pub op: i64,
    /// What a look at it says.
    pub stat: LocalStat,
    /// Its content; absent when it is no regular file or could not be read.
    pub hash: Option<Hashed>,
    /// It is what we staged: that inode, never written to since. Otherwise it is a person's.
    pub is_own: bool,
}

/// What becomes of a leftover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is the version that was to be replaced: to the trash, as the publish would have done.
    Trash {
        /// Where it stood, for the people who look into the trash; the root path when nobody knows.
        origin: SyncPath,
    },
    /// Somebody saved it meanwhile: back to a free place, `Exists` when it is not free.
    PutBack {
        /// The name to give it.
        at: SyncPath,
    },
    /// It is our own download and can be fetched again. Refused (`Changed`) for anything else.
    Drop,
}

const OP: &str = "settle";

impl Root {
    /// Lists what interrupted publishes left behind, by operation.
    pub fn leftovers(&self) -> Result<Vec<Leftover>, FsError> {
        let staging = self.staging()?;
        let mut found = Vec::new();
        for name in staging.names().at("list", ".lockstep/staging")? {
            let stat = staging.lstat(&name).at(OP, path_of(&name))?.stat;
            if let Some((op, is_own)) = parse_whole_name(&name, &stat) {
                let hash = self.hash_leftover(&staging, &name, &stat)?;
                found.push(Leftover { op, stat, hash, is_own });
            }
        }
        found.sort_by_key(|leftover| (leftover.op, leftover.stat.id.ino));
        Ok(found)
    }

    /// Carries out a verdict on exactly this leftover; `Changed` when it changed since it was listed.
    ///
    /// For [`Verdict::PutBack`] the look at the object in its place is returned.
    pub fn settle_leftover(
        &self,
        leftover: &Leftover,
        verdict: &Verdict,
    ) -> Result<Option<LocalStat>, FsError> {
        let staging = self.staging()?;
        let name = find(&staging, leftover)?;
        match verdict {
            Verdict::Trash { origin } => {
                let origin = if origin.is_root() { nowhere(leftover) } else { origin.clone() };
                let place = self.trash_place(leftover.op, &origin, &[(SyncPath::root(), leftover.stat)])?;
                place.take(&staging, &name)?;
                crash_point("leftover.trashed");
                Ok(None)
            }
            Verdict::PutBack { at } => {
                let spot = self.spot(at, OP)?;
                staging.rename_noreplace(&name, &spot.dir, &spot.name).at(OP, at)?;
                crash_point("leftover.put_back");
                spot.dir.sync().at(OP, at)?;
                spot.look(OP)
            }
            Verdict::Drop if leftover.is_own => {
                staging.remove_file(&name).at(OP, path_of(&name))?;
                Ok(None)
            }
            Verdict::Drop => Err(FsError::new(OP, path_of(&name), FsErrorKind::Changed)),
        }
    }

    fn hash_leftover(&self, staging: &Dir, name: &Name, stat: &LocalStat) -> Result<Option<Hashed>, FsError> {
        if stat.kind != LocalKind::File {
            return Ok(None);
        }
        let Ok(file) = staging.open_file(name, Open::Read) else { return Ok(None) };
        let mut hashes = Hashes::default();
        let mut piece = vec![0; 256 * 1024];
        loop {
            match read_some(&file, &mut piece).at(OP, path_of(name))? {
                0 => break,
                read => hashes.update(&piece[..read]),
            }
        }
        let still = sys::file_stat(&file).at(OP, path_of(name))?.same_fingerprint(stat);
        if !still || hashes.bytes != stat.size {
            return Ok(None);
        }
        let (content, blake3) = hashes.finish();
        Ok(Some(Hashed { stat: *stat, content, blake3, racy: self.is_racy(stat)? }))
    }
}

/// Names an object whose place is not known any more.
fn nowhere(leftover: &Leftover) -> SyncPath {
    SyncPath::from_names(vec![fixed(&format!("recovered {}", leftover.op))])
}

/// Finds a leftover again, unchanged.
fn find(staging: &Dir, leftover: &Leftover) -> Result<Name, FsError> {
    for name in staging.names().at("list", ".lockstep/staging")? {
        let stat = staging.lstat(&name).at(OP, path_of(&name))?.stat;
        let is_it = parse_whole_name(&name, &stat) == Some((leftover.op, leftover.is_own));
        if is_it && stat.same_fingerprint(&leftover.stat) {
            return Ok(name);
        }
    }
    Err(FsError::new(OP, format!(".lockstep/staging/{}.….whole", leftover.op), FsErrorKind::Changed))
}

//! What no program can leave out: looking at every file, and reading every byte.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sync_core::ContentHasher;

/// Threads of a baseline.
const THREADS: usize = 2;

/// Bytes read at once.
const BUFFER_BYTES: usize = 1024 * 1024;

/// Looks at everything below a folder, on two threads, as `find` would; returns how long that took and the files.
pub fn stat_walk(folder: &Path) -> (Duration, Vec<PathBuf>) {
    let start = Instant::now();
    let (open, files) = (Mutex::new(vec![folder.to_owned()]), Mutex::new(Vec::new()));
    // Folders that are waiting or being listed; the walk is over when there are none.
    let left = AtomicUsize::new(1);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while left.load(Ordering::Acquire) > 0 {
                    let next = open.lock().expect("BUG: nothing panics in the walk").pop();
                    let Some(next) = next else {
                        std::thread::yield_now();
                        continue;
                    };
                    let (folders, mut here) = list(&next);
                    left.fetch_add(folders.len(), Ordering::AcqRel);
                    open.lock().expect("BUG: nothing panics in the walk").extend(folders);
                    files.lock().expect("BUG: nothing panics in the walk").append(&mut here);
                    left.fetch_sub(1, Ordering::AcqRel);
                }
            });
        }
    });
    (start.elapsed(), files.into_inner().expect("BUG: nothing panics in the walk"))
}

/// Returns folders and files; what cannot be read is neither.
fn list(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.metadata() {
            // The engine's own folder is not looked through.
            Ok(stat) if stat.is_dir() && entry.file_name() != ".lockstep" => folders.push(entry.path()),
            Ok(stat) if stat.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    (folders, files)
}

/// Reads every file once, on two threads, and feeds it to a hash; returns how long that took.
pub fn hash_all(files: &[PathBuf], kind: Hash) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let work = || {
            let mut buffer = vec![0; BUFFER_BYTES];
            while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                hash(path, kind, &mut buffer)?;
            }
            anyhow::Ok(())
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("BUG: a hash does not panic"))
    })?;
    Ok(start.elapsed())
}

/// Which hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// Dropbox's content hash, which is SHA-256.
    Content,
    /// BLAKE3.
    Blake3,
}

fn hash(path: &Path, kind: Hash, buffer: &mut [u8]) -> anyhow::Result<()> {
    let mut file = File::open(path)?;
    let (mut content, mut blake3) = (ContentHasher::new(), blake3::Hasher::new());
    loop {
        let count = file.read(buffer)?;
        if count == 0 {
            return Ok(());
        }
        match kind {
            Hash::Content => content.update(&buffer[..count]),
            Hash::Blake3 => drop(blake3.update(&buffer[..count])),
        }
    }
}

#[cfg(test)]
mod tests {
    use testkit::{TempRoot, tree};

    use super::*;

    #[test]
    fn a_walk_sees_every_file_once() {
        let root = TempRoot::with(&tree! { "a" => "1", "b/" { "c" => "2", "d/" { "e" => "3" } }, "f/" {} });
        let (_, mut files) = stat_walk(root.path());
        files.sort();
        assert_eq!(files, ["a", "b/c", "b/d/e"].map(|path| root.at(path)));
        hash_all(&files, Hash::Content).expect("they can be read");
        assert!(hash_all(&[root.at("nothing")], Hash::Blake3).is_err());
    }
}

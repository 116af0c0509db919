//! Many small files at once: the folder that holds them, as one zip.
//!
//! Dropbox sends a folder in one call where a file alone costs a round trip. Which folders is decided here, from
//! what the control loop knows of them; every file keeps its own outcome, and one that does not come, or not as
//! it was planned, is brought by a call of its own. So a zip can cost time and nothing else.
//!
//! Rule: a zip is never believed. What lies in it goes nowhere by its name: an entry is looked at only when a
//! wanted file has that place in the folder, no further than the length that was planned, and becomes visible only
//! with the hash that was planned.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{self, BufReader, Read},
    sync::{Arc, Mutex},
    time::Duration,
};

use dropbox_client::ClientError;
use futures::StreamExt;
use local_fs::Spool;
use sync_core::{Name, NameKey};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};
use zip::{
    ZipReadOptions,
    read::{Config, ZipFileEntry},
    result::ZipResult,
    // The one reader that does not hold a line for every entry that a zip claims to have.
    unstable::read::ZipIterable,
};

use super::{
    Executor,
    downloads::{self, Download},
};
use crate::core::{Event, Failure, RemoteDir, Shortcuts};

/// Larger files gain little from company, and are continued when they break off.
const SMALL_BYTES: u64 = 128 * 1024;

/// Fewer files than this are soon brought one by one.
const LEAST_FILES: usize = 16;

/// Bytes of one zip at most: what comes is kept on disk until it has come, and is lost when it breaks off.
const ZIP_BYTES: u64 = 64 * 1024 * 1024;

/// Bytes that may come in vain for each file that is wanted: what a line of 2 MiB/s carries in the time that a
/// file alone costs, which is a round trip of 60 ms for eight of them at once.
const WASTE_BYTES: u64 = 16 * 1024;

/// Bytes that a zip says about an entry besides the entry: twice its name, and some numbers.
const ENTRY_BYTES: u64 = 1024;

/// How long files wait for company. Short, because a plan hands out all its downloads at once.
const PATIENCE: Duration = Duration::from_millis(20);

/// Files that are sorted at once; as many as can be under way.
const MOST_WAITING: usize = 10_000;

/// A folder that did not come as it should is not asked for again for so long.
const REFUSED_FOR: Duration = Duration::from_secs(10 * 60);

/// One in so many files may be missing from a zip, because somebody changed it just now.
const MISSING_SHARE: usize = 10;

/// Files of one zip that are written at the same time.
const WRITTEN_AT_ONCE: usize = 8;

/// Tells whether a file is worth waiting for others.
pub(super) fn may_come_in_a_zip(download: &Download) -> bool {
    let Shortcuts { lies_in, twins } = &download.shortcuts;
    lies_in.is_some() && twins.is_empty() && download.file.size <= SMALL_BYTES
}

/// Folders that are not asked for, and until when.
#[derive(Clone, Default)]
struct Refused(Arc<Mutex<HashMap<String, Instant>>>);

impl Refused {
    fn note(&self, dir: &RemoteDir) {
        let now = Instant::now();
        let mut until = self.0.lock().expect("BUG: nothing panics while it is held");
        until.retain(|_, until| *until > now);
        until.insert(dir.at.clone(), now + REFUSED_FOR);
    }

    fn holds(&self, dir: &RemoteDir) -> bool {
        let until = self.0.lock().expect("BUG: nothing panics while it is held");
        until.get(&dir.at).is_some_and(|until| *until > Instant::now())
    }
}

/// Collects small files, and asks for the folders of which most is wanted.
pub(super) async fn run(executor: Executor, mut waiting: mpsc::UnboundedReceiver<Download>) {
    let refused = Refused::default();
    while let Some(first) = waiting.recv().await {
        let mut batch = vec![first];
        while batch.len() < MOST_WAITING {
            let Ok(Some(download)) = timeout(PATIENCE, waiting.recv()).await else { break };
            batch.push(download);
        }
        let (zips, alone) = sort(batch, |dir| refused.holds(dir));
        for zip in zips {
            executor.spawn(bring(executor.clone(), zip, refused.clone()));
        }
        for download in alone {
            executor.spawn(downloads::run(executor.clone(), download));
        }
    }
}

/// A folder and what is wanted of it.
struct Wanted {
    dir: Arc<RemoteDir>,
    files: Vec<Download>,
}

/// What is wanted below one folder.
struct Count {
    dir: Arc<RemoteDir>,
    files: usize,
    bytes: u64,
    children: BTreeSet<String>,
}

impl Count {
    /// Tells whether all of the folder is had cheaper than the wanted files one by one.
    fn pays(&self) -> bool {
        // What is not known of may be wanted by nobody: the facts are older than the question.
        let waste_bytes = self.dir.bytes.saturating_sub(self.bytes);
        let waste_entries = self.dir.entries.saturating_sub(self.files);
        self.files >= LEAST_FILES
            && self.dir.bytes <= ZIP_BYTES
            && waste_bytes <= self.files as u64 * WASTE_BYTES
            && waste_entries <= self.files
    }
}

/// Sorts downloads into folders that pay, the highest ones, and those to be brought alone.
fn sort(batch: Vec<Download>, is_refused: impl Fn(&RemoteDir) -> bool) -> (Vec<Wanted>, Vec<Download>) {
    let counts = count(&batch);
    let is_top = |count: &&Count| count.dir.parent.is_none();
    let mut open: Vec<&Count> = counts.values().filter(is_top).collect();
    let mut chosen: BTreeMap<&str, Wanted> = BTreeMap::new();
    while let Some(next) = open.pop() {
        match next.pays() && !is_refused(&next.dir) {
            true => {
                chosen.insert(&next.dir.at, Wanted { dir: Arc::clone(&next.dir), files: Vec::new() });
            }
            false => open.extend(next.children.iter().filter_map(|at| counts.get(at))),
        }
    }
    let mut alone = Vec::new();
    for download in batch {
        let found = above(&download).find(|dir| chosen.contains_key(dir.at.as_str())).cloned();
        match found.and_then(|dir| chosen.get_mut(dir.at.as_str())) {
            Some(wanted) => wanted.files.push(download),
            None => alone.push(download),
        }
    }
    (chosen.into_values().collect(), alone)
}

fn count(batch: &[Download]) -> BTreeMap<String, Count> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for download in batch {
        let mut below: Option<&RemoteDir> = None;
        for dir in above(download) {
            let count = counts.entry(dir.at.clone()).or_insert_with(|| Count {
                dir: Arc::clone(dir),
                files: 0,
                bytes: 0,
                children: BTreeSet::new(),
            });
            count.files += 1;
            count.bytes += download.file.size;
            count.children.extend(below.map(|below| below.at.clone()));
            below = Some(dir);
        }
    }
    counts
}

/// Goes through the folders that a file lies in, from the innermost outwards.
fn above(download: &Download) -> impl Iterator<Item = &Arc<RemoteDir>> {
    let innermost = download.shortcuts.lies_in.as_ref().map(|(dir, _)| dir);
    std::iter::successors(innermost, |dir| dir.parent.as_ref())
}

/// Where a file lies below a folder, as names are compared.
fn place_below(download: &Download, top: &RemoteDir) -> Option<Vec<NameKey>> {
    let (_, own) = download.shortcuts.lies_in.as_ref()?;
    let between = above(download).take_while(|dir| dir.at != top.at).map(|dir| dir.key.clone());
    let mut keys: Vec<NameKey> = std::iter::once(own.clone()).chain(between).collect();
    keys.reverse();
    Some(keys)
}

async fn bring(executor: Executor, wanted: Wanted, refused: Refused) {
    let Some(turn) = executor.inner.downloads.turn().await else { return };
    let Wanted { dir, files } = wanted;
    let count = files.len();
    executor.send(Event::Begun(files.iter().map(|download| download.op).collect()));
    let left = match fetch(&executor, &dir, &files).await {
        Ok(zip) => unpack(&executor, zip, &dir, files).await,
        Err(Failure::Cancelled) => {
            return files.iter().for_each(|file| executor.done(file.op, Err(Failure::Cancelled)));
        }
        Err(failure) => {
            tracing::debug!(?failure, "a folder did not come as a zip");
            files
        }
    };
    drop(turn);
    if left.len() > count / MISSING_SHARE {
        refused.note(&dir);
    }
    for download in left {
        executor.spawn(downloads::run(executor.clone(), download));
    }
}

async fn fetch(executor: &Executor, dir: &RemoteDir, files: &[Download]) -> Result<Spool, Failure> {
    let Some(first) = files.first() else { return Err(Failure::Cancelled) };
    let (op, epoch) = (first.op, first.epoch);
    executor.still_wanted(epoch)?;
    // As much again as is known of, for what may have come into the folder since.
    let most = 2 * dir.bytes + (2 * dir.entries as u64 + LEAST_FILES as u64) * ENTRY_BYTES;
    let root = executor.inner.place.root.clone();
    let spool = executor.blocking(move || root.spool(op, most)).await??;
    let stream = executor.inner.client.download_zip(&dir.at, most).await?;
    downloads::pour(executor, stream, spool, Spool::append, |_| executor.still_wanted(epoch)).await
}

/// Takes the wanted files out of a zip; returns those that were not in it as they were planned.
async fn unpack(executor: &Executor, zip: Spool, top: &RemoteDir, files: Vec<Download>) -> Vec<Download> {
    let mut by_place: HashMap<Vec<NameKey>, Download> = HashMap::with_capacity(files.len());
    let mut left = Vec::new();
    for download in files {
        // Two files of one place cannot both lie in the folder.
        left.extend(match place_below(&download, top) {
            Some(place) => by_place.insert(place, download),
            None => Some(download),
        });
    }
    let (sender, found) = mpsc::channel(WRITTEN_AT_ONCE);
    let reading = executor.blocking(move || read(zip, by_place, &sender));
    let found = futures::stream::unfold(found, |mut found| async move { Some((found.recv().await?, found)) });
    let writing = found
        .map(|(download, bytes)| write(executor, download, bytes))
        .buffer_unordered(WRITTEN_AT_ONCE)
        .filter_map(std::future::ready)
        .collect::<Vec<_>>();
    let (unread, unwritten) = tokio::join!(reading, writing);
    left.extend(unread.unwrap_or_default());
    left.extend(unwritten);
    left
}

/// Reads the entries that are wanted, in the order of the zip; returns the files that are not in it as they were
/// planned.
fn read(
    zip: Spool,
    mut wanted: HashMap<Vec<NameKey>, Download>,
    found: &mpsc::Sender<(Download, Vec<u8>)>,
) -> Vec<Download> {
    let mut odd = Vec::new();
    if let Err(error) = read_entries(zip, &mut wanted, found, &mut odd) {
        tracing::debug!(%error, "a zip cannot be read to its end");
    }
    odd.extend(wanted.into_values());
    odd
}

fn read_entries(
    zip: Spool,
    wanted: &mut HashMap<Vec<NameKey>, Download>,
    found: &mpsc::Sender<(Download, Vec<u8>)>,
    odd: &mut Vec<Download>,
) -> ZipResult<()> {
    let mut bytes_of = BufReader::new(zip.share().map_err(io::Error::other)?);
    // One entry after the other: how many there are costs no memory.
    let mut archive = ZipIterable::try_new(BufReader::new(zip), Config::default())?;
    for entry in archive.files()? {
        if wanted.is_empty() {
            break;
        }
        let entry = entry?;
        // Taken out at the first entry of its place: a zip may name one a million times.
        let Some(download) = place_of(entry.name_raw()).and_then(|place| wanted.remove(&place)) else {
            continue;
        };
        let Some(bytes) = bytes_of_entry(entry, &mut bytes_of, download.file.size) else {
            odd.push(download);
            continue;
        };
        // Nobody listens any more when the executor was stopped.
        if found.blocking_send((download, bytes)).is_err() {
            break;
        }
    }
    Ok(())
}

/// Unfolds an entry, no further than it takes to see that it is not as long as it should be.
fn bytes_of_entry(entry: ZipFileEntry<'_>, zip: &mut BufReader<Spool>, size: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let entry = entry.with_reader(zip, ZipReadOptions::new()).ok()?;
    entry.take(size + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 == size).then_some(bytes)
}

/// Reads where in the folder an entry claims to lie; nothing for names that are none. The first name is the
/// folder's own.
fn place_of(name: &[u8]) -> Option<Vec<NameKey>> {
    let name = std::str::from_utf8(name).ok()?;
    let (top, below) = name.split_once('/')?;
    Name::new(top).ok()?;
    below.split('/').map(|name| Name::new(name).ok().map(|name| name.key())).collect()
}

/// Makes a file visible; returns it when these are not its bytes.
async fn write(executor: &Executor, download: Download, bytes: Vec<u8>) -> Option<Download> {
    let Download { epoch, op, .. } = download;
    let (root, file, place) =
        (executor.inner.place.root.clone(), download.file.clone(), download.place.clone());
    let work = move || {
        let mut staged = root.stage(op, file.size)?;
        staged.write(&bytes)?;
        downloads::publish(&root, op, staged, &file, &place)
    };
    let result = match executor.still_wanted(epoch) {
        Ok(()) => executor.blocking(work).await.and_then(|result| result),
        Err(cancelled) => Err(cancelled),
    };
    match result {
        Err(Failure::Dropbox(ClientError::HashMismatch { .. })) => return Some(download),
        result => executor.done(op, result),
    }
    None
}

#[cfg(test)]
mod tests {
    use sync_core::{ContentHash, SyncPath};

    use super::*;
    use crate::core::Revision;
    use crate::exec::downloads::Place;

    fn name(text: &str) -> Name {
        Name::new(text).expect("a name")
    }

    fn dir(at: &str, parent: Option<&Arc<RemoteDir>>, entries: usize, bytes: u64) -> Arc<RemoteDir> {
        let key = name(at).key();
        Arc::new(RemoteDir { at: at.into(), key, parent: parent.cloned(), entries, bytes })
    }

    fn files(dir: &Arc<RemoteDir>, count: i64, size: u64) -> Vec<Download> {
        let file = |op: i64| Download {
            epoch: 0,
            op,
            file: Revision { rev: op.to_string(), size, hash: ContentHash::of(b""), mtime_secs: 0 },
            place: Place { target: SyncPath::root(), over: None, is_synced: false },
            shortcuts: Shortcuts {
                lies_in: Some((Arc::clone(dir), name(&format!("{op}.txt")).key())),
                twins: Vec::new(),
            },
        };
        (0..count).map(file).collect()
    }

    /// Sorts; returns each folder with its number of files, and how many are left.
    fn sorted(batch: Vec<Download>, refused: &[&str]) -> (Vec<(String, usize)>, usize) {
        let (zips, alone) = sort(batch, |dir| refused.contains(&dir.at.as_str()));
        (zips.into_iter().map(|zip| (zip.dir.at.clone(), zip.files.len())).collect(), alone.len())
    }

    #[test]
    fn the_highest_folder_that_pays_is_asked_for_and_nothing_below_it() {
        let top = dir("top", None, 42, 40_000);
        let (one, two) = (dir("one", Some(&top), 20, 20_000), dir("two", Some(&top), 20, 20_000));
        let both =
            || [files(&one, 20, 1000), files(&two, 20, 1000)].into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(sorted(both(), &[]), (vec![("top".into(), 40)], 0));
        assert_eq!(sorted(both(), &["top"]), (vec![("one".into(), 20), ("two".into(), 20)], 0));
        assert_eq!(sorted(both(), &["top", "two"]), (vec![("one".into(), 20)], 20));
    }

    #[test]
    fn a_folder_pays_only_with_many_files_of_it_and_little_else() {
        let zips = |entries, bytes, count, size| {
            let dir = dir("a", None, entries, bytes);
            !sorted(files(&dir, count, size), &[]).0.is_empty()
        };
        assert!(zips(16, 16_000, 16, 1000));
        assert!(!zips(15, 15_000, 15, 1000), "so few come sooner alone");
        assert!(zips(32, 32_000, 16, 1000) && !zips(33, 33_000, 16, 1000), "more unwanted than wanted files");
        assert!(zips(17, 16_000 + 16 * WASTE_BYTES, 16, 1000));
        assert!(!zips(17, 16_001 + 16 * WASTE_BYTES, 16, 1000), "a large file that nobody wants");
        let count = (ZIP_BYTES / SMALL_BYTES) as usize;
        assert!(zips(count, ZIP_BYTES, count as i64, SMALL_BYTES));
        assert!(!zips(count + 1, ZIP_BYTES + SMALL_BYTES, count as i64 + 1, SMALL_BYTES), "too much at once");
    }

    #[test]
    fn a_file_has_its_place_by_the_names_below_the_folder_that_is_sent() {
        let top = dir("top", None, 3, 1);
        let inner = dir("Inner", Some(&top), 1, 1);
        let download = files(&inner, 1, 1).remove(0);
        let place = place_below(&download, &top);
        assert_eq!(place_of("Whatever/inner/0.TXT".as_bytes()), place);
        assert_eq!(place_of("inner/0.txt".as_bytes()), place_below(&download, &inner));
        for elsewhere in [
            "inner/0.txt",
            "top/inner/../inner/0.txt",
            "/inner/0.txt",
            "top//inner/0.txt",
            "top/inner/0.txt/",
            "0.txt",
            "",
        ] {
            assert_ne!(place_of(elsewhere.as_bytes()), place, "{elsewhere}");
        }
        assert_eq!(place_of(b"top/\xff"), None);
    }
}

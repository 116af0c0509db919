//! The manifest of one trash entry: where the object stood and what it was.
//!
//! Fields are separated by line feeds and records end with a NUL byte, which no name can contain:
//! first the origin, then one record an object, and at the end one more when Dropbox has what was displaced.

use sync_core::{FileId, LocalKind, LocalStat, Name, SyncPath};

use super::Expected;

const VERSION: &str = "lockstep trash 1";

/// The record that is added once it is known that Dropbox has, or had, all that was displaced.
pub(super) const SYNCED: &[u8] = b"synced\0";

/// What a manifest tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    pub origin: SyncPath,
    pub objects: Expected,
    pub is_synced: bool,
}

pub(super) fn to_bytes(origin: &SyncPath, objects: &[(SyncPath, LocalStat)]) -> Vec<u8> {
    let mut bytes = format!("{VERSION}\n").into_bytes();
    bytes.extend(joined(origin));
    bytes.push(0);
    for (rel, stat) in objects {
        let kind = match stat.kind {
            LocalKind::File => "file",
            LocalKind::Folder => "folder",
            LocalKind::Symlink => "symlink",
            LocalKind::Special => "special",
        };
        let FileId { dev, ino, btime_ns } = stat.id;
        let LocalStat { size, mtime_ns, ctime_ns, mode, nlink, .. } = stat;
        let record =
            format!("{kind}\n{dev}\n{ino}\n{btime_ns}\n{size}\n{mtime_ns}\n{ctime_ns}\n{mode}\n{nlink}\n");
        bytes.extend_from_slice(record.as_bytes());
        bytes.extend(joined(rel));
        bytes.push(0);
    }
    bytes
}

/// Reads a manifest; nothing when it is damaged, for instance by a power cut.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<Manifest> {
    let is_synced = bytes.ends_with(SYNCED);
    let bytes = without_mark(bytes);
    let mut records = bytes.strip_suffix(&[0])?.split(|&b| b == 0);
    let head = records.next()?.strip_prefix(VERSION.as_bytes())?.strip_prefix(b"\n")?;
    let origin = path(head)?;
    let objects = records.map(object).collect::<Option<_>>()?;
    Some(Manifest { origin, objects, is_synced })
}

/// Leaves away the record that was added later, whole or not: adding it must not damage the others.
fn without_mark(bytes: &[u8]) -> &[u8] {
    let whole = bytes.strip_suffix(SYNCED).unwrap_or(bytes);
    let end = whole.iter().rposition(|&b| b == 0).map_or(0, |at| at + 1);
    if SYNCED.starts_with(&whole[end..]) { &whole[..end] } else { whole }
}

fn object(record: &[u8]) -> Option<(SyncPath, LocalStat)> {
    let mut fields = record.splitn(10, |&b| b == b'\n');
    let kind = match fields.next()? {
        b"file" => LocalKind::File,
        b"folder" => LocalKind::Folder,
        b"symlink" => LocalKind::Symlink,
        b"special" => LocalKind::Special,
        _ => return None,
    };
    let mut number = || std::str::from_utf8(fields.next()?).ok()?.parse::<i128>().ok();
    let id = FileId {
        dev: number()?.try_into().ok()?,
        ino: number()?.try_into().ok()?,
        btime_ns: number()?.try_into().ok()?,
    };
    let stat = LocalStat {
        kind,
        id,
        size: number()?.try_into().ok()?,
        mtime_ns: number()?.try_into().ok()?,
        ctime_ns: number()?.try_into().ok()?,
        mode: number()?.try_into().ok()?,
        nlink: number()?.try_into().ok()?,
    };
    Some((path(fields.next()?)?, stat))
}

fn joined(path: &SyncPath) -> Vec<u8> {
    path.names().iter().map(Name::as_bytes).collect::<Vec<_>>().join(&b'/')
}

fn path(bytes: &[u8]) -> Option<SyncPath> {
    if bytes.is_empty() {
        return Some(SyncPath::root());
    }
    bytes.split(|&b| b == b'/').map(Name::from_bytes).collect::<Result<_, _>>().ok().map(SyncPath::from_names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_survives_odd_names_and_a_damaged_one_is_none() {
        let odd = Name::from_bytes(b"caf\xe9\nline").expect("bytes are allowed");
        let id = FileId { dev: u64::MAX, ino: 7, btime_ns: -1 };
        let stat = LocalStat {
            kind: LocalKind::File,
            id,
            size: 9,
            mtime_ns: -5,
            ctime_ns: i64::MAX,
            mode: 0o644,
            nlink: 2,
        };
        let origin = SyncPath::root().join(&odd);
        let objects = vec![(SyncPath::root(), stat), (origin.join(&odd), stat)];
        let mut bytes = to_bytes(&origin, &objects);
        let mut read = from_bytes(&bytes).expect("whole");
        let objects = objects.into_iter().collect();
        assert_eq!(read, Manifest { origin, objects, is_synced: false });
        for cut in [0, 5, bytes.len() / 2, bytes.len() - 1] {
            assert_eq!(from_bytes(&bytes[..cut]), None, "cut at {cut}");
        }
        bytes.extend_from_slice(SYNCED);
        read.is_synced = true;
        assert_eq!(from_bytes(&bytes).as_ref(), Some(&read), "a record more");
        read.is_synced = false;
        for cut in 1..=SYNCED.len() {
            assert_eq!(from_bytes(&bytes[..bytes.len() - cut]).as_ref(), Some(&read), "cut by {cut}");
        }
    }
}

//! A look at a folder that is no root yet: whether it can become one, and what would be odd about it.
//!
//! Looks only; nothing is opened for writing and no link is followed below the folder. What an oddity means
//! for a person is decided elsewhere.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::root::PRIVATE_DIR;

/// Bounds the entries that are counted; more are "many" to anybody.
const ITEMS_MAX: u64 = 100_000;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// What stands at the path.
    pub standing: Standing,
    /// Whether we may create files there, or where it would be created.
    pub writable: bool,
    /// Files and folders in it, at any depth; counting ends at 100,000.
    pub items: u64,
    /// Bytes that we may still write there.
    pub free_bytes: Option<u64>,
    /// It lies on another computer.
    pub network: bool,
    /// Its disk can be unplugged.
    pub removable: bool,
    /// `a` and `A` are one name there.
    pub folds_case: bool,
    /// Another program that syncs the folder, or one around it.
    pub sync_tool: Option<&'static str>,
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing yet.
    Nothing,
    /// A folder.
    Folder,
    /// A file, a link, or something else that is no folder.
    Other,
}

/// Looks at an absolute path.
pub fn inspect(path: &Path) -> Inspection {
    let standing = match path.symlink_metadata() {
        Err(_) => Standing::Nothing,
        Ok(stat) if stat.is_dir() => Standing::Folder,
        Ok(_) => Standing::Other,
    };
    let base = existing(path);
    let mount = mounts::of(&base);
    Inspection {
        standing,
        writable: is_writable(&base),
        items: if standing == Standing::Folder { count(path) } else { 0 },
        free_bytes: fs4::available_space(&base).ok(),
        network: mount.as_ref().is_some_and(mounts::Mount::is_network),
        removable: mount.as_ref().is_some_and(mounts::Mount::is_removable),
        folds_case: folds_case(&base),
        sync_tool: sync_tool(path),
    }
}

/// Returns the deepest part of a path that exists.
fn existing(path: &Path) -> PathBuf {
    path.ancestors().find(|at| at.exists()).unwrap_or(Path::new("/")).to_owned()
}

fn count(path: &Path) -> u64 {
    let (mut items, mut open) = (0, vec![path.to_owned()]);
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if entry.file_name() == PRIVATE_DIR {
                continue;
            }
            items += 1;
            if items >= ITEMS_MAX {
                return items;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(entry.path());
            }
        }
    }
    items
}

#[cfg(target_os = "linux")]
fn is_writable(path: &Path) -> bool {
    use rustix::fs::{Access, access};
    access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn is_writable(path: &Path) -> bool {
    path.metadata().is_ok_and(|stat| !stat.permissions().readonly())
}

/// Asks for the folder under its name in the other case.
fn folds_case(path: &Path) -> bool {
    let swapped =
        |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    path.ancestors()
        .find_map(|at| {
            let name = at.file_name()?.to_str()?;
            let other: String = name.chars().map(swapped).collect();
            (other != name).then(|| is_same(at, &at.with_file_name(other)))
        })
        .unwrap_or(false)
}

#[cfg(unix)]
fn is_same(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (a.symlink_metadata(), b.symlink_metadata()) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// What other programs leave in the folders they sync.
const MARKS: [(&str, &str); 8] = [
    (".dropbox.cache", "Dropbox"),
    (".stfolder", "Syncthing"),
    (".owncloudsync.log", "ownCloud"),
    (".nextcloudsync.log", "Nextcloud"),
    (".tmp.drivedownload", "Google Drive"),
    (".sync/ID", "Resilio Sync"),
    (".pydio", "Cells Sync"),
    (".849C9593-D756-4E56-8D6E-42412F2A707B", "OneDrive"),
];

/// How other programs call the folders they make.
const FOLDERS: [(&str, &str); 5] = [
    ("OneDrive", "OneDrive"),
    ("Google Drive", "Google Drive"),
    ("Mobile Documents", "iCloud Drive"),
    ("iCloudDrive", "iCloud Drive"),
    ("pCloudDrive", "pCloud"),
];

fn sync_tool(path: &Path) -> Option<&'static str> {
    path.ancestors().find_map(|at| {
        let marked = MARKS.iter().find(|(mark, _)| at.join(mark).symlink_metadata().is_ok());
        let name = at.file_name().and_then(|name| name.to_str());
        let named = FOLDERS.iter().find(|(folder, _)| name == Some(folder));
        marked.or(named).map(|(_, tool)| *tool)
    })
}

#[cfg(target_os = "linux")]
mod mounts {
    use std::{
        fs,
        os::unix::ffi::OsStringExt,
        path::{Path, PathBuf},
    };

    /// File systems whose disk is in another computer.
    const NETWORK: [&str; 13] = [
        "9p",
        "afs",
        "ceph",
        "cifs",
        "davfs",
        "fuse.davfs2",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.sshfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    ];

    /// Where desktops mount what is plugged in.
    const PLUGGED: [&str; 2] = ["/media", "/run/media"];

    /// One line of the list of mounts.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Mount {
        point: PathBuf,
        device: String,
        kind: String,
    }

    impl Mount {
        pub fn is_network(&self) -> bool {
            NETWORK.contains(&self.kind.as_str())
        }

        pub fn is_removable(&self) -> bool {
            let plugged = PLUGGED.iter().any(|dir| self.point.starts_with(dir));
            // A partition's flag is that of its disk, one folder above.
            let flag = |path: String| fs::read_to_string(path).is_ok_and(|text| text.trim() == "1");
            let device = format!("/sys/dev/block/{}", self.device);
            plugged || flag(format!("{device}/removable")) || flag(format!("{device}/../removable"))
        }
    }

    /// Returns what an existing path is mounted on.
    pub fn of(path: &Path) -> Option<Mount> {
        let real = path.canonicalize().ok()?;
        find(&fs::read_to_string("/proc/self/mountinfo").ok()?, &real)
    }

    /// The deepest mount above the path; of several at one place, the last hides the others.
    fn find(mountinfo: &str, path: &Path) -> Option<Mount> {
        let above = mountinfo.lines().filter_map(parse).filter(|mount| path.starts_with(&mount.point));
        above.max_by_key(|mount| mount.point.components().count())
    }

    /// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`, see proc_pid_mountinfo(5).
    fn parse(line: &str) -> Option<Mount> {
        let (place, system) = line.split_once(" - ")?;
        let mut fields = place.split(' ');
        let device = fields.nth(2)?.to_owned();
        let point = unescaped(fields.nth(1)?);
        Some(Mount { point, device, kind: system.split(' ').next()?.to_owned() })
    }

    /// Blanks and the like stand as `\040`.
    fn unescaped(text: &str) -> PathBuf {
        let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
        while let Some((&first, after)) = rest.split_first() {
            let octal = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
            match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(|_| first == b'\\') {
                Some(byte) => {
                    bytes.push(byte);
                    rest = &after[3..];
                }
                None => {
                    bytes.push(first);
                    rest = after;
                }
            }
        }
        std::ffi::OsString::from_vec(bytes).into()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const LIST: &str = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
            30 22 0:40 / /mnt/office rw shared:1 - nfs4 server:/x rw\n\
            31 22 8:17 / /run/media/anna/My\\040Stick rw - vfat /dev/sdb1 rw\n\
            garbage\n";

        #[test]
        fn a_path_belongs_to_the_deepest_mount_above_it() {
            let office = find(LIST, Path::new("/mnt/office/docs")).expect("found");
            assert_eq!((office.kind.as_str(), office.is_network()), ("nfs4", true));
            let local = find(LIST, Path::new("/mnt/officework")).expect("found");
            assert_eq!(
                (local.kind.as_str(), local.is_network(), local.is_removable()),
                ("ext4", false, false)
            );
        }

        #[test]
        fn a_stick_with_a_blank_in_its_name_can_be_unplugged() {
            let stick = find(LIST, Path::new("/run/media/anna/My Stick/Docs")).expect("found");
            assert_eq!((stick.kind.as_str(), stick.is_removable()), ("vfat", true));
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod mounts {
    use std::path::Path;

    /// Nothing is known here yet.
    pub struct Mount;

    impl Mount {
        pub fn is_network(&self) -> bool {
            false
        }

        pub fn is_removable(&self) -> bool {
            false
        }
    }

    pub fn of(_path: &Path) -> Option<Mount> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_folder_is_counted_without_our_own_part_of_it() {
        let dir = tempfile::tempdir().expect("temp");
        let found = inspect(&dir.path().join("new/deep"));
        assert_eq!((found.standing, found.items, found.writable), (Standing::Nothing, 0, true));
        fs::create_dir_all(dir.path().join(".lockstep/trash")).expect("made");
        fs::create_dir_all(dir.path().join("a/b")).expect("made");
        File::create(dir.path().join("a/b/c.txt")).expect("made");
        let found = inspect(dir.path());
        assert_eq!((found.standing, found.items), (Standing::Folder, 3));
        assert!(found.free_bytes.is_some_and(|free| free > 0));
        assert_eq!(inspect(&dir.path().join("a/b/c.txt")).standing, Standing::Other);
    }

    #[test]
    fn a_folder_inside_one_that_another_program_syncs_is_recognised() {
        let dir = tempfile::tempdir().expect("temp");
        assert_eq!(inspect(dir.path()).sync_tool, None);
        fs::create_dir(dir.path().join(".stfolder")).expect("made");
        assert_eq!(inspect(&dir.path().join("sub")).sync_tool, Some("Syncthing"));
        assert_eq!(sync_tool(Path::new("/home/anna/OneDrive/Docs")), Some("OneDrive"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_differ_in_case_are_two_where_the_disk_keeps_them_apart() {
        let dir = tempfile::tempdir_in("/tmp").expect("temp");
        let (one, two) = (dir.path().join("Abc"), dir.path().join("aBC"));
        fs::create_dir(&one).expect("made");
        assert!(!folds_case(&one));
        fs::create_dir(&two).expect("made");
        assert!(!folds_case(&one), "the other one is another folder");
        assert!(is_same(&one, &one));
    }
}

//! Where settings, state, indexes, logs and the control socket of one Lockstep lie.
//!
//! Knows paths and who owns them; what the files hold is the business of `settings`, `control` and the
//! `store` crate.
//!
//! Rule: only the process that holds the [`HomeLock`] may write below a [`Home`] or bind its socket.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;

/// Longest socket path that every Unix accepts: `sun_path` has 104 bytes on macOS, 108 on Linux.
const SOCKET_PATH_MAX: usize = 103;

/// The folders of one Lockstep. They and the folder for logs exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    config: PathBuf,
    state: PathBuf,
}

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Neither a flag nor the environment says where home is.
    #[error("no home folder is known; set HOME, or say where to keep state with --home DIR")]
    Unknown,
    /// A folder could not be created, for example because a file has its name.
    #[error("cannot use the folder {path}: {source}; choose another one with --home DIR")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process holds the lock.
    #[error(
        "another Lockstep{} owns this home; stop it, or use another home with --home DIR",
        .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    Owned {
        /// Who; unknown for the instant between taking the lock and writing the id.
        pid: Option<u32>,
    },
    /// The lock file cannot be opened, locked or written.
    #[error("cannot lock {path}: {source}")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Home {
    /// Finds the home: the flag (or `LOCKSTEP_HOME`, else the XDG folders), and creates what is missing.
    ///
    /// New folders are for their owner only; an existing folder keeps its permissions.
    pub fn resolve(flag: Option<PathBuf>) -> Result<Home, HomeError> {
        let named =
            flag.or_else(|| std::env::var_os("LOCKSTEP_HOME").filter(|v| !v.is_empty()).map(Into::into));
        let home = match named {
            Some(dir) => Home::below(&dir)?,
            None => Home::in_user_folders()?,
        };
        create_private(&home.config)?;
        create_private(&home.state)?;
        create_private(&home.logs_dir())?;
        Ok(home)
    }

    fn below(dir: &Path) -> Result<Home, HomeError> {
        let dir =
            std::path::absolute(dir).map_err(|source| HomeError::Folder { path: dir.into(), source })?;
        Ok(Home { config: dir.clone(), state: dir })
    }

    fn in_user_folders() -> Result<Home, HomeError> {
        let folders = etcetera::choose_base_strategy().map_err(|_| HomeError::Unknown)?;
        let state = folders.state_dir().unwrap_or_else(|| folders.data_dir());
        Ok(Home { config: folders.config_dir().join("lockstep"), state: state.join("lockstep") })
    }

    /// Returns the settings file; it may be missing.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// Returns the folder that holds everything but the settings.
    pub fn state_dir(&self) -> &Path {
        &self.state
    }

    /// Returns the database of accounts, activity, conflicts and issues.
    pub fn state_db(&self) -> PathBuf {
        self.state.join("state.db")
    }

    /// Returns the folder of one workspace's index.
    pub fn workspace_dir(&self, id: &str) -> PathBuf {
        self.state.join("workspaces").join(id)
    }

    /// Returns the folder of the log files.
    pub fn logs_dir(&self) -> PathBuf {
        self.state.join("logs")
    }

    /// Returns the folder of copies that were opened to be looked at.
    pub fn versions_dir(&self) -> PathBuf {
        self.state.join("versions")
    }

    /// Returns the folder of the secret file store.
    pub fn secrets_dir(&self) -> PathBuf {
        self.state.join("secrets")
    }

    /// Returns where the control socket is bound.
    ///
    /// A home too deep for a socket address gets one in the runtime folder, named after the home; the
    /// folder around it is checked to be ours before anything is bound or trusted there.
    pub fn socket_path(&self) -> PathBuf {
        let plain = self.state.join("control.sock");
        if plain.as_os_str().len() <= SOCKET_PATH_MAX { plain } else { self.short_socket_path() }
    }

    fn short_socket_path(&self) -> PathBuf {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let key = sync_core::ContentHash::of(self.state.as_os_str().as_encoded_bytes()).to_hex();
        runtime.join(format!("lockstep-{}", user_id())).join(format!("{}.sock", &key[..16]))
    }

    /// Takes the lock of this home, for as long as the result lives.
    pub fn lock(&self) -> Result<HomeLock, HomeError> {
        let path = self.state.join("lock");
        let failed = |source| HomeError::Lock { path: path.clone(), source };
        let mut file = open_private(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(HomeError::Owned { pid: read_pid(&mut file) }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        write_pid(&mut file).map_err(failed)?;
        Ok(HomeLock { _file: file })
    }
}

/// Proof that this process owns its home. The operating system lets go of the lock when the process
/// ends, however it ends; the file stays.
#[derive(Debug)]
pub struct HomeLock {
    _file: File,
}

/// Creates a folder for its owner only; one that exists is left as it is.
pub(crate) fn create_private(path: &Path) -> Result<(), HomeError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| HomeError::Folder { path: path.into(), source })
}

/// Returns the name of this computer, as conflicted copies carry it.
pub fn host_name() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    if name.is_empty() { "this computer".to_owned() } else { name }
}

#[cfg(unix)]
fn user_id() -> u32 {
    rustix::process::getuid().as_raw()
}

#[cfg(not(unix))]
fn user_id() -> String {
    std::env::var("USERNAME").unwrap_or_default()
}

fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let dir = tempfile::tempdir().expect("temp dir");
        let home = Home::resolve(Some(dir.path().join("home"))).expect("home");
        (dir, home)
    }

    #[test]
    fn only_one_holder_of_the_lock_at_a_time_and_the_other_learns_who() {
        let (_dir, home) = home();
        let held = home.lock().expect("first");
        match home.lock() {
            Err(HomeError::Owned { pid }) => assert_eq!(pid, Some(std::process::id())),
            other => panic!("a second lock was given: {other:?}"),
        }
        drop(held);
        home.lock().expect("free again");
    }

    #[test]
    fn a_lock_file_left_by_a_killed_process_does_not_lock() {
        let (_dir, home) = home();
        open_private(&home.state_dir().join("lock"))
            .and_then(|mut f| f.write_all(b"99999\n"))
            .expect("leftover");
        home.lock().expect("nobody holds it");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_home_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let (_dir, home) = home();
        let mode = home.state_dir().metadata().expect("stat").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_file_in_the_place_of_the_home_is_a_typed_error_that_names_it() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("taken");
        File::create(&path).expect("file");
        let error = Home::resolve(Some(path.clone())).expect_err("not a folder");
        assert!(matches!(&error, HomeError::Folder { path: p, .. } if *p == path), "{error}");
    }

    #[test]
    fn a_deep_home_gets_a_socket_path_the_system_accepts_and_of_its_own() {
        let dir = tempfile::tempdir().expect("temp dir");
        let deep = |last: &str| Home::below(&dir.path().join("d".repeat(120)).join(last)).expect("absolute");
        let (a, b) = (deep("a").socket_path(), deep("b").socket_path());
        assert!(a.as_os_str().len() <= SOCKET_PATH_MAX, "{a:?}");
        assert_ne!(a, b, "two homes, two sockets");
        assert_eq!(a, deep("a").socket_path(), "the client finds what the server bound");
    }
}

//! Core files: what the system writes of a program that crashed. Ours would hold tokens and pieces of files.

/// Asks the system not to write one of this process.
///
/// The soft limit only, so that programs we start may choose for themselves. Making the process undumpable would
/// go further, but gives its `/proc` entries to the superuser, which portals and keyrings look into; systemd's and
/// Ubuntu's collectors of crashes keep to the limit.
#[cfg(unix)]
pub fn forbid() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Core);
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), ..now }) {
        tracing::warn!(%error, "a crash of Lockstep may leave its memory on the disk");
    }
}

/// Nothing is known that would have to be asked here.
#[cfg(not(unix))]
pub fn forbid() {}

//! Opens pages in the browser of whoever runs the command.

use std::{io, process::Stdio};

/// What may hold a secret in our environment.
const SECRET_VARIABLES: [&str; 2] = ["LOCKSTEP_APP_SECRET", "LOCKSTEP_PASSPHRASE"];

/// Opens the browser, without the secrets that our environment may hold: it lives longer than we do, and tells its
/// environment to whatever it starts.
pub fn open(url: &str) -> io::Result<()> {
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for mut command in open::commands(url) {
        for name in SECRET_VARIABLES {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C is for us alone.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        match command.spawn() {
            Ok(_) => return Ok(()),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

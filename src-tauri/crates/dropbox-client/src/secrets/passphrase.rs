//! The passphrase of the file store.

use std::{ffi::OsString, fs, io, path::Path};

use secrecy::SecretString;

use super::SecretError;

/// File name of the systemd credential.
const CREDENTIAL: &str = "lockstep-passphrase";

/// Finds the passphrase: the systemd credential `lockstep-passphrase`, else `LOCKSTEP_PASSPHRASE`.
///
/// A passphrase that is there but cannot be used is an error: going on without one would write secrets in
/// the clear that somebody wanted to be encrypted.
pub fn find_passphrase(
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<SecretString>, SecretError> {
    if let Some(dir) = variable("CREDENTIALS_DIRECTORY") {
        let path = Path::new(&dir).join(CREDENTIAL);
        match fs::read(&path) {
            Ok(bytes) => return usable(bytes, path.display().to_string()).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(bad(path.display().to_string(), &error.to_string())),
        }
    }
    match variable("LOCKSTEP_PASSPHRASE") {
        Some(text) => usable(text.into_encoded_bytes(), "LOCKSTEP_PASSPHRASE".into()).map(Some),
        None => Ok(None),
    }
}

fn usable(bytes: Vec<u8>, from: String) -> Result<SecretString, SecretError> {
    let Ok(text) = String::from_utf8(bytes) else { return Err(bad(from, "it is not text")) };
    // Editors and `echo` end a file with a newline that nobody types.
    let text = text.trim_end_matches(['\r', '\n']);
    match text.chars().count() {
        0 => Err(bad(from, "it is empty")),
        1..8 => Err(bad(from, "it has fewer than 8 characters")),
        _ => Ok(text.to_owned().into()),
    }
}

fn bad(from: String, detail: &str) -> SecretError {
    SecretError::BadPassphrase { from, detail: detail.to_owned() }
}

//! The certificate of whoever stands between this computer and Dropbox: a company's proxy, or a test's server.
//!
//! Reads it; trusting it is the business of `dropbox-client`.
//!
//! Rule: one that is named and cannot be read is an error. Without it every connection would fail, and
//! nobody would know why.

use std::{io, path::PathBuf};

/// Names the file, in PEM.
const VARIABLE: &str = "LOCKSTEP_EXTRA_CA";

/// The certificate that is named cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{VARIABLE} names {}, which cannot be read: {source}", .path.display())]
pub struct CertificateError {
    /// The file.
    path: PathBuf,
    /// What the system said.
    source: io::Error,
}

/// Returns the certificate that the environment names; nothing when it names none.
pub fn extra_root_certificate() -> Result<Option<Vec<u8>>, CertificateError> {
    read(std::env::var_os(VARIABLE).map(PathBuf::from))
}

fn read(named: Option<PathBuf>) -> Result<Option<Vec<u8>>, CertificateError> {
    let Some(path) = named.filter(|path| !path.as_os_str().is_empty()) else { return Ok(None) };
    std::fs::read(&path).map(Some).map_err(|source| CertificateError { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_named_by_an_empty_variable_or_by_no_variable() {
        assert!(matches!(read(None), Ok(None)));
        assert!(matches!(read(Some(PathBuf::new())), Ok(None)));
    }

    #[test]
    fn one_that_cannot_be_read_is_named() {
        let dir = tempfile::tempdir().expect("temp dir");
        let error = read(Some(dir.path().join("proxy.pem"))).expect_err("it is not there");
        let text = error.to_string();
        assert!(text.starts_with("LOCKSTEP_EXTRA_CA names ") && text.contains("proxy.pem"), "{text}");
    }
}

//! Names of files and folders, and the key under which Dropbox treats two names as one.
//!
//! A [`Name`] is the bytes its owner wrote; on Linux these need not be text. A [`NameKey`] is what is
//! compared: Dropbox composes (NFC) and lower-cases character by character with the simple mapping.
//! The server's own `path_lower` wins wherever it is known: build the key with
//! [`NameKey::from_server`] then.

use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};

/// One component of a path, as its owner wrote it: not empty, not `.` or `..`, no `/`, no NUL.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
// Stored names are checked like all others: a record on disk may be damaged, or not ours.
#[serde(try_from = "Box<[u8]>")]
pub struct Name(Box<[u8]>);

/// Why bytes cannot be the name of a file or folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing between two slashes.
    #[error("a name may not be empty")]
    Empty,
    /// `.` or `..`, which would leave or repeat the folder.
    #[error("a name may not be {0:?}")]
    Dots(&'static str),
    /// A slash or a NUL byte inside the name.
    #[error("a name may not contain a slash or a NUL byte")]
    Forbidden,
}

impl Name {
    /// Checks bytes that came from a directory listing.
    pub fn from_bytes(bytes: &[u8]) -> Result<Name, NameError> {
        match bytes {
            b"" => Err(NameError::Empty),
            b"." => Err(NameError::Dots(".")),
            b".." => Err(NameError::Dots("..")),
            _ if bytes.iter().any(|&b| b == b'/' || b == 0) => Err(NameError::Forbidden),
            _ => Ok(Name(bytes.into())),
        }
    }

    /// Checks text that came from a person or from Dropbox.
    pub fn new(text: &str) -> Result<Name, NameError> {
        Name::from_bytes(text.as_bytes())
    }

    /// Returns the bytes as written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the text, or nothing when the bytes are not UTF-8; such names cannot go to Dropbox.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Returns the name composed (NFC), the form that Dropbox stores; bytes that are no text stay.
    pub fn composed(&self) -> Name {
        match self.as_str() {
            Some(text) if !text.is_ascii() => Name(compose(text).into_bytes().into()),
            _ => self.clone(),
        }
    }

    /// Returns the key that predicts which names Dropbox treats as this one.
    pub fn key(&self) -> NameKey {
        match self.as_str() {
            Some(text) if text.is_ascii() => NameKey(text.to_ascii_lowercase().into_bytes().into()),
            // `to_lowercase().next()` is the simple mapping: only U+0130 expands to two characters.
            Some(text) => NameKey(
                compose(text)
                    .chars()
                    .map(|c| c.to_lowercase().next().unwrap_or(c))
                    .collect::<String>()
                    .into_bytes()
                    .into(),
            ),
            None => NameKey(self.0.clone()),
        }
    }
}

fn compose(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

impl TryFrom<Box<[u8]>> for Name {
    type Error = NameError;

    fn try_from(bytes: Box<[u8]>) -> Result<Name, NameError> {
        Name::from_bytes(&bytes)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

/// What is compared to find out whether two names are one to Dropbox.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NameKey(Box<[u8]>);

impl NameKey {
    /// Takes one component of a `path_lower` that the server sent.
    pub fn from_server(component: &str) -> NameKey {
        NameKey(component.as_bytes().into())
    }

    /// Takes bytes that [`NameKey::as_bytes`] gave.
    pub fn from_bytes(bytes: &[u8]) -> NameKey {
        NameKey(bytes.into())
    }

    /// Returns the bytes to store or compare.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for NameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {:?}", String::from_utf8_lossy(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> NameKey {
        Name::new(text).expect("valid").key()
    }

    #[test]
    fn keys_ignore_case_and_composition() {
        assert_eq!(key("README.md"), key("readme.MD"));
        assert_eq!(key("a\u{301}.txt"), key("\u{c1}.TXT"), "decomposed and composed");
    }

    #[test]
    fn keys_follow_the_simple_mapping_not_full_folding() {
        assert_ne!(key("straße"), key("STRASSE"));
        assert_eq!(key("ΟΔΟΣ"), key("οδοσ"), "no final sigma rule");
        assert_eq!(key("İ"), key("i"), "only the first character of an expanding mapping");
    }

    #[test]
    fn bytes_that_are_no_text_keep_their_identity() {
        let odd = Name::from_bytes(b"caf\xe9").expect("bytes are allowed");
        assert_eq!(odd.as_str(), None);
        assert_eq!(odd.key().as_bytes(), b"caf\xe9");
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        for bad in ["", ".", "..", "a/b", "a\0b"] {
            assert!(Name::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_stored_name_that_leads_elsewhere_is_refused_like_any_other() {
        use serde::de::{IntoDeserializer, value::Error, value::SeqDeserializer};
        let stored = |text: &str| {
            let bytes: SeqDeserializer<_, Error> = text.as_bytes().to_vec().into_deserializer();
            Name::deserialize(bytes)
        };
        for bad in ["", ".", "..", "a/b", "a\0b"] {
            assert!(stored(bad).is_err(), "{bad:?}");
        }
        assert_eq!(stored("a.txt").expect("a name"), Name::new("a.txt").expect("a name"));
    }
}

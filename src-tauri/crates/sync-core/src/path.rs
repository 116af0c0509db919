//! Paths inside a workspace.
//!
//! A [`SyncPath`] is relative to the workspace root and cannot leave it: every component is a valid
//! [`Name`]. Turning it into a path on disk or at Dropbox is a named step that may fail.

use std::fmt;

use crate::name::{Name, NameError};

/// A path below the workspace root; the root itself has no components.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SyncPath(Vec<Name>);

impl SyncPath {
    /// Returns the workspace root.
    pub fn root() -> SyncPath {
        SyncPath::default()
    }

    /// Collects components from the root downwards.
    pub fn from_names(names: Vec<Name>) -> SyncPath {
        SyncPath(names)
    }

    /// Reads `a/b/c`; leading and trailing slashes are allowed, empty components are not.
    pub fn parse(text: &str) -> Result<SyncPath, NameError> {
        let text = text.trim_matches('/');
        if text.is_empty() {
            return Ok(SyncPath::root());
        }
        text.split('/').map(Name::new).collect::<Result<_, _>>().map(SyncPath)
    }

    /// Returns the components from the root downwards.
    pub fn names(&self) -> &[Name] {
        &self.0
    }

    /// Tells whether this is the workspace root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the path of a child.
    pub fn join(&self, name: &Name) -> SyncPath {
        let mut names = self.0.clone();
        names.push(name.clone());
        SyncPath(names)
    }

    /// Returns the folder and the last component; nothing for the root.
    pub fn split(&self) -> Option<(SyncPath, &Name)> {
        let (last, above) = self.0.split_last()?;
        Some((SyncPath(above.to_vec()), last))
    }

    /// Tells whether this path is `above` or lies below it.
    pub fn starts_with(&self, above: &SyncPath) -> bool {
        self.0.starts_with(&above.0)
    }

    /// Returns the path as Dropbox wants it below the workspace's folder, or nothing when a component
    /// is no text: `""` for the root, else `/a/b`.
    pub fn to_remote(&self) -> Option<String> {
        let mut text = String::new();
        for name in &self.0 {
            text.push('/');
            text.push_str(name.composed().as_str()?);
        }
        Some(text)
    }
}

impl fmt::Display for SyncPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("/")?;
            }
            name.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for SyncPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_leave_the_root() {
        assert!(SyncPath::parse("a/../../etc").is_err());
        assert!(SyncPath::parse("a//b").is_err());
        assert_eq!(SyncPath::parse("/").expect("root"), SyncPath::root());
    }

    #[test]
    fn the_remote_form_is_composed_and_absolute() {
        let path = SyncPath::parse("Docs/a\u{301}.txt").expect("valid");
        assert_eq!(path.to_remote().as_deref(), Some("/Docs/á.txt"));
        assert_eq!(SyncPath::root().to_remote().as_deref(), Some(""));
    }
}

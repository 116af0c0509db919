//! Makes folders.

use super::Account;
use super::errors::{Conflict, WriteError};
use super::node::{Key, Kind};
use super::path::PathArg;

impl Account {
    /// Makes a folder and what is missing above it.
    ///
    /// With `autorename` something in the way gives a numbered name instead of an error.
    pub fn create_folder(&mut self, path: &PathArg, autorename: bool) -> Result<Key, WriteError> {
        let target = self.target(path)?;
        let name = match target.existing {
            None => target.name.clone(),
            Some(_) if autorename => self.numbered_name(target.folder, &target.name),
            Some(key) if self.is_folder(key) => return Err(WriteError::Conflict(Conflict::Folder)),
            Some(_) => return Err(WriteError::Conflict(Conflict::File)),
        };
        let folder = self.make_parents(&target);
        let id = self.draw_id();
        Ok(self.insert(folder, id, &name, target.written_parent, Kind::Folder(None)))
    }
}

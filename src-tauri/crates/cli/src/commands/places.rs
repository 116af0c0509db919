//! What a person means by PATH, as far as it can be told without asking the engine.

use std::path::absolute;

use engine::api::Place;

use crate::{
    args,
    failure::{Exit, Failure},
};

/// Says that a path is one at Dropbox, whatever there is on this computer.
const AT_DROPBOX: &str = "dropbox:";

/// Reads PATH here: whoever owns the home may have another working directory.
pub fn place(given: args::Place) -> Result<Place, Failure> {
    let args::Place { path, account } = given;
    if let Some(dropbox) = path.strip_prefix(AT_DROPBOX) {
        return Ok(Place { local: None, dropbox: Some(dropbox.to_owned()), account });
    }
    let local = absolute(&path).map_err(|error| Failure::new(Exit::Usage, format!("{path:?}: {error}")))?;
    let dropbox = path.starts_with('/').then_some(path);
    Ok(Place { local: Some(local), dropbox, account })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> Place {
        place(args::Place { path: path.into(), account: None }).expect("a place")
    }

    #[test]
    fn a_path_is_one_here_one_at_dropbox_or_both() {
        let here = std::env::current_dir().expect("a folder").join("a.txt");
        assert_eq!(read("a.txt"), Place { local: Some(here), dropbox: None, account: None });
        let both = read("/Docs/a.txt");
        assert_eq!(both.local.as_deref(), Some("/Docs/a.txt".as_ref()));
        assert_eq!(both.dropbox.as_deref(), Some("/Docs/a.txt"));
        let there = read("dropbox:/Docs/a.txt");
        assert_eq!((there.local, there.dropbox.as_deref()), (None, Some("/Docs/a.txt")));
        assert!(place(args::Place { path: String::new(), account: None }).is_err(), "nothing is no place");
    }
}

//! Which watch belongs to which folder, and where that folder stands.
//!
//! Pure. A watch knows its parent's watch and its own name, never a path: when a folder is renamed, one
//! entry changes and everything below has its new path.
//!
//! Rule: a folder that another one took the place of is kept without a place, not dropped. It may have
//! been moved, and then everything in it is watched already.

use std::collections::HashMap;

use sync_core::{Name, SyncPath};

/// Number of a watch, given by the system.
pub(super) type Watch = i32;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    parent: Watch,
    name: Name,
}

/// What entering a folder found out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Put {
    /// The folder was known at another place, or at none.
    pub was_elsewhere: bool,
    /// Another folder had the place, and has none now.
    pub displaced: Option<Watch>,
}

/// All watched folders.
#[derive(Debug, Default)]
pub(super) struct Table {
    root: Option<Watch>,
    places: HashMap<Watch, Option<Place>>,
    children: HashMap<Watch, HashMap<Name, Watch>>,
}

impl Table {
    /// Enters the root.
    pub fn set_root(&mut self, watch: Watch) {
        self.root = Some(watch);
        self.places.insert(watch, None);
    }

    /// Returns the watch of the folder last covered at a path.
    pub fn at(&self, path: &SyncPath) -> Option<Watch> {
        let mut watch = self.root?;
        for name in path.names() {
            watch = *self.children.get(&watch)?.get(name)?;
        }
        Some(watch)
    }

    /// Returns where a watched folder stands, as far as is known; nothing when another took its place.
    pub fn path_of(&self, mut watch: Watch) -> Option<SyncPath> {
        let mut names = Vec::new();
        while Some(watch) != self.root {
            let place = self.places.get(&watch)?.as_ref()?;
            names.push(place.name.clone());
            watch = place.parent;
        }
        names.reverse();
        Some(SyncPath::from_names(names))
    }

    /// Enters a folder at a place.
    pub fn put(&mut self, watch: Watch, parent: Watch, name: &Name) -> Put {
        let place = Place { parent, name: name.clone() };
        let known = self.places.get(&watch).cloned();
        if known.as_ref() == Some(&Some(place.clone())) {
            return Put::default();
        }
        if let Some(Some(old)) = &known {
            self.vacate(old);
        }
        let displaced = self.children.entry(parent).or_default().insert(name.clone(), watch);
        if let Some(displaced) = displaced {
            self.places.insert(displaced, None);
        }
        self.places.insert(watch, Some(place));
        Put { was_elsewhere: known.is_some(), displaced }
    }

    /// Takes its place from a folder that was moved away; the new one is not known yet.
    pub fn unplace(&mut self, watch: Watch) {
        if let Some(Some(place)) = self.places.insert(watch, None) {
            self.vacate(&place);
        }
    }

    /// Returns the watch of a folder's child.
    pub fn child(&self, parent: Watch, name: &Name) -> Option<Watch> {
        self.children.get(&parent)?.get(name).copied()
    }

    /// Tells whether a folder is watched although nobody knows where it stands.
    pub fn is_without_place(&self, watch: Watch) -> bool {
        Some(watch) != self.root && self.places.get(&watch) == Some(&None)
    }

    /// Removes a folder and everything below it; returns their watches.
    pub fn remove(&mut self, watch: Watch) -> Vec<Watch> {
        if let Some(Some(place)) = self.places.get(&watch).cloned() {
            self.vacate(&place);
        }
        let below = self.subtree(watch);
        for watch in &below {
            self.places.remove(watch);
            self.children.remove(watch);
        }
        if below.contains(&self.root.unwrap_or(-1)) {
            self.root = None;
        }
        below
    }

    /// Returns a folder and everything below it.
    pub fn subtree(&self, watch: Watch) -> Vec<Watch> {
        if !self.places.contains_key(&watch) {
            return Vec::new();
        }
        let mut found = vec![watch];
        let mut next = 0;
        while let Some(watch) = found.get(next) {
            found.extend(self.children.get(watch).into_iter().flat_map(HashMap::values));
            next += 1;
        }
        found
    }

    /// Returns how many folders have a place.
    pub fn placed(&self) -> usize {
        self.root.map_or(0, |root| self.subtree(root).len())
    }

    fn vacate(&mut self, place: &Place) {
        if let Some(siblings) = self.children.get_mut(&place.parent) {
            siblings.remove(&place.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::new(text).expect("valid")
    }

    fn path(text: &str) -> SyncPath {
        SyncPath::parse(text).expect("valid")
    }

    /// root(1) / a(2) / b(3)
    fn table() -> Table {
        let mut table = Table::default();
        table.set_root(1);
        assert_eq!(table.put(2, 1, &name("a")), Put::default());
        assert_eq!(table.put(3, 2, &name("b")), Put::default());
        table
    }

    #[test]
    fn a_rename_moves_everything_below_with_one_entry() {
        let mut table = table();
        assert!(table.put(2, 1, &name("z")).was_elsewhere, "known at another place");
        assert_eq!(table.path_of(3), Some(path("z/b")));
        assert_eq!(table.at(&path("a")), None);
        assert_eq!(table.put(2, 1, &name("z")), Put::default(), "nothing new");
    }

    #[test]
    fn a_folder_whose_place_was_taken_waits_for_its_new_place() {
        let mut table = table();
        let put = table.put(9, 1, &name("a"));
        assert_eq!(
            put,
            Put { was_elsewhere: false, displaced: Some(2) },
            "another folder under the old name"
        );
        assert!(table.is_without_place(2) && !table.is_without_place(3) && !table.is_without_place(1));
        assert_eq!(table.path_of(3), None, "nobody knows where");
        assert_eq!(table.placed(), 2);
        assert!(table.put(2, 9, &name("moved")).was_elsewhere);
        assert_eq!(table.path_of(3), Some(path("a/moved/b")));
        assert_eq!(table.placed(), 4);
    }

    #[test]
    fn a_folder_that_was_moved_away_has_no_place_until_it_is_entered_again() {
        let mut table = table();
        table.unplace(2);
        assert_eq!((table.path_of(3), table.child(1, &name("a")), table.placed()), (None, None, 1));
        assert!(table.put(2, 1, &name("z")).was_elsewhere);
        assert_eq!((table.path_of(3), table.child(1, &name("z"))), (Some(path("z/b")), Some(2)));
    }

    #[test]
    fn removing_a_folder_removes_what_is_below() {
        let mut table = table();
        let mut removed = table.remove(2);
        removed.sort_unstable();
        assert_eq!(removed, [2, 3]);
        assert_eq!((table.path_of(3), table.placed()), (None, 1));
        assert_eq!(table.remove(2), [], "once is enough");
        assert_eq!(table.remove(1), [1]);
        assert_eq!(table.at(&SyncPath::root()), None);
    }
}

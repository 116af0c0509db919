//! The person at the computer: saves as programs save (sync-engine.md 2.5), moves, swaps, deletes.
//!
//! A save may take several steps with anything in between; what is under way is a [`Program`].
//!
//! Rule: whatever a person does to a content goes into the ledger in the same step.

use std::collections::BTreeSet;

use local_fs::simulation::{Object, Rename};
use sync_core::{ContentHash, LocalKind, Name, NameKey};

use super::{ODD, PLAIN, name};
use crate::disk::Computer;
use crate::disk::fs::{OUTSIDE, ROOT};

/// A dirty page is written back after so long; then the next store moves the stamps again.
const WRITTEN_BACK_NS: i64 = 30_000_000_000;

/// The person and the programs that run for them.
#[derive(Debug, Default)]
pub struct Person {
    programs: Vec<Program>,
    /// Things that may still be done in this round.
    pub budget: usize,
    /// Uses names that make trouble.
    pub is_odd: bool,
    /// Makes hard links.
    pub links: bool,
    /// Only renames, moves and copies: nothing that needs a transfer of new content.
    pub only_moves: bool,
    /// Names to which something came in this round: whoever left them is not followed for certain.
    pub arrivals: BTreeSet<NameKey>,
    /// Two things came to one name in this round.
    pub is_ambiguous: bool,
    temporary: u32,
}

/// A save that is under way.
#[derive(Debug, Clone)]
enum Program {
    /// The file is open and empty, the content follows.
    Truncated { file: Object, content: Vec<u8> },
    /// The content is in a temporary file that will be renamed over the real one.
    Temporary { dir: Object, temp: Name, target: Name },
    /// The old file stands beside; the new one follows (vim, emacs).
    Backup { dir: Object, target: Name, backup: Name, keep: bool, content: Vec<u8> },
    /// The file is mapped; stores follow.
    Mapped { file: Object, stores: usize },
}

/// A thing that a person sees.
#[derive(Debug, Clone)]
struct Seen {
    dir: Object,
    name: Name,
    object: Object,
}

impl Person {
    /// Does one thing, if there is budget; or goes on with a save.
    pub fn act(computer: &mut Computer) {
        if !computer.person.programs.is_empty() && computer.chance.below(2) == 1 {
            let at = computer.chance.below(computer.person.programs.len());
            let program = computer.person.programs.remove(at);
            computer.go_on(program);
            return;
        }
        if computer.person.budget == 0 {
            return;
        }
        computer.person.budget -= 1;
        computer.act_anew();
    }

    /// Ends every save that is under way.
    pub fn finish(computer: &mut Computer) {
        while let Some(program) = computer.person.programs.pop() {
            computer.go_on(program);
        }
    }

    /// Tells whether something is left to do.
    pub fn is_busy(&self) -> bool {
        self.budget > 0 || !self.programs.is_empty()
    }
}

impl Computer {
    fn seen(&self) -> Vec<Seen> {
        let mut seen = Vec::new();
        let mut dirs = vec![ROOT];
        while let Some(dir) = dirs.pop() {
            for (name, &object) in &self.fs.node(dir).entries {
                if dir == ROOT && name.as_bytes() == local_fs::PRIVATE_DIR.as_bytes() {
                    continue;
                }
                seen.push(Seen { dir, name: name.clone(), object });
                if self.fs.is_folder(object) {
                    dirs.push(object);
                }
            }
        }
        seen
    }

    fn files(&self) -> Vec<Seen> {
        let mut seen = self.seen();
        seen.retain(|seen| self.fs.node(seen.object).kind == LocalKind::File);
        seen
    }

    fn some_dir(&self) -> Object {
        let mut dirs = vec![ROOT];
        let seen = self.seen();
        dirs.extend(seen.iter().filter(|seen| self.fs.is_folder(seen.object)).map(|seen| seen.object));
        // Not too deep: trees stay small.
        dirs.retain(|dir| self.fs.path(*dir).is_some_and(|path| path.len() < 3));
        *self.chance.pick(&dirs)
    }

    fn some_name(&self) -> Name {
        let names: &[&str] = if self.person.is_odd { &ODD } else { &PLAIN };
        name(self.chance.pick::<&str>(names))
    }

    fn free_place(&self) -> Option<(Object, Name)> {
        for _ in 0..4 {
            let (dir, name) = (self.some_dir(), self.some_name());
            if self.fs.find(dir, &name).is_none() {
                return Some((dir, name));
            }
        }
        None
    }

    fn some_file(&self) -> Option<Seen> {
        let files = self.files();
        (!files.is_empty()).then(|| self.chance.pick(&files).clone())
    }

    fn some_thing(&self) -> Option<Seen> {
        let seen = self.seen();
        (!seen.is_empty()).then(|| self.chance.pick(&seen).clone())
    }

    fn told(&mut self, what: &str, dir: Object, name: &Name) {
        let place = self.fs.path(dir);
        self.trace.note(|| format!("person: {what} {name} in {place:?}"));
    }

    fn act_anew(&mut self) {
        let weights: [usize; 17] = match self.person.only_moves {
            true => [0, 0, 0, 0, 0, 2, 0, 8, 1, 4, 0, 2, 2, 0, 0, 0, 2],
            false => [8, 6, 4, 4, 5, 3, 2, 8, 2, 3, 2, 2, 1, 1, 3, 2, 2],
        };
        match self.chance.weighted(&weights) {
            0 => self.create_file(),
            1 => self.save_in_place(),
            2 => self.save_by_temporary(),
            3 => self.save_with_backup(),
            4 => self.delete_file(),
            5 => self.make_folder(),
            6 => self.delete_thing(),
            7 => self.move_thing(),
            8 => self.move_over(),
            9 => self.swap_things(),
            10 => self.change_type(),
            11 => self.copy_file(),
            12 => self.touch(),
            13 if self.person.links => self.make_link(),
            14 => self.map(),
            15 => self.save_what_another_has(),
            16 => self.take_out_or_in(),
            _ => self.create_file(),
        }
    }

    /// Writes a content into a file that a person has open.
    fn save(&mut self, file: Object, content: &[u8]) {
        let before = self.fs.fingerprint(file);
        let old = std::mem::replace(&mut self.fs.node_mut(file).data, content.to_vec());
        self.fs.content_changed(file);
        if old == content {
            // Nobody can tell it from a file that was only touched.
            return self.fs.node(file).links.clone().iter().for_each(|(dir, _)| self.happened(*dir));
        }
        self.give_up(&old);
        // Into something that was displaced: nobody sees it there, but it can be found, unless no stamp moved.
        let dirs: Vec<Object> = self.fs.node(file).links.iter().map(|(dir, _)| *dir).collect();
        let is_seen = dirs.iter().any(|dir| self.is_visible(*dir));
        if dirs.is_empty() || !dirs.iter().any(|dir| self.fs.path(*dir).is_some()) {
            return;
        }
        self.saved(content, &dirs, !is_seen && self.fs.fingerprint(file) == before);
        for dir in dirs {
            self.happened(dir);
        }
    }

    /// Takes note of a save into a file that has names in these folders.
    fn saved(&mut self, content: &[u8], dirs: &[Object], trash_suffices: bool) {
        self.ledger.saved_here(content, trash_suffices);
        if dirs.iter().any(|dir| self.is_private(*dir)) && dirs.iter().any(|dir| self.is_visible(*dir)) {
            self.ledger.reappears(&ContentHash::of(content));
        }
    }

    fn give_up(&mut self, old: &[u8]) {
        if !old.is_empty() {
            self.ledger.given_up(&ContentHash::of(old));
        }
    }

    fn new_file(&mut self, dir: Object, name: &Name) -> Option<Object> {
        let object = self.fs.create(dir, name, LocalKind::File).ok()?;
        self.came_to(name);
        self.happened(dir);
        Some(object)
    }

    fn unlink(&mut self, dir: Object, name: &Name) {
        let Ok(object) = self.fs.unlink(dir, name) else { return };
        self.happened(dir);
        self.lost_a_name(object);
    }

    /// A name was taken from a file. While another one is left in the workspace, nobody can tell the content of
    /// which name it is: others may have overwritten just that one.
    fn lost_a_name(&mut self, object: Object) {
        let node = self.fs.node(object);
        let is_seen = node.links.iter().any(|(dir, _)| self.is_visible(*dir));
        let old = node.data.clone();
        match is_seen {
            true => self.ledger.trash_suffices(&ContentHash::of(&old)),
            false => self.give_up(&old),
        }
    }

    fn unlink_all(&mut self, dir: Object, name: &Name) {
        if let Some(object) = self.fs.find(dir, name) {
            let below: Vec<Name> = self.fs.node(object).entries.keys().cloned().collect();
            below.iter().for_each(|child| self.unlink_all(object, child));
        }
        self.unlink(dir, name);
    }

    fn rename(&mut self, from: (Object, &Name), to: (Object, &Name), how: Rename) -> bool {
        let over = self.fs.find(to.0, to.1);
        if self.fs.rename(from, to, how).is_err() {
            return false;
        }
        self.came_to(to.1);
        if how == Rename::Exchange {
            self.came_to(from.1);
        }
        self.moved_below(to.0, to.1);
        self.moved_below(from.0, from.1);
        if from.0 != to.0 && self.watch.is_slow() {
            // It may be deleted at Dropbox before it is seen in its new folder.
            self.came_back_below(to.0, to.1);
            self.came_back_below(from.0, from.1);
        }
        self.happened(from.0);
        self.happened(to.0);
        for object in [self.fs.find(to.0, to.1), self.fs.find(from.0, from.1)].into_iter().flatten() {
            self.happened_below(object);
        }
        if let (Rename::Over, Some(over)) = (how, over) {
            self.lost_a_name(over);
        }
        true
    }

    /// Something came to a name.
    fn came_to(&mut self, name: &Name) {
        self.person.is_ambiguous |= !self.person.arrivals.insert(name.key());
    }

    /// Takes note of what went along with a rename.
    fn moved_below(&mut self, dir: Object, name: &Name) {
        let Some(object) = self.fs.find(dir, name) else { return };
        let content = self.fs.node(object).data.clone();
        self.ledger.moved_here(&content);
        for child in self.fs.node(object).entries.keys().cloned().collect::<Vec<_>>() {
            self.moved_below(object, &child);
        }
    }

    fn create_file(&mut self) {
        let Some((dir, name)) = self.free_place() else { return self.save_in_place() };
        let content = self.ledger.fresh();
        self.told("creates", dir, &name);
        let Some(file) = self.new_file(dir, &name) else { return };
        match self.chance.below(3) {
            2 => self.person.programs.push(Program::Truncated { file, content }),
            _ => self.save(file, &content),
        }
    }

    fn save_in_place(&mut self) {
        let Some(seen) = self.some_file() else { return };
        let content = self.ledger.fresh();
        self.told("saves in place", seen.dir, &seen.name);
        if self.chance.below(3) == 2 {
            self.save(seen.object, &[]);
            self.person.programs.push(Program::Truncated { file: seen.object, content });
        } else {
            self.save(seen.object, &content);
        }
    }

    fn save_by_temporary(&mut self) {
        let Some(seen) = self.some_file() else { return };
        self.person.temporary += 1;
        let n = self.person.temporary;
        // Some programs use names that are ignored, some do not.
        let temp = name(&if n.is_multiple_of(2) { format!(".goutputstream-{n}") } else { format!("sed{n}") });
        self.told("saves by a temporary file", seen.dir, &seen.name);
        let Some(file) = self.new_file(seen.dir, &temp) else { return };
        let content = self.ledger.fresh();
        self.save(file, &content);
        let program = Program::Temporary { dir: seen.dir, temp, target: seen.name };
        match self.chance.below(3) {
            2 => self.person.programs.push(program),
            _ => self.go_on(program),
        }
    }

    fn save_with_backup(&mut self) {
        let Some(seen) = self.some_file() else { return };
        let backup = name(&format!("{}~", seen.name));
        if self.fs.find(seen.dir, &backup).is_some() {
            return self.save_in_place();
        }
        self.told("saves with a backup", seen.dir, &seen.name);
        if !self.rename((seen.dir, &seen.name), (seen.dir, &backup), Rename::Never) {
            return;
        }
        let keep = self.chance.below(3) == 2;
        let content = self.ledger.fresh();
        let program = Program::Backup { dir: seen.dir, target: seen.name, backup, keep, content };
        match self.chance.below(3) {
            2 => self.person.programs.push(program),
            _ => self.go_on(program),
        }
    }

    fn go_on(&mut self, program: Program) {
        match program {
            Program::Truncated { file, content } => {
                self.trace.note(|| "person: the rest of the save".into());
                self.save(file, &content);
            }
            Program::Temporary { dir, temp, target } => {
                self.told("renames the temporary file over", dir, &target);
                self.rename((dir, &temp), (dir, &target), Rename::Over);
            }
            Program::Backup { dir, target, backup, keep, content } => {
                self.told("writes the new file beside the backup", dir, &target);
                if let Some(file) = self.new_file(dir, &target) {
                    self.save(file, &content);
                    if !keep {
                        self.unlink(dir, &backup);
                    }
                }
            }
            Program::Mapped { file, stores } => self.store(file, stores),
        }
    }

    /// Stores through a mapping: only the first store into a clean page moves the stamps, and nobody is told
    /// before the file is closed.
    fn store(&mut self, file: Object, stores: usize) {
        if self.fs.node(file).links.is_empty() || self.fs.node(file).data.is_empty() {
            return;
        }
        self.trace.note(|| format!("person: stores through a mapping, {stores} to come"));
        let mut content = self.ledger.fresh();
        let len = self.fs.node(file).data.len();
        // A mapping does not change the length; a token that does not fit is another content all the same.
        content.resize(len, b'~');
        let old = std::mem::replace(&mut self.fs.node_mut(file).data, content.clone());
        let now_ns = self.fs.now_ns;
        let before = self.fs.fingerprint(file);
        let dirty_since = self.fs.node(file).dirty_since_ns.filter(|since| since + WRITTEN_BACK_NS > now_ns);
        if dirty_since.is_none() {
            self.fs.node_mut(file).dirty_since_ns = Some(now_ns);
            self.fs.content_changed(file);
        }
        self.give_up(&old);
        let dirs: Vec<Object> = self.fs.node(file).links.iter().map(|(dir, _)| *dir).collect();
        let is_seen = dirs.iter().any(|dir| self.is_visible(*dir));
        if dirs.iter().any(|dir| self.fs.path(*dir).is_some()) {
            self.saved(&content, &dirs, !is_seen && self.fs.fingerprint(file) == before);
        }
        if stores > 0 {
            self.person.programs.push(Program::Mapped { file, stores: stores - 1 });
        } else {
            // Closing is told, but moves no stamp.
            dirs.into_iter().for_each(|dir| self.happened(dir));
        }
    }

    fn map(&mut self) {
        let Some(seen) = self.some_file() else { return };
        self.told("maps", seen.dir, &seen.name);
        let stores = 1 + self.chance.below(2);
        self.store(seen.object, stores);
    }

    fn delete_file(&mut self) {
        let Some(seen) = self.some_file() else { return };
        self.told("deletes", seen.dir, &seen.name);
        self.unlink(seen.dir, &seen.name);
    }

    fn delete_thing(&mut self) {
        let Some(seen) = self.some_thing() else { return };
        self.told("deletes with all in it", seen.dir, &seen.name);
        self.unlink_all(seen.dir, &seen.name);
    }

    fn make_folder(&mut self) {
        let Some((dir, name)) = self.free_place() else { return };
        self.told("makes the folder", dir, &name);
        if self.fs.create(dir, &name, LocalKind::Folder).is_ok() {
            self.happened(dir);
        }
    }

    fn move_thing(&mut self) {
        let (Some(seen), Some((dir, name))) = (self.some_thing(), self.free_place()) else { return };
        self.told("moves", seen.dir, &seen.name);
        self.told("  to", dir, &name);
        self.rename((seen.dir, &seen.name), (dir, &name), Rename::Never);
    }

    fn move_over(&mut self) {
        let (Some(one), Some(other)) = (self.some_file(), self.some_file()) else { return };
        self.told("moves", one.dir, &one.name);
        self.told("  over", other.dir, &other.name);
        self.rename((one.dir, &one.name), (other.dir, &other.name), Rename::Over);
    }

    fn swap_things(&mut self) {
        let (Some(one), Some(other)) = (self.some_thing(), self.some_thing()) else { return };
        if one.object == other.object {
            return;
        }
        self.told("swaps", one.dir, &one.name);
        self.told("  with", other.dir, &other.name);
        self.rename((one.dir, &one.name), (other.dir, &other.name), Rename::Exchange);
    }

    fn change_type(&mut self) {
        let Some(seen) = self.some_thing() else { return };
        let was_folder = self.fs.is_folder(seen.object);
        self.told("changes the type of", seen.dir, &seen.name);
        self.unlink_all(seen.dir, &seen.name);
        if was_folder {
            let content = self.ledger.fresh();
            if let Some(file) = self.new_file(seen.dir, &seen.name) {
                self.save(file, &content);
            }
        } else if self.fs.create(seen.dir, &seen.name, LocalKind::Folder).is_ok() {
            self.happened(seen.dir);
        }
    }

    fn copy_file(&mut self) {
        let (Some(seen), Some((dir, name))) = (self.some_file(), self.free_place()) else { return };
        self.told("copies", seen.dir, &seen.name);
        self.told("  to", dir, &name);
        let content = self.fs.node(seen.object).data.clone();
        if let Some(file) = self.new_file(dir, &name) {
            self.save(file, &content);
        }
    }

    fn touch(&mut self) {
        let Some(seen) = self.some_file() else { return };
        self.told("touches", seen.dir, &seen.name);
        let back = self.chance.below(2) == 1;
        let long_ago = self.fs.now_ns - 86_400_000_000_000;
        self.fs.set_mtime(seen.object, back.then_some(long_ago));
        self.happened(seen.dir);
    }

    fn make_link(&mut self) {
        let (Some(seen), Some((dir, name))) = (self.some_file(), self.free_place()) else { return };
        self.told("links", seen.dir, &seen.name);
        self.told("  as", dir, &name);
        if self.fs.link(seen.object, dir, &name).is_ok() {
            self.came_to(&name);
            let content = self.fs.node(seen.object).data.clone();
            self.ledger.saved_here(&content, false);
            self.happened(dir);
        }
    }

    fn save_what_another_has(&mut self) {
        let (Some(one), Some(other)) = (self.some_file(), self.some_file()) else { return };
        let content = self.fs.node(other.object).data.clone();
        self.told("saves what another file has in", one.dir, &one.name);
        if one.object != other.object && !content.is_empty() {
            self.save(one.object, &content);
        }
    }

    /// Moves something out of the workspace, or back into it.
    fn take_out_or_in(&mut self) {
        let outside: Vec<Name> = self.fs.node(OUTSIDE).entries.keys().cloned().collect();
        if !outside.is_empty() && self.chance.below(2) == 1 {
            let back = self.chance.pick(&outside).clone();
            let Some((dir, name)) = self.free_place() else { return };
            self.told("brings back", dir, &name);
            // It was given up when it was taken out; coming back makes it no new content.
            if self.rename((OUTSIDE, &back), (dir, &name), Rename::Never) {
                self.came_back_below(dir, &name);
            }
            return;
        }
        let Some(seen) = self.some_thing() else { return };
        self.person.temporary += 1;
        let place = name(&format!("out{}", self.person.temporary));
        self.told("takes out", seen.dir, &seen.name);
        if self.rename((seen.dir, &seen.name), (OUTSIDE, &place), Rename::Never) {
            self.given_up_below(OUTSIDE, &place);
        }
    }

    /// What was away may be deleted at Dropbox by now, and has to be sent again then.
    fn came_back_below(&mut self, dir: Object, name: &Name) {
        let Some(object) = self.fs.find(dir, name) else { return };
        if name.to_string().contains("conflicted copy") {
            // An old one: nobody may take it for a new conflict.
            self.person.arrivals.insert(name.key());
        }
        let hash = ContentHash::of(&self.fs.node(object).data);
        self.ledger.came_back(&hash);
        for child in self.fs.node(object).entries.keys().cloned().collect::<Vec<_>>() {
            self.came_back_below(object, &child);
        }
    }

    fn given_up_below(&mut self, dir: Object, name: &Name) {
        let Some(object) = self.fs.find(dir, name) else { return };
        let content = self.fs.node(object).data.clone();
        self.give_up(&content);
        for child in self.fs.node(object).entries.keys().cloned().collect::<Vec<_>>() {
            self.given_up_below(object, &child);
        }
    }
}

//! The two questions that are asked before anything is removed.
//!
//! Pure predicates: who counts, remembers and asks the person is the `engine` crate.
//!
//! Rule: in doubt they say yes, for a held deletion can be released and a lost file cannot.

/// How many deletions go through without a person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardLimits {
    /// This many files are too many in any workspace.
    pub files: u64,
    /// This share of the synced files is too many, in percent …
    pub percent: u8,
    /// … provided that it is at least this many files: small folders empty themselves quickly.
    pub percent_floor: u64,
}

impl Default for GuardLimits {
    fn default() -> GuardLimits {
        GuardLimits { files: 100, percent: 25, percent_floor: 20 }
    }
}

/// Tells whether deletions must wait for a person.
///
/// `deleted` counts the files the plan would remove from one side, `recently_deleted` those that went
/// through in the time before, so that many small steps count as the one big step they are. `synced` counts the files
/// of the synced tree. Moves are no deletions and are not counted.
pub fn is_mass_deletion(deleted: u64, recently_deleted: u64, synced: u64, limits: GuardLimits) -> bool {
    let together = deleted.saturating_add(recently_deleted);
    let share = u128::from(together) * 100 >= u128::from(synced) * u128::from(limits.percent);
    deleted > 0 && (together >= limits.files || (share && together >= limits.percent_floor))
}

/// Tells whether one side shows nothing at all where there was something: an unmounted disk, a replaced
/// root, another account. Not one deletion may be believed then.
pub fn is_emptied_root(synced: u64, shown: u64) -> bool {
    synced > 0 && shown == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(deleted: u64, recently: u64, synced: u64) -> bool {
        is_mass_deletion(deleted, recently, synced, GuardLimits::default())
    }

    #[test]
    fn a_hundred_files_are_held_in_any_workspace() {
        assert!(!held(99, 0, 1_000_000));
        assert!(held(100, 0, 1_000_000));
    }

    #[test]
    fn a_quarter_is_held_unless_it_is_only_a_handful() {
        assert!(!held(19, 0, 19), "below the floor");
        assert!(held(20, 0, 80), "exactly a quarter");
        assert!(!held(20, 0, 81), "just below a quarter");
        assert!(held(30, 0, 0), "more than is synced");
    }

    #[test]
    fn what_went_through_before_counts() {
        assert!(held(1, 99, 1_000_000));
        assert!(held(1, 19, 80));
        assert!(!held(0, 99, 100), "nothing is to be removed now");
        assert!(held(u64::MAX, u64::MAX, u64::MAX), "no overflow lets it through");
    }

    #[test]
    fn an_emptied_root_is_told_from_an_empty_one() {
        assert!(is_emptied_root(1, 0));
        assert!(!is_emptied_root(0, 0));
        assert!(!is_emptied_root(5, 1));
    }
}

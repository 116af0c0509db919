//! What the app was started for; launcher entries and autostart say it in one word.

/// What the app was started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// By hand: show a window.
    Show,
    /// At login: no window.
    Hidden,
    /// Pause for an hour.
    PauseHour,
    /// Resume.
    Resume,
    /// Show the conflicts.
    Conflicts,
    /// End.
    Quit,
}

/// The argument that autostart gives.
pub const HIDDEN: &str = "--hidden";

/// Reads the arguments, without the program's name. What is not known is passed over: some desktops add
/// words of their own.
pub fn read(arguments: impl IntoIterator<Item = String>) -> Ask {
    let word = |argument: String| match argument.as_str() {
        HIDDEN => Some(Ask::Hidden),
        "--pause" => Some(Ask::PauseHour),
        "--resume" => Some(Ask::Resume),
        "--conflicts" => Some(Ask::Conflicts),
        "--quit" => Some(Ask::Quit),
        _ => None,
    };
    arguments.into_iter().find_map(word).unwrap_or(Ask::Show)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(words: &[&str]) -> Ask {
        read(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn launcher_entries_say_it_in_one_word() {
        assert_eq!(asked(&["--hidden"]), Ask::Hidden);
        assert_eq!(asked(&["--conflicts"]), Ask::Conflicts);
        assert_eq!(asked(&["--quit"]), Ask::Quit);
    }

    #[test]
    fn without_a_word_that_is_known_a_person_started_it() {
        assert_eq!(asked(&[]), Ask::Show);
        assert_eq!(asked(&["-psn_0_12345"]), Ask::Show);
    }
}

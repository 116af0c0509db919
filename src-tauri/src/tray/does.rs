//! What choosing an entry of the menu or a button of a notification does.
//!
//! Only names it; whoever owns windows and engine carries it out.

use jiff::{Timestamp, ToSpan, Zoned, civil};

/// Something a person can ask for without a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// Opens the overview.
    ShowOverview,
    /// Opens the list of what happened.
    ShowActivity,
    /// Opens the list of issues.
    ShowIssues,
    /// Opens one issue.
    ShowIssue {
        /// Workspace id.
        workspace: String,
        /// Issue id.
        id: String,
    },
    /// Opens deletions that wait.
    ShowHeld {
        /// Id of the held deletion.
        id: String,
    },
    /// Opens the conflicts.
    ShowConflicts,
    /// Opens the settings.
    ShowSettings,
    /// Opens the wizard.
    Link,
    /// Opens the account that needs a sign-in.
    SignIn {
        /// Account id.
        account: String,
    },
    /// Opens the folder of a workspace.
    OpenFolder {
        /// Workspace id.
        workspace: String,
    },
    /// Shows a file in the file manager.
    ShowInFolder {
        /// Workspace id.
        workspace: String,
        /// Path below the workspace.
        path: String,
    },
    /// Keeps both versions of these conflicts.
    KeepBoth {
        /// Conflict ids.
        conflicts: Vec<String>,
    },
    /// Pauses everything.
    Pause(PauseFor),
    /// Resumes everything.
    Resume,
    /// Ends Lockstep.
    Quit,
}

/// How long a pause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PauseFor {
    /// 15 minutes.
    Quarter,
    /// An hour.
    Hour,
    /// Until tomorrow, 07:00.
    Tomorrow,
    /// Until somebody resumes.
    Open,
}

/// When a pause "until tomorrow" ends.
const MORNING: civil::Time = civil::time(7, 0, 0, 0);

impl PauseFor {
    /// Returns when such a pause ends; nothing when only a person ends it.
    pub fn ends(self, now: &Zoned) -> Option<Timestamp> {
        let end = match self {
            PauseFor::Quarter => now.checked_add(15.minutes()),
            PauseFor::Hour => now.checked_add(1.hour()),
            PauseFor::Tomorrow => now.tomorrow().and_then(|day| day.with().time(MORNING).build()),
            PauseFor::Open => return None,
        };
        // No calendar ends within a day of today.
        end.ok().map(|end| end.timestamp())
    }
}

//! What can be typed behind `lockstep`.
//!
//! Only shapes and help texts; what a command does lies in `commands`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Keeps local folders and Dropbox folders in step, both ways.
#[derive(Parser)]
#[command(name = "lockstep", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done, 1 error, 2 wrong usage, 3 done but something needs a person, \
                        4 not linked or sign-in needed, 5 another process owns this home.")]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Args)]
pub struct Global {
    /// Keep settings, state and logs below DIR instead of the user's folders
    #[arg(long, global = true, env = "LOCKSTEP_HOME", hide_env_values = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Show log lines of this level and above on standard error
    #[arg(long, global = true, value_enum, value_name = "LEVEL")]
    pub log: Option<LogLevel>,
    /// Print one JSON document, or one a line for streams
    #[arg(long, global = true)]
    pub json: bool,
    /// Print without colours
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Print results and errors only
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Subcommand)]
pub enum Command {
    /// Link, list and unlink Dropbox accounts
    #[command(subcommand)]
    Account(Account),
    /// Add, list, pause and remove workspaces: pairs of a local and a Dropbox folder
    #[command(subcommand)]
    Workspace(Workspace),
    /// Sync in the foreground until stopped
    Run,
    /// Sync until nothing is left to do, then exit
    Sync {
        /// Only this workspace
        id: Option<String>,
        /// Print what would be done, one step a line, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Show what is going on
    Status {
        /// Keep showing it
        #[arg(long)]
        watch: bool,
    },
    /// Show what changed, newest first, or undo some of it
    #[command(args_conflicts_with_subcommands = true)]
    Activity {
        #[command(subcommand)]
        action: Option<Activity>,
        /// At most this many entries
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
        /// Keep showing new entries
        #[arg(long)]
        follow: bool,
    },
    /// Show and resolve files that both sides changed
    Conflicts {
        #[command(subcommand)]
        action: Option<Conflicts>,
    },
    /// Show what does not sync and why
    Issues {
        #[command(subcommand)]
        action: Option<Issues>,
    },
    /// Show deletions that wait for a person, and decide
    Held {
        #[command(subcommand)]
        action: Option<Held>,
    },
    /// Show replaced and removed files that are kept here, put them back, or remove them for good
    Kept {
        #[command(subcommand)]
        action: Option<Kept>,
    },
    /// Show files and where they stand
    #[command(subcommand)]
    Files(Files),
    /// Show the versions of a file, newest first: Dropbox's and those kept on this computer
    #[command(after_help = VERSIONS_HELP)]
    Versions {
        #[command(flatten)]
        place: Place,
        /// At most this many of Dropbox's
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Make an old version of a file the newest, or bring a deleted file back
    #[command(after_help = RESTORE_HELP)]
    Restore {
        #[command(flatten)]
        place: Place,
        /// The version, as `lockstep versions` shows it
        #[arg(long, value_name = "R")]
        rev: String,
        /// Write a copy to FILE instead, which must not exist
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Print the link to a file or folder; makes one when there is none
    #[command(after_help = SHARE_HELP)]
    Share {
        #[command(flatten)]
        place: Place,
        /// End the link instead
        #[arg(long)]
        remove: bool,
    },
    /// Open a file or folder on dropbox.com in the browser; with --json print its address only
    Open {
        #[command(flatten)]
        place: Place,
    },
    /// Choose what of Dropbox is kept on this computer
    #[command(subcommand)]
    Select(Select),
    /// Compare every file with Dropbox; succeeds only when all are equal
    Verify {
        /// Only this workspace
        id: Option<String>,
        /// Also write the result into FILE, as JSON
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
    },
    /// Read and change settings
    #[command(subcommand)]
    Config(Config),
    /// Check what Lockstep needs on this computer
    Doctor,
    /// Write a report for whoever looks for a fault, without names of files, accounts or people
    #[command(after_help = REPORT_HELP)]
    Report {
        /// Where it goes, a zip; must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into DIR, one for each command
    #[command(hide = true)]
    Man {
        /// An existing folder
        dir: PathBuf,
    },
}

const REPORT_HELP: &str = "What is in it is listed before it is written. Files and folders are numbers in it; e-mail \
    addresses, account ids, tokens and texts of errors are left out. Have a look: it is plain text in a zip.";
const VERSIONS_HELP: &str = "Dropbox keeps versions for a time set by your plan (30 days on Basic, Plus and Family). \
    Replaced and removed files that are kept on this computer: lockstep kept.";
const RESTORE_HELP: &str = "The version becomes the newest at Dropbox and comes here by syncing; the present one stays \
    in the list. A file that was changed here meanwhile is a conflict: nothing of it is lost. A version that is kept \
    on this computer goes back to its place, or beside what stands there now.";
const SHARE_HELP: &str = "Anyone with the link can view the file or folder, unless the rules of your team say \
    otherwise. The app needs the permissions sharing.read and sharing.write.";

/// A file or folder, here or at Dropbox.
#[derive(Args)]
pub struct Place {
    /// A path in a synced folder of this computer, or a path at Dropbox, such as /Docs/a.txt. What can be both is the
    /// one on this computer; dropbox:/Docs/a.txt is always the one at Dropbox
    #[arg(value_name = "PATH")]
    pub path: String,
    /// Account id or e-mail address, for a path at Dropbox in no synced folder
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
}

#[derive(Subcommand)]
pub enum Files {
    /// List a folder, or one file: status, size, and when it was changed
    #[command(after_help = LS_HELP)]
    Ls {
        #[command(flatten)]
        place: Place,
    },
}

const LS_HELP: &str = "Status: synced (equal on both sides), waiting (differs and will be carried over), syncing \
    (on its way), conflict (waits for a decision), cannot sync (with the code of the issue), not here (only at \
    Dropbox, as chosen). A folder has the status of the most urgent thing in it.";

#[derive(Subcommand)]
pub enum Account {
    /// Link an account
    Link(Box<Link>),
    /// List linked accounts
    List,
    /// Revoke the sign-in and forget its secret; files stay
    Unlink {
        /// Account id (`dbid:…`)
        id: String,
    },
}

#[derive(Args)]
pub struct Link {
    /// App key from the App Console
    #[arg(long, value_name = "K")]
    pub app_key: String,
    /// App secret, for apps that need one; better given in the environment, where others cannot see it
    #[arg(long, env = "LOCKSTEP_APP_SECRET", hide_env_values = true, value_name = "S")]
    pub app_secret: Option<String>,
    /// Permissions to ask for, separated by spaces; all that the app has when left out
    #[arg(long, default_value = "", hide_default_value = true)]
    pub scope: String,
    /// Page to sign in at
    #[arg(long, value_name = "U")]
    pub authorize_url: Option<String>,
    /// Where codes become tokens
    #[arg(long, value_name = "U")]
    pub token_url: Option<String>,
    /// Where Dropbox sends the browser back to, exactly as in the App Console
    #[arg(long, value_name = "U")]
    pub redirect_url: Option<String>,
    /// Origin of calls without file content
    #[arg(long, value_name = "U")]
    pub api_url: Option<String>,
    /// Origin of uploads and downloads
    #[arg(long, value_name = "U")]
    pub content_url: Option<String>,
    /// Origin of the long poll
    #[arg(long, value_name = "U")]
    pub notify_url: Option<String>,
    /// How to sign in
    #[arg(long, value_enum, default_value_t = Method::Browser)]
    pub method: Method,
    /// Where the secret is kept [default: the setting `secret_store`]
    #[arg(long, value_enum)]
    pub secret_store: Option<SecretStore>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// Open the browser and listen on the redirect URL's port
    Browser,
    /// Print the address and read the code from standard input
    Paste,
    /// Read a refresh token from standard input
    RefreshToken,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum SecretStore {
    /// The keyring of the operating system
    Keyring,
    /// A file for its owner only; encrypted when LOCKSTEP_PASSPHRASE or a systemd credential is there
    File,
}

#[derive(Subcommand)]
pub enum Workspace {
    /// Keep a Dropbox folder and a local folder in step
    Add(Box<AddWorkspace>),
    /// List workspaces
    List,
    /// Forget a workspace; files stay on both sides
    Remove {
        /// Workspace id
        id: String,
    },
    /// Stop syncing for now
    Pause {
        /// Only this workspace
        id: Option<String>,
        /// Go on by itself at this time, such as 2026-01-31T15:30:00+01:00
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
    /// Go on syncing
    Resume {
        /// Only this workspace
        id: Option<String>,
    },
    /// Keep a workspace in another local folder from now on, and move everything there
    Move {
        /// Workspace id
        id: String,
        /// The new folder: missing, empty, or the known one that was moved already
        dir: PathBuf,
    },
    /// Set the index aside and compare both sides anew; nothing is deleted by that
    Rebuild {
        /// Workspace id
        id: String,
    },
}

#[derive(Args)]
pub struct AddWorkspace {
    /// Account id; may be left out when only one is linked
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// Folder at Dropbox, `/` for all of it; created when missing
    #[arg(long, value_name = "/PATH")]
    pub remote: String,
    /// Local folder; created when missing
    #[arg(long, value_name = "DIR")]
    pub local: PathBuf,
    /// Name to show
    #[arg(long, value_name = "N")]
    pub name: Option<String>,
    /// What to do when both sides change a file [default: the setting `on_conflict`]
    #[arg(long, value_enum)]
    pub on_conflict: Option<OnConflict>,
    /// File or folder below the Dropbox folder that is not kept here; may be repeated
    #[arg(long, value_name = "/SUB/FOLDER")]
    pub exclude: Vec<String>,
    /// Print what a first sync would do, and add nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum OnConflict {
    /// Hold the file until a person decides
    Ask,
    /// Keep both at once
    KeepBoth,
}

#[derive(Subcommand)]
pub enum Select {
    /// Show what is only at Dropbox, or how it stands with some paths
    Show {
        /// Workspace id
        id: String,
        /// Files and folders, as paths below the Dropbox folder
        #[arg(value_name = "/PATH")]
        paths: Vec<String>,
    },
    /// Keep files and folders here again: they are downloaded
    Include {
        /// Workspace id
        id: String,
        /// Files and folders, as paths below the Dropbox folder
        #[arg(required = true, value_name = "/PATH")]
        paths: Vec<String>,
    },
    /// Keep files and folders at Dropbox only: what is here of them goes to the kept files
    Exclude {
        /// Workspace id
        id: String,
        /// Files and folders, as paths below the Dropbox folder
        #[arg(required = true, value_name = "/PATH")]
        paths: Vec<String>,
        /// Leave what Dropbox does not have where it is, instead of uploading it first
        #[arg(long)]
        keep_unsynced: bool,
    },
}

#[derive(Subcommand)]
pub enum Activity {
    /// Undo one batch: what syncing did at one time, or a decision about a conflict
    Undo {
        /// Number of the batch, or WORKSPACE:NUMBER where several workspaces have one
        batch: String,
    },
}

#[derive(Subcommand)]
pub enum Conflicts {
    /// Show the versions of one conflict and how they differ
    Show {
        /// Conflict id
        id: String,
    },
    /// Decide about one conflict
    #[command(group(clap::ArgGroup::new("decision").required(true)))]
    Resolve {
        /// Conflict id
        id: String,
        /// Which version stays
        #[arg(long, value_enum, group = "decision")]
        keep: Option<Keep>,
        /// With `--keep both`: name of this computer's copy
        #[arg(long, value_name = "NAME", requires = "keep")]
        name: Option<String>,
        /// Replace both by the content of FILE
        #[arg(long, value_name = "FILE", group = "decision")]
        merged: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Keep {
    /// This computer's; Dropbox's stays in its version history
    Local,
    /// Dropbox's; this computer's goes to the trash
    Remote,
    /// Both; this computer's becomes a conflicted copy
    Both,
}

#[derive(Subcommand)]
pub enum Issues {
    /// Try again now
    Retry {
        /// Only this issue
        id: Option<String>,
    },
}

#[derive(Subcommand)]
pub enum Kept {
    /// Put files back where they stood, or beside what stands there now
    Restore {
        /// Ids of kept files
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Remove kept files for good
    Remove {
        /// Ids of kept files
        #[arg(required_unless_present = "older_than")]
        ids: Vec<String>,
        /// All that were replaced or removed so many days ago, or earlier
        #[arg(long, value_name = "DAYS", conflicts_with = "ids")]
        older_than: Option<u16>,
    },
}

#[derive(Subcommand)]
pub enum Held {
    /// Carry the deletions out on the other side, too
    Approve {
        /// Id of the held deletion
        id: String,
    },
    /// Bring the files back on the side where they were deleted
    Restore {
        /// Id of the held deletion
        id: String,
    },
}

#[derive(Subcommand)]
pub enum Config {
    /// Print one setting, or all
    Get {
        /// The setting
        key: Option<String>,
    },
    /// Change one setting
    Set {
        /// The setting
        key: String,
        /// Its value; the default when left out
        #[arg(allow_negative_numbers = true)]
        value: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}

//! Behaviour of the service that nobody could confirm: each has a name and both settings.
//!
//! The defaults are what was seen most often. A client must be right under all of them.

use serde::{Deserialize, Serialize};

/// All switches of a service; every field may be changed while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Inside a move, the feed tells of the new place before the old one is gone.
    pub adds_before_deletes: bool,
    /// The feed tells of each child of a deleted folder, not of the folder alone.
    pub children_of_deleted: bool,
    /// The feed tells of each child of a moved folder at its new path. Off is what only a client that
    /// follows ids survives.
    pub children_of_moved: bool,
    /// The feed tells of children before their parents.
    pub children_before_parents: bool,
    /// The feed tells everything twice.
    pub duplicate_entries: bool,
    /// Before each page comes an empty one with `has_more`.
    pub empty_pages: bool,
    /// Entries on a page when the call gave no limit.
    pub page_size: usize,
    /// A longpoll wakes for changes outside the folder of its cursor.
    pub longpoll_wakes_for_account: bool,
    /// What a longpoll asks to wait before the next, in seconds.
    pub longpoll_backoff_secs: Option<u32>,
    /// The most that the server adds to a longpoll's timeout, in seconds.
    pub longpoll_jitter_secs: u32,
    /// A longpoll with an `Authorization` header is a 400.
    pub longpoll_refuses_authorization: bool,
    /// A change of nothing but casing reaches the feed.
    pub case_changes_in_feed: bool,
    /// What a move to the same name in another casing does.
    pub case_only_move: CaseOnlyMove,
    /// `path_display` keeps the casing of parents as the writer wrote it.
    pub stale_parent_casing: bool,
    /// Overwriting a file keeps the casing of its name.
    pub overwrite_keeps_casing: bool,
    /// A file uploaded where one was deleted gets its id back.
    pub same_id_after_delete: bool,
    /// Files below a moved folder get new revs.
    pub new_revs_below_moved_folder: bool,
    /// `update` with `strict_conflict` over a deleted path answers `conflict/file`; off writes the file.
    pub strict_update_refuses_deleted: bool,
    /// What a conflicted copy is called.
    pub conflicted_copy: ConflictedCopy,
    /// `update` with `autorename` over a folder makes a conflicted copy; off numbers the name.
    pub folder_update_makes_conflicted_copy: bool,
    /// A `client_modified` in the future is set to now; off stores it as given.
    pub clamp_future_times: bool,
    /// Names beyond the Basic Multilingual Plane, most emoji, are `malformed_path`.
    pub refuse_non_bmp: bool,
    /// A name's 255 characters are UTF-16 units; off counts code points.
    pub names_count_utf16: bool,
    /// Office lock files, `~$x`, `.~x` and `~x.tmp`, are `disallowed_name`.
    pub refuse_office_names: bool,
    /// A lookup by a decomposed (NFD) path is `not_found`.
    pub refuse_decomposed_lookups: bool,
    /// Letters that came to Unicode after version 4.1 keep their case when folded.
    pub old_unicode_folding: bool,
    /// An impossible `Range` is a plain 416; off answers 409 `range/not_satisfiable`.
    pub plain_416: bool,
    /// How many times a new item is `not_found` to a move, or to a path relative to its id.
    pub new_item_misses: u32,
    /// Which batch calls answer with a job.
    pub batches: Batches,
    /// How many times a job is `in_progress` before it is complete.
    pub job_in_progress_answers: u32,
    /// A session can be finished again; off forgets it once committed.
    pub finished_sessions_stay: bool,
    /// The most files and folders that one delete takes.
    pub delete_limit: usize,
    /// The most files and folders that one move or copy takes.
    pub relocation_limit: usize,
    /// Plain accounts may not set passwords or expiry on links.
    pub basic_links_only: bool,
    /// Whether this account may make links at all.
    pub links: LinkRule,
    /// `shared_link_already_exists` comes with the link that is there; off answers the bare tag.
    pub existing_link_is_told: bool,
    /// `get_metadata` names the page that shows a file or folder, in `preview_url`.
    pub preview_urls: bool,
    /// An unknown app or wrong secret at the token endpoint is 401; off answers 400.
    pub invalid_client_is_401: bool,
}

/// What a move to the same name in another casing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseOnlyMove {
    /// 200, and the name stays as it was.
    Ignored,
    /// `to/conflict/…`.
    Conflict,
    /// The name changes.
    Done,
}

/// Whether an account may make links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkRule {
    /// It may.
    Allowed,
    /// `email_not_verified`.
    EmailNotVerified,
    /// `access_denied`: the rules of its team, or of a file.
    AccessDenied,
    /// `banned_member`.
    Banned,
}

/// What a conflicted copy is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictedCopy {
    /// `name (Jane Doe's conflicted copy).ext`.
    WithUser,
    /// `name (conflicted copy).ext`.
    Plain,
    /// `name (Jane Doe's conflicted copy 2024-05-01).ext`.
    WithDate,
}

/// Which batch calls answer with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Batches {
    /// As seen: deletes, moves and copies always, folders from 50 on.
    AsSeen,
    /// All of them.
    Jobs,
    /// None of them, unless forced.
    AtOnce,
}

impl Default for Switches {
    fn default() -> Self {
        Switches {
            adds_before_deletes: false,
            children_of_deleted: false,
            children_of_moved: true,
            children_before_parents: false,
            duplicate_entries: false,
            empty_pages: false,
            page_size: 500,
            longpoll_wakes_for_account: true,
            longpoll_backoff_secs: None,
            longpoll_jitter_secs: 90,
            longpoll_refuses_authorization: true,
            case_changes_in_feed: false,
            case_only_move: CaseOnlyMove::Ignored,
            stale_parent_casing: false,
            overwrite_keeps_casing: true,
            same_id_after_delete: false,
            new_revs_below_moved_folder: true,
            strict_update_refuses_deleted: true,
            conflicted_copy: ConflictedCopy::WithUser,
            folder_update_makes_conflicted_copy: true,
            clamp_future_times: false,
            refuse_non_bmp: true,
            names_count_utf16: true,
            refuse_office_names: false,
            refuse_decomposed_lookups: false,
            old_unicode_folding: true,
            plain_416: false,
            new_item_misses: 0,
            batches: Batches::AsSeen,
            job_in_progress_answers: 1,
            finished_sessions_stay: false,
            delete_limit: 10_000,
            relocation_limit: 10_000,
            basic_links_only: false,
            links: LinkRule::Allowed,
            existing_link_is_told: true,
            preview_urls: false,
            invalid_client_is_401: false,
        }
    }
}

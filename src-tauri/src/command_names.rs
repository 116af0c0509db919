// Every command that a window may call, in the order of the list in `bindings`. Included by the build
// script, which makes a permission of each; the capabilities say which window has which.
const COMMANDS: &[&str] = &[
    // Status.
    "snapshot",
    "activity",
    "retry",
    "pause",
    "resume",
    "sync_now",
    "restart_engine",
    "take_over",
    // Conflicts and held deletions.
    "conflicts",
    "resolve",
    "undo",
    "held_approve",
    "held_restore",
    // Workspaces.
    "workspace_add",
    "workspace_edit",
    "workspace_rebuild",
    "workspace_relocate",
    "workspace_remove",
    // Linking.
    "link_defaults",
    "link_check",
    "link_start",
    "link_code",
    "link_cancel",
    "link_state",
    "link_accept_other",
    "account_unlink",
    // Settings.
    "settings",
    "settings_set",
    "settings_reset",
    "notification_test",
    "diagnostics",
    "logs_open",
    // Windows and desktop.
    "show_window",
    "close_window",
    "quit",
    "choose_folder",
    "save_text",
    "open_path",
    "show_in_folder",
    "open_web",
    "open_url",
    "copy_text",
];

//! The list of all commands and events, and the TypeScript made from it.

use tauri_specta::{Builder, ErrorHandlingMode, collect_commands, collect_events};

use crate::{commands as c, dto};

/// Returns everything that windows may call and hear.
pub fn builder() -> Builder<tauri::Wry> {
    Builder::new()
        .error_handling(ErrorHandlingMode::Throw)
        .disable_serde_phases()
        .dangerously_cast_bigints_to_number()
        .commands(collect_commands![
            c::status::snapshot,
            c::status::activity,
            c::status::retry,
            c::status::pause,
            c::status::resume,
            c::status::sync_now,
            c::status::restart_engine,
            c::status::take_over,
            c::conflicts::conflicts,
            c::conflicts::conflict_content,
            c::conflicts::open_version,
            c::conflicts::resolve,
            c::conflicts::undo,
            c::conflicts::held_approve,
            c::conflicts::held_restore,
            c::kept::kept,
            c::kept::kept_restore,
            c::kept::kept_remove,
            c::workspaces::workspace_add,
            c::workspaces::workspace_edit,
            c::workspaces::workspace_rebuild,
            c::workspaces::workspace_relocate,
            c::workspaces::workspace_remove,
            c::workspaces::remote_folders,
            c::workspaces::remote_folder_create,
            c::workspaces::check_folder,
            c::workspaces::preview,
            c::workspaces::files,
            c::workspaces::rename_item,
            c::link::link_defaults,
            c::link::link_check,
            c::link::link_start,
            c::link::link_code,
            c::link::link_cancel,
            c::link::link_state,
            c::link::link_accept_other,
            c::link::account_unlink,
            c::settings::settings,
            c::settings::settings_set,
            c::settings::settings_reset,
            c::settings::proxy_test,
            c::settings::notification_test,
            c::settings::diagnostics,
            c::settings::database_check,
            c::settings::verify,
            c::settings::logs_open,
            c::desktop::show_window,
            c::desktop::close_window,
            c::desktop::quit,
            c::desktop::choose_folder,
            c::desktop::save_text,
            c::desktop::open_path,
            c::desktop::show_in_folder,
            c::files::versions,
            c::files::version_restore,
            c::files::select,
            c::files::version_save,
            c::files::share,
            c::files::unshare,
            c::files::open_web,
            c::desktop::open_url,
            c::desktop::copy_text,
        ])
        .events(collect_events![dto::SnapshotChanged, dto::LinkChanged, dto::Changed, dto::Navigate,])
        .typ::<dto::CallError>()
}

#[cfg(test)]
mod tests {
    use specta_typescript::Typescript;

    use super::*;

    /// First lines of the generated file.
    const HEADER: &str = "// Generated from src-tauri/src/dto and src-tauri/src/commands; never edited by hand.\n\
        // Written anew by: UPDATE_BINDINGS=1 cargo test -p lockstep-app --lib bindings\n/* eslint-disable */\n";

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/src/platform/bindings.ts");

    mod names {
        include!("command_names.rs");

        pub fn all() -> &'static [&'static str] {
            COMMANDS
        }
    }

    fn typescript() -> String {
        let dir = tempfile::tempdir().expect("temp dir");
        let file = dir.path().join("bindings.ts");
        builder().export(Typescript::default().header(HEADER), &file).expect("typescript");
        std::fs::read_to_string(file).expect("text")
    }

    #[test]
    fn bindings_are_current() {
        let now = typescript();
        if std::env::var_os("UPDATE_BINDINGS").is_some() {
            let mut file = std::fs::File::create(FILE).expect("file");
            std::io::Write::write_all(&mut file, now.as_bytes()).expect("written");
        }
        let there = std::fs::read_to_string(FILE).unwrap_or_default();
        assert!(
            there == now,
            "ui/src/platform/bindings.ts is stale; run UPDATE_BINDINGS=1 cargo test -p lockstep-app --lib bindings"
        );
    }

    #[test]
    fn every_command_has_a_permission_and_a_window_that_may_call_it() {
        let text = typescript();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/capabilities");
        let capabilities: String = std::fs::read_dir(folder)
            .expect("folder")
            .map(|file| std::fs::read_to_string(file.expect("entry").path()).expect("capability"))
            .collect();
        for name in names::all() {
            assert!(text.contains(&format!("(\"{name}\"")), "{name} is no command");
            let permission = format!("\"allow-{}\"", name.replace('_', "-"));
            assert!(capabilities.contains(&permission), "no window may call {name}");
        }
        assert_eq!(
            text.matches("__TAURI_INVOKE").count() - 1,
            names::all().len(),
            "a command has no permission"
        );
    }

    #[test]
    fn the_sign_in_window_and_remote_pages_have_no_capability() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/capabilities");
        for file in std::fs::read_dir(folder).expect("folder") {
            let text = std::fs::read_to_string(file.expect("entry").path()).expect("capability");
            let capability: serde_json::Value = serde_json::from_str(&text).expect("json");
            assert!(capability.get("remote").is_none(), "{text}");
            let windows = capability["windows"].as_array().expect("windows");
            let own = ["main", "wizard", "conflicts"];
            assert!(windows.iter().all(|label| own.iter().any(|own| label == own)), "{text}");
        }
    }
}

//! Every route that is served: how it is called, and which function answers.

use super::call::{Answer, Call, Style};
use super::envelope::Failure;
use super::{
    delete, download, export, folders, list_folder, longpoll, relocate, revisions, search, sessions, sharing,
    temporary_links, upload, users,
};

/// Every route that is served, and how it is called.
pub(crate) const ROUTES: &[(&str, Style)] = &[
    ("files/list_folder", Style::Rpc),
    ("files/list_folder/continue", Style::Rpc),
    ("files/list_folder/get_latest_cursor", Style::Rpc),
    ("files/list_folder/longpoll", Style::Rpc),
    ("files/get_metadata", Style::Rpc),
    ("files/list_revisions", Style::Rpc),
    ("files/restore", Style::Rpc),
    ("files/search_v2", Style::Rpc),
    ("files/search/continue_v2", Style::Rpc),
    ("files/create_folder_v2", Style::Rpc),
    ("files/create_folder_batch", Style::Rpc),
    ("files/create_folder_batch/check", Style::Rpc),
    ("files/delete_v2", Style::Rpc),
    ("files/delete_batch", Style::Rpc),
    ("files/delete_batch/check", Style::Rpc),
    ("files/move_v2", Style::Rpc),
    ("files/copy_v2", Style::Rpc),
    ("files/move_batch_v2", Style::Rpc),
    ("files/copy_batch_v2", Style::Rpc),
    ("files/move_batch/check_v2", Style::Rpc),
    ("files/copy_batch/check_v2", Style::Rpc),
    ("files/permanently_delete", Style::Rpc),
    ("files/upload_session/start_batch", Style::Rpc),
    ("files/upload_session/finish_batch_v2", Style::Rpc),
    ("files/upload_session/finish_batch", Style::Rpc),
    ("files/upload_session/finish_batch/check", Style::Rpc),
    ("files/get_temporary_link", Style::Rpc),
    ("files/get_temporary_upload_link", Style::Rpc),
    ("files/upload", Style::Upload),
    ("files/upload_session/start", Style::Upload),
    ("files/upload_session/append_v2", Style::Upload),
    ("files/upload_session/append_batch", Style::Upload),
    ("files/upload_session/finish", Style::Upload),
    ("files/download", Style::Download),
    ("files/download_zip", Style::Download),
    ("files/export", Style::Download),
    ("users/get_current_account", Style::Rpc),
    ("users/get_account", Style::Rpc),
    ("users/get_account_batch", Style::Rpc),
    ("users/get_space_usage", Style::Rpc),
    ("users/features/get_values", Style::Rpc),
    ("check/user", Style::Rpc),
    ("check/app", Style::Rpc),
    ("auth/token/revoke", Style::Rpc),
    ("sharing/create_shared_link_with_settings", Style::Rpc),
    ("sharing/modify_shared_link_settings", Style::Rpc),
    ("sharing/list_shared_links", Style::Rpc),
    ("sharing/revoke_shared_link", Style::Rpc),
    ("sharing/get_shared_link_metadata", Style::Rpc),
    ("sharing/get_shared_link_file", Style::Download),
];

/// Returns how a route is called, or nothing for an unknown one.
pub(crate) fn style(route: &str) -> Option<Style> {
    ROUTES.iter().find(|(name, _)| *name == route).map(|(_, style)| *style)
}

/// Answers a call.
pub(crate) async fn answer(call: Call) -> Answer {
    match call.route.clone().as_str() {
        "files/list_folder" => list_folder::list_folder(call),
        "files/list_folder/continue" => list_folder::list_on(call),
        "files/list_folder/get_latest_cursor" => list_folder::latest_cursor(call),
        "files/list_folder/longpoll" => longpoll::longpoll(call).await,
        "files/get_metadata" => list_folder::get_metadata(call),
        "files/upload" => upload::upload(call).await,
        "files/upload_session/start" => sessions::start(call).await,
        "files/upload_session/append_v2" => sessions::append(call).await,
        "files/upload_session/append_batch" => sessions::append_batch(call).await,
        "files/upload_session/finish" => sessions::finish(call).await,
        "files/upload_session/start_batch" => sessions::start_batch(call),
        "files/upload_session/finish_batch_v2" => sessions::finish_batch_v2(call),
        "files/upload_session/finish_batch" => sessions::finish_batch(call),
        "files/upload_session/finish_batch/check" => sessions::finish_batch_check(call),
        "files/download" => download::download(call).await,
        "files/download_zip" => download::download_zip(call).await,
        "files/export" => export::export(call).await,
        "files/create_folder_v2" => folders::create(call),
        "files/create_folder_batch" => folders::create_batch(call),
        "files/create_folder_batch/check" => folders::check(call),
        "files/delete_v2" => delete::delete(call),
        "files/delete_batch" => delete::delete_batch(call),
        "files/delete_batch/check" => delete::check(call),
        "files/permanently_delete" => {
            Err(Failure::BadRequest("Your API app is not allowed to call this function.".into()))
        }
        "files/move_v2" | "files/copy_v2" => relocate::relocate(call),
        "files/move_batch_v2" | "files/copy_batch_v2" => relocate::relocate_batch(call),
        "files/move_batch/check_v2" | "files/copy_batch/check_v2" => relocate::check(call),
        "files/list_revisions" => revisions::list_revisions(call),
        "files/restore" => revisions::restore(call),
        "files/search_v2" => search::search(call),
        "files/search/continue_v2" => search::search_on(call),
        "files/get_temporary_link" => temporary_links::get_link(call),
        "files/get_temporary_upload_link" => temporary_links::get_upload_link(call),
        "users/get_current_account" => users::get_current_account(call),
        "users/get_account" => users::get_account(call),
        "users/get_account_batch" => users::get_account_batch(call),
        "users/get_space_usage" => users::get_space_usage(call),
        "users/features/get_values" => users::features(call),
        "check/user" | "check/app" => users::echo(call),
        "auth/token/revoke" => users::revoke(call),
        "sharing/create_shared_link_with_settings" => sharing::create(call),
        "sharing/modify_shared_link_settings" => sharing::modify(call),
        "sharing/list_shared_links" => sharing::list(call),
        "sharing/revoke_shared_link" => sharing::revoke(call),
        "sharing/get_shared_link_metadata" => sharing::get_metadata(call),
        "sharing/get_shared_link_file" => sharing::get_file(call),
        route => Err(Failure::BadRequestExactly(format!("Unknown API function: /2/{route}"))),
    }
}

//! Every route that is served: how it is called, and which function answers.

use super::call::{Answer, Call, Style};
use super::envelope::Failure;
use super::{
    delete, download, export, folders, list_folder, longpoll, relocate, revisions, search, sessions,
    temporary_links, upload,
};

/// Returns how a route is called, or nothing for an unknown one.
pub(crate) fn style(route: &str) -> Option<Style> {
    let style = match route {
        "files/upload"
        | "files/upload_session/start"
        | "files/upload_session/append_v2"
        | "files/upload_session/append_batch"
        | "files/upload_session/finish" => Style::Upload,
        "files/download" | "files/download_zip" | "files/export" => Style::Download,
        "files/list_folder"
        | "files/list_folder/continue"
        | "files/list_folder/get_latest_cursor"
        | "files/list_folder/longpoll"
        | "files/get_metadata"
        | "files/list_revisions"
        | "files/restore"
        | "files/search_v2"
        | "files/search/continue_v2"
        | "files/create_folder_v2"
        | "files/create_folder_batch"
        | "files/create_folder_batch/check"
        | "files/delete_v2"
        | "files/delete_batch"
        | "files/delete_batch/check"
        | "files/move_v2"
        | "files/copy_v2"
        | "files/move_batch_v2"
        | "files/copy_batch_v2"
        | "files/move_batch/check_v2"
        | "files/copy_batch/check_v2"
        | "files/permanently_delete"
        | "files/upload_session/start_batch"
        | "files/upload_session/finish_batch_v2"
        | "files/upload_session/finish_batch"
        | "files/upload_session/finish_batch/check"
        | "files/get_temporary_link"
        | "files/get_temporary_upload_link" => Style::Rpc,
        _ => return None,
    };
    Some(style)
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
        route => Err(Failure::BadRequestExactly(format!("Unknown API function: /2/{route}"))),
    }
}

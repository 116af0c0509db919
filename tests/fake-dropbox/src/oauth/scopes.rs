//! Which permission each route asks for, and from whom.
//!
//! A table and nothing else: who holds which permission is decided in `grants`.
//!
//! Rule: a route that is not listed here asks for a signed-in user and no scope.

/// Every scope that an app can be given in the console.
pub const ALL: &[&str] = &[
    "account_info.read",
    "account_info.write",
    "files.metadata.read",
    "files.metadata.write",
    "files.content.read",
    "files.content.write",
    "files.permanent_delete",
    "sharing.read",
    "sharing.write",
    "file_requests.read",
    "file_requests.write",
    "contacts.read",
    "contacts.write",
    "openid",
    "email",
    "profile",
];

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// A person's access token as `Bearer`.
    User,
    /// The app itself, with key and secret as `Basic`.
    App,
    /// Either of the two.
    AppOrUser,
    /// Nobody: the route takes no `Authorization` at all.
    Nobody,
}

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Who may call.
    pub auth: Auth,
    /// The scope that the token, and the app in its console, must have.
    pub scope: Option<&'static str>,
}

/// Returns what a route (`files/upload`, without the `/2/`) asks of its caller.
pub fn access(route: &str) -> Access {
    Access { auth: auth(route), scope: scope(route) }
}

fn auth(route: &str) -> Auth {
    match route {
        "files/list_folder/longpoll" => Auth::Nobody,
        "check/app" => Auth::App,
        "files/list_folder"
        | "files/list_folder/continue"
        | "files/get_thumbnail_v2"
        | "sharing/get_shared_link_metadata"
        | "sharing/get_shared_link_file" => Auth::AppOrUser,
        _ => Auth::User,
    }
}

fn scope(route: &str) -> Option<&'static str> {
    let scope = match route {
        "files/list_folder/longpoll" | "check/app" | "auth/token/revoke" => return None,
        "files/list_folder"
        | "files/list_folder/continue"
        | "files/list_folder/get_latest_cursor"
        | "files/get_metadata"
        | "files/list_revisions"
        | "files/search_v2"
        | "files/search/continue_v2" => "files.metadata.read",
        "files/download"
        | "files/download_zip"
        | "files/export"
        | "files/get_preview"
        | "files/get_thumbnail"
        | "files/get_thumbnail_v2"
        | "files/get_thumbnail_batch"
        | "files/get_temporary_link"
        | "files/get_file_lock_batch" => "files.content.read",
        "files/permanently_delete" => "files.permanent_delete",
        "users/get_account" | "users/get_account_batch" => "sharing.read",
        "sharing/list_shared_links"
        | "sharing/get_shared_link_metadata"
        | "sharing/get_shared_link_file"
        | "sharing/list_folders"
        | "sharing/list_folders/continue"
        | "sharing/get_folder_metadata" => "sharing.read",
        _ if route.starts_with("files/tags/") => "files.metadata.write",
        _ if route.starts_with("files/") => "files.content.write",
        _ if route.starts_with("sharing/") => "sharing.write",
        _ if route.starts_with("users/") || route.starts_with("check/") => "account_info.read",
        _ => return None,
    };
    Some(scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_of_routes_asks_for_the_scope_of_the_specification() {
        let cases = [
            ("users/get_current_account", Some("account_info.read")),
            ("users/get_space_usage", Some("account_info.read")),
            ("check/user", Some("account_info.read")),
            ("files/list_folder", Some("files.metadata.read")),
            ("files/get_metadata", Some("files.metadata.read")),
            ("files/search_v2", Some("files.metadata.read")),
            ("files/download_zip", Some("files.content.read")),
            ("files/get_thumbnail_batch", Some("files.content.read")),
            ("files/upload_session/append_batch", Some("files.content.write")),
            ("files/move_batch/check_v2", Some("files.content.write")),
            ("files/restore", Some("files.content.write")),
            ("users/get_account_batch", Some("sharing.read")),
            ("sharing/revoke_shared_link", Some("sharing.write")),
            ("auth/token/revoke", None),
            ("files/list_folder/longpoll", None),
        ];
        for (route, expected) in cases {
            assert_eq!(access(route).scope, expected, "{route}");
        }
    }

    #[test]
    fn only_the_longpoll_takes_no_authorization() {
        assert_eq!(access("files/list_folder/longpoll").auth, Auth::Nobody);
        assert_eq!(access("check/app").auth, Auth::App);
        assert_eq!(access("files/list_folder/continue").auth, Auth::AppOrUser);
        assert_eq!(access("files/list_folder/get_latest_cursor").auth, Auth::User);
    }
}

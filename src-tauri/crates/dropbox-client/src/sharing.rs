//! Links that show a file or folder to whoever has them.
//!
//! Rule: one file has at most one link of an account; the one that is there is used before another is asked for.

use dropbox_sdk::types::sharing::{
    CreateSharedLinkWithSettingsArg, CreateSharedLinkWithSettingsError, ListSharedLinksArg,
    ListSharedLinksError, RevokeSharedLinkArg, RevokeSharedLinkError,
};
use serde::Deserialize;
use url::Url;

use crate::{
    client::Client,
    error::ClientError,
    http::{Call, CallError},
};

/// A link to a file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedLink {
    /// The address; `https`, or the same kind of address as the service's own.
    pub url: String,
    /// Whom it shows the file to.
    pub audience: LinkAudience,
    /// When it ends by itself, seconds since 1970.
    pub expires_secs: Option<i64>,
    /// This request made it; otherwise it was there before.
    pub is_new: bool,
}

/// Whom a link shows something to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkAudience {
    /// Everybody who has it.
    Anyone,
    /// Who knows its password, too.
    Password,
    /// Members of the team.
    Team,
    /// Only who may see the file anyway.
    Members,
    /// Dropbox did not say, or in a word that this version does not know.
    Unknown,
}

#[derive(Deserialize)]
struct LinkReply {
    url: String,
    expires: Option<String>,
    #[serde(default)]
    link_permissions: Permissions,
}

#[derive(Default, Deserialize)]
struct Permissions {
    resolved_visibility: Option<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    #[serde(rename = ".tag")]
    tag: String,
}

#[derive(Deserialize)]
struct LinksReply {
    links: Vec<LinkReply>,
}

impl Client {
    /// Returns the link of a file or folder itself, not of a folder above it; nothing when it has none.
    ///
    /// `NotFound` when nothing stands at the path or has the id.
    pub async fn link_of(&self, path: &str) -> Result<Option<SharedLink>, ClientError> {
        let argument = ListSharedLinksArg::default().with_path(path.to_owned()).with_direct_only(true);
        let call = Call::rpc("sharing/list_shared_links", &argument);
        let reply: LinksReply = self.json::<_, ListSharedLinksError>(&call).await?;
        reply.links.into_iter().next().map(|link| read(link, false)).transpose()
    }

    /// Returns the link of a file or folder, and makes one when it has none.
    ///
    /// Harmless to repeat: a second link is never made.
    pub async fn share(&self, path: &str) -> Result<SharedLink, ClientError> {
        if let Some(link) = self.link_of(path).await? {
            return Ok(link);
        }
        let argument = CreateSharedLinkWithSettingsArg::new(path.to_owned());
        let call = Call::rpc("sharing/create_shared_link_with_settings", &argument);
        match self.reply::<LinkReply, _>(&call).await {
            Ok(link) => read(link, true),
            // Somebody was faster, or our own answer was lost.
            Err(CallError::Route(CreateSharedLinkWithSettingsError::SharedLinkAlreadyExists(_))) => {
                self.link_of(path).await?.ok_or(ClientError::NotFound)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Ends a link; done when there is none at this address any more.
    pub async fn unshare(&self, url: &str) -> Result<(), ClientError> {
        let call = Call::rpc("sharing/revoke_shared_link", &RevokeSharedLinkArg::new(url.to_owned()));
        match self.reply::<(), _>(&call).await {
            Ok(()) | Err(CallError::Route(RevokeSharedLinkError::SharedLinkNotFound)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn read(reply: LinkReply, is_new: bool) -> Result<SharedLink, ClientError> {
    let odd = || ClientError::bad_reply("a link is no address of a web page");
    let url = Url::parse(&reply.url).map_err(|_| odd())?;
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return Err(odd());
    }
    let visibility = reply.link_permissions.resolved_visibility.map(|tag| tag.tag);
    let audience = match visibility.as_deref() {
        Some("public") => LinkAudience::Anyone,
        Some("password") => LinkAudience::Password,
        Some("team_only" | "team_and_password") => LinkAudience::Team,
        Some("shared_folder_only" | "no_one" | "only_you") => LinkAudience::Members,
        _ => LinkAudience::Unknown,
    };
    let expires = reply.expires.and_then(|time| time.parse::<jiff::Timestamp>().ok());
    Ok(SharedLink {
        url: url.into(),
        audience,
        expires_secs: expires.map(jiff::Timestamp::as_second),
        is_new,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(json: &str) -> Result<SharedLink, ClientError> {
        read(serde_json::from_str(json).expect("a link"), false)
    }

    #[test]
    fn a_link_says_whom_it_is_for_and_until_when() {
        let found = link(
            r#"{".tag":"file","url":"https://www.dropbox.com/scl/fi/k/a.txt?rlkey=r&dl=0","expires":"2026-12-31T00:00:00Z",
                "link_permissions":{"can_revoke":true,"resolved_visibility":{".tag":"password"}}}"#,
        )
        .expect("valid");
        assert_eq!(found.url, "https://www.dropbox.com/scl/fi/k/a.txt?rlkey=r&dl=0");
        assert_eq!((found.audience, found.expires_secs), (LinkAudience::Password, Some(1_798_675_200)));
        let bare = link(r#"{"url":"https://db.tt/x"}"#).expect("valid");
        assert_eq!((bare.audience, bare.expires_secs), (LinkAudience::Unknown, None));
    }

    #[test]
    fn what_is_no_web_page_is_no_link() {
        for url in ["javascript:alert(1)", "file:///etc/passwd", "not an address", "mailto:a@b"] {
            assert!(link(&format!(r#"{{"url":"{url}"}}"#)).is_err(), "{url}");
        }
    }
}

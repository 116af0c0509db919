//! Links to files and folders, and the pages that show them.
//!
//! Rule: what is meant is named by its id where it is known, so that a move on one side does not make it somebody
//! else's file.

use dropbox_client::{Client, ClientError, LinkAudience, SharedLink, web_address};
use sync_core::RemoteEntry;

use super::{Supervisor, from_client, places::Found, workspaces::bad};
use crate::{
    api::{CallError, Code, Place, ShareView, WebPage},
    core::{Standing, rfc3339},
};

impl Supervisor {
    pub(super) async fn share(&self, place: &Place) -> Result<ShareView, CallError> {
        let (found, standing, client) = self.shared_thing(place).await?;
        match client.share(&target(&found, &standing)).await {
            Ok(link) => Ok(view(link)),
            Err(error) => Err(self.explain(error, &found, &standing).await),
        }
    }

    /// Returns whether there was a link.
    pub(super) async fn unshare(&self, place: &Place) -> Result<bool, CallError> {
        let (found, standing, client) = self.shared_thing(place).await?;
        let ended = match client.link_of(&target(&found, &standing)).await {
            Ok(Some(link)) => client.unshare(&link.url).await.map(|()| true),
            Ok(None) => Ok(false),
            Err(error) => Err(error),
        };
        match ended {
            Ok(ended) => Ok(ended),
            Err(error) => Err(self.explain(error, &found, &standing).await),
        }
    }

    async fn shared_thing(&self, place: &Place) -> Result<(Found, Standing, Client), CallError> {
        let found = self.find(place)?;
        if found.remote.is_empty() {
            return Err(bad("All of Dropbox cannot be shared; name a file or folder in it.".into()));
        }
        let standing = self.standing(&found).await;
        let client = self.client_for(&found.account).await?;
        Ok((found, standing, client))
    }

    /// Without a connection, or without an address in Dropbox's answer, the page is found by the path.
    pub(super) async fn web_page(&self, place: &Place) -> Result<WebPage, CallError> {
        let found = self.find(place)?;
        let standing = self.standing(&found).await;
        let path = found.remote_path(&standing);
        if path.is_empty() {
            return Ok(WebPage { url: web_address("", true) });
        }
        let asked = match self.client_for(&found.account).await {
            Ok(client) => client.shown(&target(&found, &standing)).await.map_err(from_client),
            Err(error) => Err(error),
        };
        let url = match asked {
            Ok(Some((_, Some(page)))) => page,
            Ok(Some((entry, None))) => {
                // It may have been moved since it was looked at; else the spelling is the one that is shown here.
                let there = entry.path_lower();
                let path = if path.to_lowercase() == there { &path } else { there };
                web_address(path, matches!(entry, RemoteEntry::Folder(_)))
            }
            Ok(None) => return Err(self.explain(ClientError::NotFound, &found, &standing).await),
            Err(error) => match &standing.remote {
                Some(there) => web_address(&path, there.is_folder),
                None => return Err(error),
            },
        };
        Ok(WebPage { url })
    }

    /// Says why Dropbox does not know it, when that can be told.
    async fn explain(&self, error: ClientError, found: &Found, standing: &Standing) -> CallError {
        if error != ClientError::NotFound {
            return from_client(error);
        }
        let path = &found.remote;
        let text = match standing.remote.is_none() && self.stands_here(found).await {
            true => format!("{path} is not at Dropbox yet; try again when it is uploaded"),
            false => format!("there is nothing at {path} at Dropbox; look for it with: lockstep files ls"),
        };
        CallError::new(Code::NotFound, text)
    }
}

/// Names what is meant to Dropbox.
pub(super) fn target(found: &Found, standing: &Standing) -> String {
    let id = standing.remote.as_ref().and_then(|there| there.id.clone());
    id.unwrap_or_else(|| found.remote.clone())
}

fn view(link: SharedLink) -> ShareView {
    let audience = match link.audience {
        LinkAudience::Anyone => "anyone",
        LinkAudience::Password => "password",
        LinkAudience::Team => "team",
        LinkAudience::Members => "members",
        LinkAudience::Unknown => "unknown",
    };
    ShareView {
        url: link.url,
        audience: audience.into(),
        expires: link.expires_secs.map(rfc3339),
        created: link.is_new,
    }
}

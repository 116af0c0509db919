//! The client: its shared state, and the calls about the account itself.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use dropbox_sdk::types::users::{GetAccountArg, GetAccountError};
use secrecy::SecretString;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    endpoints::Endpoints,
    error::ClientError,
    http::{Call, CallError, Json, NoRouteError, Payload, Repeat, RouteError, Transport},
    options::{Credentials, Options},
    types::{Account, Space},
};

/// A linked account's way to Dropbox. Cheap to clone; clones share connections, token and pauses.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) transport: Transport,
    /// Held while a write takes effect: Dropbox lets one write into a namespace at a time and refuses the
    /// others. An async mutex, because it is held while Dropbox answers; that is its purpose.
    commits: Mutex<()>,
    /// Large uploads that are under way; they share memory.
    pub(crate) large_uploads: AtomicU64,
    pub(crate) mute: bool,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct AccountReply {
    account_id: String,
    email: String,
    name: NameReply,
    root_info: RootReply,
}

#[derive(Deserialize)]
struct NameReply {
    display_name: String,
}

#[derive(Deserialize)]
struct RootReply {
    root_namespace_id: String,
    home_namespace_id: String,
}

#[derive(Deserialize)]
struct SpaceReply {
    used: u64,
    allocation: AllocationReply,
}

#[derive(Deserialize)]
struct AllocationReply {
    /// Of the team, where there is one.
    used: Option<u64>,
    #[serde(default)]
    allocated: u64,
}

#[derive(Deserialize)]
struct EchoReply {
    result: String,
}

#[derive(Deserialize)]
struct OtherAccountReply {
    name: NameReply,
}

impl Client {
    /// Checks the settings and prepares connections; no request is made.
    pub fn new(
        endpoints: Endpoints,
        credentials: Credentials,
        options: Options,
    ) -> Result<Client, ClientError> {
        let urls = endpoints.urls().map_err(|error| ClientError::BadSettings(error.to_string()))?;
        let transport = Transport::new(urls, credentials, &options)?;
        let (commits, large_uploads) = (Mutex::new(()), AtomicU64::new(0));
        Ok(Client { shared: Arc::new(Shared { transport, commits, large_uploads, mute: options.mute }) })
    }

    /// Changes the limits for file content, in bytes a second; takes effect at once.
    pub fn set_limits(&self, upload: Option<u64>, download: Option<u64>) {
        self.shared.transport.up.set(upload);
        self.shared.transport.down.set(download);
    }

    /// Changes the proxy, as [`Options::proxy`] and [`Options::direct`] say it; takes effect at the next request.
    pub fn set_proxy(&self, proxy: Option<SecretString>, direct: bool) -> Result<(), ClientError> {
        self.shared.transport.set_proxy(proxy, direct)
    }

    /// Returns how long Dropbox asked all calls to wait, when it did.
    pub fn pause_remaining(&self) -> Option<Duration> {
        self.shared.transport.gate.remaining()
    }

    /// Returns whose Dropbox it is.
    pub async fn account(&self) -> Result<Account, ClientError> {
        let call = Call::rpc("users/get_current_account", &());
        let reply: AccountReply = self.json::<_, NoRouteError>(&call).await?;
        if reply.account_id.is_empty() {
            return Err(ClientError::bad_reply("the account has no id"));
        }
        Ok(Account {
            id: reply.account_id,
            email: reply.email,
            name: reply.name.display_name,
            root_namespace: reply.root_info.root_namespace_id,
            home_namespace: reply.root_info.home_namespace_id,
        })
    }

    /// Returns how full it is.
    pub async fn space(&self) -> Result<Space, ClientError> {
        let call = Call::rpc("users/get_space_usage", &());
        let reply: SpaceReply = self.json::<_, NoRouteError>(&call).await?;
        let used = reply.allocation.used.unwrap_or(reply.used);
        Ok(Space { used, allocated: reply.allocation.allocated })
    }

    /// Tells whether Dropbox answers and accepts the sign-in.
    pub async fn check(&self) -> Result<(), ClientError> {
        let call = Call::rpc("check/user", &json!({ "query": "lockstep" }));
        let reply: EchoReply = self.json::<_, NoRouteError>(&call).await?;
        match reply.result.as_str() {
            "lockstep" => Ok(()),
            _ => Err(ClientError::bad_reply("the echo is another word")),
        }
    }

    /// Ends the sign-in: refresh token and all access tokens of it. Done when it had ended before.
    pub async fn revoke(&self) -> Result<(), ClientError> {
        let call = Call::rpc("auth/token/revoke", &());
        let reply: Result<(), ClientError> = self.json::<_, NoRouteError>(&call).await;
        match reply {
            Err(ClientError::SignInNeeded(crate::AuthProblem::Revoked)) => Ok(()),
            other => other,
        }
    }

    /// Returns the name of another account, which changed a file in a shared folder.
    pub async fn account_name(&self, account_id: &str) -> Result<String, ClientError> {
        let call = Call::rpc("users/get_account", &GetAccountArg::new(account_id.to_owned()));
        let reply: OtherAccountReply = self.json::<_, GetAccountError>(&call).await?;
        Ok(reply.name.display_name)
    }

    /// Makes a call whose errors need no closer look.
    pub(crate) async fn json<R, E>(&self, call: &Call) -> Result<R, ClientError>
    where
        R: DeserializeOwned + Send,
        E: RouteError,
    {
        self.reply::<R, E>(call).await.map_err(ClientError::from)
    }

    /// Makes a call.
    pub(crate) async fn reply<R, E>(&self, call: &Call) -> Result<R, CallError<E>>
    where
        R: DeserializeOwned + Send,
        E: RouteError,
    {
        self.shared.transport.call::<Json<R>, E>(call).await.map(|Json(reply)| reply)
    }

    /// Waits for the right to write; see [`Shared::commits`].
    pub(crate) async fn commit_turn(&self) -> MutexGuard<'_, ()> {
        self.shared.commits.lock().await
    }
}

/// A call that writes and must not be sent again when it may have had its effect already.
pub(crate) fn write_once(route: &'static str, argument: &impl Serialize) -> Call {
    Call::rpc(route, argument).repeat(Repeat::IfUntouched)
}

/// A content of one piece.
pub(crate) fn one_piece(bytes: bytes::Bytes) -> Payload {
    Payload::new(vec![bytes])
}

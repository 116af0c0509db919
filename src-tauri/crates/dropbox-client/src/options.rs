//! What a client is built from.
//!
//! Reading settings and secrets belongs to the caller.

use std::{fmt, time::Duration};

use secrecy::SecretString;

/// Who the client is to Dropbox.
#[derive(Clone)]
pub struct Credentials {
    /// App key; public.
    pub app_key: String,
    /// App secret, when the app was linked with one.
    pub app_secret: Option<SecretString>,
    /// Becomes access tokens; valid until revoked.
    pub refresh_token: SecretString,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("app_key", &self.app_key).finish_non_exhaustive()
    }
}

/// How a client behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Sent with every request.
    pub user_agent: String,
    /// A certificate authority to trust beside the system's, as PEM.
    pub extra_root_certificate: Option<Vec<u8>>,
    /// URL of a proxy (`http://`, `https://`, `socks5://`, `socks5h://`); none for the system's. A secret,
    /// because it may hold a password. Addresses on this machine are never reached through a proxy.
    pub proxy: Option<SecretString>,
    /// Use no proxy, not even the system's.
    pub direct: bool,
    /// Uploads and downloads that may be under way at once.
    pub max_connections: usize,
    /// Bytes a second for file content on its way up; none for no limit.
    pub upload_limit: Option<u64>,
    /// Bytes a second for file content on its way down; none for no limit.
    pub download_limit: Option<u64>,
    /// What is tried again, and when.
    pub retry: RetryPolicy,
    /// Where the jitter of waiting times starts; equal seeds wait equally long.
    pub jitter_seed: u64,
    /// Ask Dropbox not to notify the account's other devices of uploads.
    pub mute: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            user_agent: concat!("Lockstep/", env!("CARGO_PKG_VERSION")).into(),
            extra_root_certificate: None,
            proxy: None,
            direct: false,
            max_connections: 12,
            upload_limit: None,
            download_limit: None,
            retry: RetryPolicy::default(),
            jitter_seed: 0,
            mute: true,
        }
    }
}

/// How often and how long a call is repeated before its error reaches the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all, the first one included; at least 1.
    pub attempts: usize,
    /// Waiting time before the second attempt; doubles each time. Jitter adds up to as much again.
    pub base_delay: Duration,
    /// Longest waiting time without jitter.
    pub max_delay: Duration,
    /// A longer Retry-After is not waited for here: the caller gets it as an error and decides.
    pub max_retry_after: Duration,
    /// A connection that carries nothing for this long is broken.
    pub stall: Duration,
}

impl Default for RetryPolicy {
    fn default() -> RetryPolicy {
        RetryPolicy {
            attempts: 6,
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            max_retry_after: Duration::from_secs(60),
            stall: Duration::from_secs(100),
        }
    }
}

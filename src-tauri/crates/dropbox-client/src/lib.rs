//! Dropbox over HTTP: sign-in, requests, replies, retries, limits, and where secrets are kept.
//!
//! It carries out single calls and says exactly what came of them; what should be called, and what an
//! answer means for the trees, is the `engine`'s to decide. It keeps no state but the access token and
//! the pause that Dropbox asked for.
//!
//! Rule: an answer is believed only after it was checked, and a write is repeated only if repeating it
//! cannot overwrite what somebody else wrote in between.
#![forbid(unsafe_code)]

mod api_error;
mod batch;
mod client;
mod download;
mod endpoints;
mod error;
mod http;
mod listing;
mod metadata;
mod options;
mod reach;
mod sharing;
mod structure;
mod tokens;
mod types;
mod upload;
mod web;

pub use client::Client;
pub use endpoints::{EndpointError, EndpointProblem, Endpoints};
pub use error::{AuthProblem, Class, ClientError, ConflictKind};
pub use options::{Credentials, Options, RetryPolicy};
pub use reach::{Reached, reach};
pub use secrecy::{ExposeSecret, SecretString};
pub use sharing::{LinkAudience, SharedLink};
pub use types::{
    Account, Commit, DeleteTarget, Download, History, Longpoll, Mode, Page, Progress, Session, SmallUpload,
    Space, UploadSource,
};
pub use web::web_address;

pub mod oauth;
pub mod secrets;

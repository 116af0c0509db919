//! A server that behaves like Dropbox, for tests and for the demo.
//!
//! One origin serves the API, the content, the notifications and the pages of OAuth. What it does is
//! what the service does, also where that is unhandy; what nobody could confirm about the service is a
//! switch. It is not a mock: it knows nothing of what its client expects.
//!
//! - `state`: one person's Dropbox as a pure state machine
//! - `oauth`, `http`: who may act, and how requests and answers look
//! - `faults`, `traffic`: what goes wrong on purpose, and the wire
//! - [`Control`]: what a test does behind the client's back
//!
//! Rule: an answer says what happened; what was answered has happened, also after a restart.

#![forbid(unsafe_code)]

pub mod clock;
pub mod content;
mod control;
mod control_wire;
mod disk;
pub mod faults;
mod http;
pub mod links;
pub mod oauth;
mod options;
mod persist;
mod sample;
mod serve;
mod service;
pub mod state;
pub mod switches;
pub mod traffic;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use anyhow::Context as _;

pub use control::Control;
pub use control_wire::Approval;
pub use disk::replace_file;
pub use faults::Fault;
pub use options::{Account, App, Options};
pub use switches::{Batches, LinkRule, Switches};
pub use traffic::WriteLock;

/// A running service; it stops when this is dropped.
pub struct FakeDropbox {
    control: Control,
    certificate_pem: Option<String>,
    refresh_token: String,
    _serving: serve::Serving,
}

impl FakeDropbox {
    /// Starts a service that listens on the loopback interface.
    ///
    /// Fails when the port is taken or the data folder cannot be read.
    pub async fn start(options: Options) -> anyhow::Result<FakeDropbox> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).context("the port is taken")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let tls = options.tls.then(serve::make_tls).transpose()?;
        // A certificate for a name, and an address for plain HTTP: both are loopback.
        let origin = match &tls {
            Some(_) => format!("https://localhost:{}", address.port()),
            None => format!("http://{address}"),
        };
        let service = Arc::new(service::Service::open(&options, origin)?);
        let refresh_token = service.provision()?;
        let serving = serve::serve(listener, tls.as_ref(), http::router(service.clone()))?;
        Ok(FakeDropbox {
            control: Control::new(service),
            certificate_pem: tls.map(|tls| tls.authority_pem),
            refresh_token,
            _serving: serving,
        })
    }

    /// Returns the origin, without a slash at the end.
    pub fn url(&self) -> String {
        self.control.url()
    }

    /// Returns the authority that a client must trust, when this is HTTPS.
    pub fn certificate_pem(&self) -> Option<String> {
        self.certificate_pem.clone()
    }

    /// Returns the refresh token of an offline grant of the first account to the first app.
    pub fn refresh_token(&self) -> String {
        self.refresh_token.clone()
    }

    /// Returns what acts behind the client's back.
    pub fn control(&self) -> &Control {
        &self.control
    }
}

//! Accepts connections, with or without TLS, until the server is dropped.
//!
//! Also breaks a connection when a response is marked with [`DropConnection`]: the client sees the
//! connection close and no answer.

use std::convert::Infallible;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::task::{Context, Poll};

use anyhow::Context as _;
use axum::body::Body;
use axum::response::Response;
use axum::{BoxError, Router};
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use bytes::Bytes;
use http::Request;
use http_body::Body as HttpBody;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tokio::task::JoinHandle;
use tower::{Service, ServiceExt, service_fn};

use crate::traffic::DropConnection;

/// The certificate that the server shows, and the authority that a client must trust.
pub struct Tls {
    config: RustlsConfig,
    /// The authority's certificate.
    pub authority_pem: String,
}

/// A server that is accepting; dropping it closes the port and every connection.
pub struct Serving {
    handle: Handle<SocketAddr>,
    task: JoinHandle<()>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.handle.shutdown();
        self.task.abort();
    }
}

/// Serves the router on a bound listener.
pub fn serve(listener: TcpListener, tls: Option<&Tls>, router: Router) -> anyhow::Result<Serving> {
    let handle = Handle::new();
    let server = axum_server::from_tcp(listener)?.handle(handle.clone());
    let make = service_fn(move |_: SocketAddr| {
        let service = MayDrop(router.clone());
        async move { Ok::<_, Infallible>(service) }
    });
    let config = tls.map(|tls| tls.config.clone());
    let task = tokio::spawn(async move {
        let result = match config {
            Some(config) => {
                let acceptor = RustlsAcceptor::new(config).acceptor(NoDelayAcceptor::new());
                server.acceptor(acceptor).serve(make).await
            }
            None => server.acceptor(NoDelayAcceptor::new()).serve(make).await,
        };
        if let Err(error) = result {
            tracing::error!(%error, "the server has stopped");
        }
    });
    Ok(Serving { handle, task })
}

/// Whom the certificate is for: this machine's loopback names, and those of the service, so that clients whose
/// addresses cannot be changed can be led here.
const NAMES: [&str; 7] = [
    "localhost",
    "127.0.0.1",
    "::1",
    "api.dropboxapi.com",
    "content.dropboxapi.com",
    "notify.dropboxapi.com",
    "www.dropbox.com",
];

/// Makes an authority and a certificate for [`NAMES`].
pub fn make_tls() -> anyhow::Result<Tls> {
    let authority = authority()?;
    let key = KeyPair::generate().context("a key for the server")?;
    let mut params = CertificateParams::new(NAMES.map(String::from))?;
    params.distinguished_name.push(DnType::CommonName, "fake-dropbox");
    let certificate = params.signed_by(&key, &authority)?;
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?,
        )?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = RustlsConfig::from_config(std::sync::Arc::new(config));
    Ok(Tls { config, authority_pem: authority.pem() })
}

fn authority() -> anyhow::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.distinguished_name.push(DnType::CommonName, "fake-dropbox authority");
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

/// The routes, and the one error that the router itself cannot have.
#[derive(Clone)]
struct MayDrop(Router);

/// The answer must not be sent.
#[derive(Debug, thiserror::Error)]
#[error("the connection was dropped on purpose")]
struct Dropped;

impl<B> Service<Request<B>> for MayDrop
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Dropped;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Dropped>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Dropped>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let answer = self.0.clone().oneshot(request.map(Body::new));
        Box::pin(async move {
            let response = answer.await.unwrap_or_else(|never| match never {});
            if response.extensions().get::<DropConnection>().is_some() { Err(Dropped) } else { Ok(response) }
        })
    }
}

//! Waits for the browser on a loopback redirect URL.
//!
//! Speaks just enough HTTP/1 to read one request line and show one page: a web server would be much
//! code for one answer.
//!
//! Rule: listens on this machine only, and an answer that belongs to no sign-in of ours is shown an error
//! and otherwise ignored: any web page can make a browser come here.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use oauth2::url::{Host, Url};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{Code, Link, LinkError, absolute, fields, is_answer};

/// Longest request head that is read. Browsers send cookies and the like along.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// A browser that connects but sends nothing (they do, in advance) must not block the next connection.
const HEAD_PATIENCE: Duration = Duration::from_secs(3);

const LINKED: &str = "Lockstep is linked. You can close this tab.";
const FAILED: &str = "Linking failed. Go back to Lockstep to see why.";

/// An open port that Dropbox's answer comes to. Closes when dropped.
#[derive(Debug)]
pub struct Loopback {
    listener: TcpListener,
    redirect: Url,
}

impl Loopback {
    /// Opens the port. Do this before opening the browser, so that a taken port is known in time.
    pub async fn bind(redirect_url: &str) -> Result<Loopback, LinkError> {
        let redirect = fields::redirect_url(redirect_url)?;
        let port = redirect.port().filter(|_| redirect.scheme() == "http").ok_or(LinkError::BadField {
            field: "redirect_url",
            why: "only http://127.0.0.1:PORT/ and http://localhost:PORT/ can be listened on".into(),
        })?;
        let ip = match redirect.host() {
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            // Browsers that try ::1 for localhost fall back to this.
            Some(Host::Domain(_)) | None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        match TcpListener::bind(SocketAddr::new(ip, port)).await {
            Ok(listener) => Ok(Loopback { listener, redirect }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(LinkError::PortInUse { port }),
            Err(error) => Err(LinkError::BadField {
                field: "redirect_url",
                why: format!("this machine cannot listen there: {error}"),
            }),
        }
    }

    /// Waits for the answer to this sign-in; give up by dropping the future.
    pub async fn wait(&self, link: &Link) -> Result<Code, LinkError> {
        loop {
            // A connection that breaks is as good as none: the browser comes again.
            let Ok((mut stream, _)) = self.listener.accept().await else { continue };
            let Ok(Some(target)) = timeout(HEAD_PATIENCE, read_target(&mut stream)).await else { continue };
            if let Some(answer) = self.judge(link, &mut stream, &target).await {
                return answer;
            }
        }
    }

    async fn judge(
        &self,
        link: &Link,
        stream: &mut TcpStream,
        target: &str,
    ) -> Option<Result<Code, LinkError>> {
        let Some(url) = absolute(&self.redirect, target).filter(is_answer) else {
            respond(stream, "404 Not Found", "There is nothing here.").await;
            return None;
        };
        match link.accept_redirect(url.as_str()) {
            Ok(code) => {
                respond(stream, "200 OK", LINKED).await;
                Some(Ok(code))
            }
            Err(LinkError::StateMismatch | LinkError::RedirectMismatch) => {
                respond(stream, "400 Bad Request", FAILED).await;
                None
            }
            Err(error) => {
                respond(stream, "200 OK", FAILED).await;
                Some(Err(error))
            }
        }
    }
}

/// Listens on the redirect URL of a sign-in and waits for its answer.
pub async fn wait_on_loopback(link: &Link) -> Result<Code, LinkError> {
    let url = link.redirect_url().ok_or(LinkError::RedirectMismatch)?;
    Loopback::bind(url).await?.wait(link).await
}

/// Reads a request head and returns the target of a GET.
async fn read_target(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let n = stream.read(&mut piece).await.ok()?;
        head.extend_from_slice(&piece[..n]);
        if n == 0 || head.len() > MAX_HEAD_BYTES {
            return None;
        }
    }
    let line = std::str::from_utf8(&head).ok()?.lines().next()?;
    let target = line.strip_prefix("GET ")?.split(' ').next()?;
    target.starts_with('/').then(|| target.to_owned())
}

async fn respond(stream: &mut TcpStream, status: &str, text: &str) {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Lockstep</title>\
         <body style=\"font-family:sans-serif;margin:4em auto;max-width:30em\"><h1>{text}</h1></body></html>"
    );
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n",
        page.len()
    );
    // The person has the answer already; a browser that hung up misses only the page.
    let sent = stream.write_all((head + &page).as_bytes()).await;
    tracing::debug!(ok = sent.is_ok(), "answered the browser");
    stream.shutdown().await.ok();
}

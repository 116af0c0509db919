//! Leads clients that know only Dropbox's own addresses to the fake service.
//!
//! A proxy that answers `CONNECT` for any host with a connection to one address. It carries bytes and reads none
//! of them: TLS is between the client and the service, whose certificate names Dropbox's hosts.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional_with_sizes},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Bytes carried at once, each way.
const BUFFER_BYTES: usize = 256 * 1024;

/// A running proxy; it stops when this is dropped.
pub struct Proxy {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    /// Starts one to the port of this computer.
    pub async fn to(port: u16) -> anyhow::Result<Proxy> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A client that goes away in the middle is its own affair.
                tokio::spawn(async move { carry(client, port).await.ok() });
            }
        });
        Ok(Proxy { address, accepting })
    }

    /// Returns where clients reach it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn carry(client: TcpStream, port: u16) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = BufReader::new(client);
    let mut line = String::new();
    // Whom it wants does not matter; the head of the request ends with an empty line.
    while client.read_line(&mut line).await? > 2 {
        line.clear();
    }
    let mut service = TcpStream::connect(("127.0.0.1", port)).await?;
    service.set_nodelay(true)?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional_with_sizes(&mut client, &mut service, BUFFER_BYTES, BUFFER_BYTES).await?;
    Ok(())
}

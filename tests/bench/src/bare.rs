//! The barest client there can be: a token, and calls one after the other. It checks nothing.

use std::{
    fs::File,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use reqwest::{Certificate, Client, Response, header::HeaderMap};
use serde_json::{Value, json};
use stories::World;

/// Bytes of one request; as large as Dropbox recommends, a multiple of the hash's blocks.
const PIECE_BYTES: usize = 64 * 1024 * 1024;

/// Entries on a page, as the program asks for them.
const PAGE_ENTRIES: u32 = 2000;

/// Talks to one service.
pub struct Bare {
    http: Client,
    url: String,
    token: String,
}

impl Bare {
    /// Gets a token.
    pub async fn new(world: &World) -> anyhow::Result<Bare> {
        let mut http = Client::builder().no_proxy().http1_only();
        if let Some(pem) = world.fake().certificate_pem() {
            http = http.add_root_certificate(Certificate::from_pem(pem.as_bytes())?);
        }
        let (http, url) = (http.build()?, world.url());
        let token = token(&http, world).await?["access_token"].as_str().context("a token")?.to_owned();
        Ok(Bare { http, url, token })
    }

    /// Sends this many bytes into an upload session; returns how long that took.
    pub async fn copy_up(&self, bytes: u64) -> anyhow::Result<Duration> {
        let piece = bytes::Bytes::from(crate::files::content(3, bytes.min(PIECE_BYTES as u64)));
        let start = Instant::now();
        let opened = self.upload("upload_session/start", &json!({}), bytes::Bytes::new()).await?;
        let reply: Value = serde_json::from_slice(&opened.bytes().await?)?;
        let mut offset = 0;
        while offset < bytes {
            let next = piece.slice(..piece.len().min((bytes - offset) as usize));
            let argument = json!({"cursor": {"session_id": reply["session_id"], "offset": offset}});
            offset += next.len() as u64;
            self.upload("upload_session/append_v2", &argument, next).await?;
        }
        Ok(start.elapsed())
    }

    /// Writes a file of the service to disk; returns how long that took.
    pub async fn copy_down(&self, path: &str, to: &Path) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let argument = json!({"path": path}).to_string();
        let request = self.http.post(format!("{}/2/files/download", self.url)).bearer_auth(&self.token);
        let mut answer = well(request.header("Dropbox-API-Arg", argument).send().await?).await?;
        let mut file = File::create(to)?;
        while let Some(piece) = answer.chunk().await? {
            file.write_all(&piece)?;
        }
        Ok(start.elapsed())
    }

    /// Lists everything; returns how long that took and how many entries there are.
    pub async fn list(&self) -> anyhow::Result<(Duration, usize)> {
        let start = Instant::now();
        let first = json!({"path": "", "recursive": true, "limit": PAGE_ENTRIES});
        let mut page = self.ask("list_folder", &first).await?;
        let mut count = 0;
        loop {
            count += page["entries"].as_array().map_or(0, Vec::len);
            if page["has_more"] != json!(true) {
                return Ok((start.elapsed(), count));
            }
            page = self.ask("list_folder/continue", &json!({"cursor": page["cursor"]})).await?;
        }
    }

    async fn ask(&self, route: &str, argument: &Value) -> anyhow::Result<Value> {
        let request = self.http.post(format!("{}/2/files/{route}", self.url)).bearer_auth(&self.token);
        let answer = well(request.json(argument).send().await?).await?;
        Ok(serde_json::from_slice(&answer.bytes().await?)?)
    }

    async fn upload(&self, route: &str, argument: &Value, body: bytes::Bytes) -> anyhow::Result<Response> {
        let request = self.http.post(format!("{}/2/files/{route}", self.url)).bearer_auth(&self.token);
        let mut headers = HeaderMap::new();
        headers.insert("Dropbox-API-Arg", argument.to_string().parse()?);
        headers.insert("Content-Type", "application/octet-stream".parse()?);
        well(request.headers(headers).body(body).send().await?).await
    }
}

/// Asks for an access token of the account; returns the whole answer.
pub async fn token(http: &Client, world: &World) -> anyhow::Result<Value> {
    let app = fake_dropbox::App::default();
    let form = [
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", world.fake().refresh_token()),
        ("client_id", app.key),
        ("client_secret", app.secret),
    ];
    let answer = well(http.post(format!("{}/oauth2/token", world.url())).form(&form).send().await?).await?;
    Ok(serde_json::from_slice(&answer.bytes().await?)?)
}

async fn well(answer: Response) -> anyhow::Result<Response> {
    let status = answer.status();
    ensure!(status.is_success(), "{status}: {}", answer.text().await?);
    Ok(answer)
}

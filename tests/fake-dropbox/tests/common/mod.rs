//! A running service and the smallest client that can talk to it; knows the protocol's three styles.
#![allow(dead_code, reason = "each test file uses a part")]

use fake_dropbox::{Control, FakeDropbox, Options};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

/// A service and a client that is signed in.
pub struct Dropbox {
    pub fake: FakeDropbox,
    pub http: reqwest::Client,
    pub token: String,
    key: String,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// Reads the body as JSON.
    pub fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json", "{}", self.text());
        serde_json::from_slice(&self.bytes).expect("JSON")
    }

    /// Reads the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Expects success and returns the result.
    pub fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text());
        self.json()
    }

    /// Expects a 409 and returns its error; the summary must be the path of its tags.
    pub fn error(&self) -> Value {
        assert_eq!(self.status, 409, "{}", self.text());
        let envelope = self.json();
        let summary = envelope["error_summary"].as_str().expect("a summary").trim_end_matches('.').to_owned();
        let tag = envelope["error"][".tag"].as_str().expect("a tag");
        assert!(summary.starts_with(tag) && summary.ends_with('/'), "{summary}");
        envelope["error"].clone()
    }

    /// Expects a 409 and returns its summary without the dots.
    pub fn summary(&self) -> String {
        self.error();
        let text = self.json()["error_summary"].as_str().expect("a summary").to_owned();
        text.trim_end_matches('.').trim_end_matches('/').to_owned()
    }

    /// Expects a 400 as plain text and returns it.
    pub fn bad_request(&self) -> String {
        assert_eq!(self.status, 400, "{}", self.text());
        assert_eq!(self.headers["content-type"], "text/plain; charset=utf-8");
        self.text()
    }

    /// Reads the metadata of a download.
    pub fn result(&self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text());
        serde_json::from_slice(self.headers["dropbox-api-result"].as_bytes()).expect("JSON in the header")
    }
}

impl Dropbox {
    pub async fn start() -> Dropbox {
        Dropbox::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Dropbox {
        let key = options.apps[0].key.clone();
        let fake = FakeDropbox::start(options).await.expect("a running service");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut dropbox = Dropbox { fake, http, key, token: String::new() };
        dropbox.refresh().await;
        dropbox
    }

    /// Takes a fresh access token.
    pub async fn refresh(&mut self) {
        let refresh = self.fake.refresh_token();
        let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("client_id", &self.key)];
        let request = self.http.post(format!("{}/oauth2/token", self.fake.url())).form(&form);
        self.token = read(request).await.ok()["access_token"].as_str().expect("a token").to_owned();
    }

    pub fn control(&self) -> &Control {
        self.fake.control()
    }

    fn post(&self, route: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}/2/{route}", self.fake.url()))
    }

    /// Calls a route with JSON.
    pub async fn rpc(&self, route: &str, arg: Value) -> Answer {
        let request = self.post(route).bearer_auth(&self.token);
        read(request.header("content-type", "application/json").body(arg.to_string())).await
    }

    /// Waits for news; this one route takes no token.
    pub async fn longpoll(&self, arg: Value) -> Answer {
        let request = self.post("files/list_folder/longpoll");
        read(request.header("content-type", "application/json").body(arg.to_string())).await
    }

    /// Calls an upload route of any kind.
    pub async fn send(&self, route: &str, arg: Value, bytes: impl Into<Vec<u8>>) -> Answer {
        let request = self.post(route).bearer_auth(&self.token).header("dropbox-api-arg", escaped(&arg));
        read(request.header("content-type", "application/octet-stream").body(bytes.into())).await
    }

    /// Calls `files/upload`.
    pub async fn upload(&self, arg: Value, bytes: impl Into<Vec<u8>>) -> Answer {
        self.send("files/upload", arg, bytes).await
    }

    /// Calls a download route.
    pub async fn fetch(&self, route: &str, arg: Value, range: Option<&str>) -> Answer {
        let mut request = self.post(route).bearer_auth(&self.token).header("dropbox-api-arg", escaped(&arg));
        if let Some(range) = range {
            request = request.header("range", range);
        }
        read(request).await
    }

    /// Downloads a whole file.
    pub async fn download(&self, path: &str) -> Answer {
        self.fetch("files/download", json!({"path": path}), None).await
    }

    /// Lists from a cursor to the end of what is known.
    pub async fn follow(&self, mut cursor: String) -> (Vec<Value>, String) {
        let mut entries = Vec::new();
        loop {
            let page = self.rpc("files/list_folder/continue", json!({"cursor": cursor})).await.ok();
            entries.extend(page["entries"].as_array().expect("entries").clone());
            cursor = page["cursor"].as_str().expect("a cursor").to_owned();
            if page["has_more"] == false {
                return (entries, cursor);
            }
        }
    }

    /// Lists from the beginning.
    pub async fn list(&self, arg: Value) -> (Vec<Value>, String) {
        let page = self.rpc("files/list_folder", arg).await.ok();
        let mut entries = page["entries"].as_array().expect("entries").clone();
        let cursor = page["cursor"].as_str().expect("a cursor").to_owned();
        if page["has_more"] == false {
            return (entries, cursor);
        }
        let (more, cursor) = self.follow(cursor).await;
        entries.extend(more);
        (entries, cursor)
    }

    /// Returns the cursor after everything, for the whole Dropbox.
    pub async fn cursor(&self) -> String {
        let arg = json!({"path": "", "recursive": true});
        let result = self.rpc("files/list_folder/get_latest_cursor", arg).await.ok();
        result["cursor"].as_str().expect("a cursor").to_owned()
    }
}

/// Writes an argument as a header takes it: UTF-16 escapes from U+007F on.
fn escaped(arg: &Value) -> String {
    let units =
        |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|u| format!("\\u{u:04x}")).collect::<String>();
    arg.to_string().chars().map(|c| if c < '\u{7f}' { c.to_string() } else { units(c) }).collect()
}

/// Sends a request and reads its answer to the end.
pub async fn read(request: reqwest::RequestBuilder) -> Answer {
    let reply = request.send().await.expect("an answer");
    let (status, headers) = (reply.status(), reply.headers().clone());
    Answer { status, headers, bytes: reply.bytes().await.expect("a body").to_vec() }
}

/// Returns tag and folded path of each entry, in short: `file /a`, `deleted /b`.
pub fn brief(entries: &[Value]) -> Vec<String> {
    let text = |entry: &Value, field: &str| entry[field].as_str().expect("a string").to_owned();
    entries.iter().map(|entry| format!("{} {}", text(entry, ".tag"), text(entry, "path_lower"))).collect()
}

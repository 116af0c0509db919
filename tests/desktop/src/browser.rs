//! A person in front of the windows: looks, clicks and types through WebKit's own driver.
//!
//! Things are found as a person finds them: a button by what is written on it, a field by its label.
//!
//! Rule: what is looked for is looked for until it is there, with a limit that only a hang reaches.

use std::{
    net::TcpListener,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    desktop::{Desktop, Killed},
    wait::{LOOK, in_time},
};

/// No single answer of the driver takes so long, unless something hangs.
const ANSWER: Duration = Duration::from_secs(30);

/// Nothing that a window is to show takes so long on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Key of an element in what the driver answers. Source: W3C WebDriver, 12.1.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Finds what can be pressed by what is written on it or what it is called, and fields by their labels.
const FIND: &str = r#"
const [kind, name] = arguments
const shown = (one) => one.checkVisibility() && !one.closest('[inert]')
// Names in a sentence stand between characters that are not seen.
const plain = (text) => text.replace(/[\u2066-\u2069]/g, '').replace(/\s+/g, ' ').trim()
const text = (one) => plain(one.getAttribute('aria-label') ?? one.innerText ?? '')
if (kind === 'field') {
  const label = [...document.querySelectorAll('label')].find((one) => shown(one) && text(one).startsWith(name))
  return label?.control ?? [...document.querySelectorAll('input, textarea, select')]
    .find((one) => shown(one) && text(one).startsWith(name)) ?? null
}
const all = 'button, a[href], [role=tab], [role=option], [role=radio], [role=treeitem], [role=menuitem], summary, label'
return [...document.querySelectorAll(all)].find((one) => shown(one) && !one.disabled && text(one) === name)
  ?? [...document.querySelectorAll(all)].find((one) => shown(one) && !one.disabled && text(one).startsWith(name))
  ?? null
"#;

/// The windows of one app; they go on when this is dropped.
pub struct Browser {
    http: reqwest::Client,
    session: String,
    _driver: Killed,
}

impl Browser {
    /// Looks at the windows of an app that was started with this inspector. One must be open, or come.
    pub async fn attach(desktop: &Desktop, inspector: u16) -> Browser {
        let port = free_port();
        let mut command = Command::new("WebKitWebDriver");
        desktop.around(&mut command);
        command
            .args([format!("--port={port}"), "--host=127.0.0.1".into()])
            .arg(format!("--target=127.0.0.1:{inspector}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let driver = Killed(command.spawn().expect("WebKitWebDriver starts; run: cargo xtask test"));
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER).build().expect("a client");
        let origin = format!("http://127.0.0.1:{port}");
        let wanted = json!({ "capabilities": { "alwaysMatch": { "browserName": "wry" } } });
        let mut again = tokio::time::interval(LOOK);
        let id = in_time("a session of the driver", async {
            loop {
                again.tick().await;
                // Nobody listens yet, or there is no window yet.
                let Ok(reply) = http.post(format!("{origin}/session")).json(&wanted).send().await else {
                    continue;
                };
                let reply: Value = reply.json().await.expect("the driver speaks JSON");
                if let Some(id) = reply["value"]["sessionId"].as_str() {
                    return id.to_owned();
                }
            }
        })
        .await;
        Browser { http, session: format!("{origin}/session/{id}"), _driver: driver }
    }

    /// Turns to the window whose address contains this.
    pub async fn turn_to(&self, address: &str) {
        self.until(&format!("a window at {address}"), async || {
            let handles = self.get("window/handles").await.ok()?;
            for handle in handles.as_array()? {
                self.post("window", json!({ "handle": handle })).await.ok()?;
                if self
                    .get("url")
                    .await
                    .is_ok_and(|url| url.as_str().is_some_and(|url| url.contains(address)))
                {
                    return Some(());
                }
            }
            None
        })
        .await;
    }

    /// Waits until this is to be read, and returns all that is.
    pub async fn reads(&self, text: &str) -> String {
        self.until(&format!("the text {text:?}"), async || {
            let all = self.text().await?;
            all.contains(text).then_some(all)
        })
        .await
    }

    /// Presses what this is written on.
    pub async fn press(&self, name: &str) {
        self.until(&format!("{name:?} to press"), async || {
            let element = self.find("button", name).await?;
            // Something may still lie over it, or it moves.
            self.post(&format!("element/{element}/click"), json!({})).await.ok().map(drop)
        })
        .await;
    }

    /// Presses what this is written on until there is something else to press. A window that is being placed
    /// may lose a click; a person clicks again.
    pub async fn press_until(&self, name: &str, next: &str) {
        self.until(&format!("{next:?} after {name:?} was pressed"), async || {
            if self.find("button", next).await.is_some() {
                return Some(());
            }
            let element = self.find("button", name).await?;
            // Waits for the page that it leads to.
            self.post(&format!("element/{element}/click"), json!({})).await.ok()?;
            None
        })
        .await;
    }

    /// Replaces what is in the field with this label.
    pub async fn fill(&self, label: &str, text: &str) {
        const ALL: &str = "\u{e009}a\u{e000}\u{e003}";
        let element =
            self.until(&format!("the field {label:?}"), async || self.find("field", label).await).await;
        for keys in [ALL, text].into_iter().filter(|keys| !keys.is_empty()) {
            let typed = self.post(&format!("element/{element}/value"), json!({ "text": keys })).await;
            typed.unwrap_or_else(|error| panic!("{label:?} takes no text: {error}"));
        }
    }

    /// Runs a piece of JavaScript in the page as the page itself could; the last argument takes its answer.
    pub async fn run(&self, script: &str, arguments: Value) -> Value {
        let call = json!({ "script": script, "args": arguments });
        self.post("execute/async", call).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    async fn text(&self) -> Option<String> {
        let call = json!({ "script": "return document.body?.innerText ?? ''", "args": [] });
        let text = self.post("execute/sync", call).await.ok()?;
        Some(text.as_str()?.replace(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'], ""))
    }

    async fn find(&self, kind: &str, name: &str) -> Option<String> {
        let call = json!({ "script": FIND, "args": [kind, name] });
        self.post("execute/sync", call).await.ok()?[ELEMENT].as_str().map(str::to_owned)
    }

    /// Looks again until there is an answer; tells what was on the page when there is none.
    async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let mut again = tokio::time::interval(LOOK);
        let found = async {
            loop {
                again.tick().await;
                if let Some(found) = look().await {
                    return found;
                }
            }
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(found) => found,
            Err(_) => panic!("no {what}; the page says: {}", self.text().await.unwrap_or_default()),
        }
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        answer(self.http.get(format!("{}/{path}", self.session))).await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, String> {
        answer(self.http.post(format!("{}/{path}", self.session)).json(&body)).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Value, String> {
    let reply = request.send().await.map_err(|error| error.to_string())?;
    let is_done = reply.status().is_success();
    let mut reply: Value = reply.json().await.map_err(|error| error.to_string())?;
    let value = reply["value"].take();
    if is_done { Ok(value) } else { Err(value["message"].to_string()) }
}

/// Returns a port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("BUG: it is bound").port()
}

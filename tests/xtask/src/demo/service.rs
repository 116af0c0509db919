//! The fake Dropbox as another process, and the person who uses it in a browser.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::trees::Tree;

/// Largest reply that is read: the whole tree as text.
const REPLY_MAX_BYTES: u64 = 256 << 20;

/// The app that is registered there, with the redirect URL that Lockstep offers.
const APP: &str = "demoappkey00001@http://127.0.0.1:53170/callback";

/// A running fake. Ends when dropped, and when this process ends: its standard input closes then.
pub struct Service {
    /// Origin of everything.
    pub url: String,
    /// Signs in with it.
    pub email: String,
    /// Signs in with it.
    pub password: String,
    /// Key of the registered app.
    pub app_key: String,
    child: Child,
    http: ureq::Agent,
}

impl Service {
    /// Starts the program with sample content, on a free port.
    pub fn start(program: &Path) -> anyhow::Result<Service> {
        let mut child = Command::new(program)
            .args(["--sample", "--exit-with-stdin", "--app", APP])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| program.display().to_string())?;
        let mut ready = String::new();
        BufReader::new(child.stdout.take().expect("BUG: standard output is piped")).read_line(&mut ready)?;
        let ready: Value = serde_json::from_str(&ready).context("the fake service did not start")?;
        let text = |name: &str| {
            let value = ready[name].as_str().map(str::to_owned);
            value.with_context(|| format!("the fake service names no {name}"))
        };
        let http = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
        Ok(Service {
            url: text("url")?,
            email: text("email")?,
            password: text("password")?,
            app_key: text("app_key")?,
            child,
            http,
        })
    }

    /// Does what a person does with the sign-in pages, and returns the code they show.
    pub fn allow(&self, authorize_url: &str) -> anyhow::Result<String> {
        self.http.get(authorize_url).call()?.body_mut().read_to_string()?;
        let sign_in = [("step", "sign_in"), ("email", &self.email), ("password", &self.password)];
        let (page, cookie) = self.submit(authorize_url, &sign_in, None)?;
        let token = attribute(&page, "name=\"t\" value=\"").context("the page asks for no consent")?;
        let decide = [("step", "decide"), ("t", &token), ("decision", "allow")];
        let (page, _) = self.submit(authorize_url, &decide, cookie)?;
        attribute(&page, "data-token=\"").context("the page shows no code")
    }

    fn submit(
        &self,
        url: &str,
        fields: &[(&str, &str)],
        cookie: Option<String>,
    ) -> anyhow::Result<(String, Option<String>)> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded");
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        let mut reply = request.send(form)?;
        let cookie = reply.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|value| value.split(';').next()).map(str::to_owned);
        Ok((reply.body_mut().read_to_string()?, cookie))
    }

    /// Returns everything in the account.
    pub fn tree(&self) -> anyhow::Result<Tree> {
        let reply = self.control("tree", json!({}))?;
        let entries = reply["tree"].as_object().context("the fake service shows no tree")?;
        let read = |(path, bytes): (&String, &Value)| {
            let bytes = bytes.as_str().map(|text| STANDARD.decode(text)).transpose()?;
            Ok((path.trim_start_matches('/').to_owned(), bytes))
        };
        Ok(Tree(entries.iter().map(read).collect::<anyhow::Result<_>>()?))
    }

    /// Saves a file as another device would.
    pub fn put(&self, path: &str, text: &str) -> anyhow::Result<()> {
        self.control("put", json!({ "path": path, "text": text })).map(drop)
    }

    /// Moves something as another device would.
    pub fn rename(&self, from: &str, to: &str) -> anyhow::Result<()> {
        self.control("rename", json!({ "from": from, "to": to })).map(drop)
    }

    /// Deletes something as another device would.
    pub fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.control("delete", json!({ "path": path })).map(drop)
    }

    fn control(&self, name: &str, fields: Value) -> anyhow::Result<Value> {
        let url = format!("{}/control/{name}", self.url);
        let mut reply =
            self.http.post(&url).header("content-type", "application/json").send(fields.to_string())?;
        let status = reply.status();
        let text = reply.body_mut().with_config().limit(REPLY_MAX_BYTES).read_to_string()?;
        if !status.is_success() {
            bail!("the fake service refused {name}: {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns what stands between `before` and the next quote.
fn attribute(page: &str, before: &str) -> Option<String> {
    let (_, rest) = page.split_once(before)?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

//! Proxies: one URL in the engine's file, separate fields in the windows.

use url::Url;

use crate::dto::{CallError, Proxy, ProxyServer};

/// What the engine's file says for "directly, whatever the system says".
const DIRECT: &str = "none";

/// Reads the engine's setting.
pub fn read(setting: &engine::settings::Proxy) -> Proxy {
    if setting.is_off() {
        return Proxy::None;
    }
    let Some(url) = setting.url().and_then(|url| Url::parse(url).ok()) else { return Proxy::System };
    let server = ProxyServer {
        host: url.host_str().unwrap_or_default().to_owned(),
        port: url.port_or_known_default().unwrap_or(1080),
        user: decoded(url.username()),
        has_password: url.password().is_some(),
    };
    if url.scheme().starts_with("socks5") { Proxy::Socks5(server) } else { Proxy::Http(server) }
}

/// Writes the engine's URL; nothing for the system's proxy. A password that is kept stays unless another
/// one, or another server, is given.
pub fn write(
    wanted: &Proxy,
    current: Option<&str>,
    password: Option<&str>,
) -> Result<Option<String>, CallError> {
    let (scheme, server) = match wanted {
        Proxy::System => return Ok(None),
        Proxy::None => return Ok(Some(DIRECT.to_owned())),
        Proxy::Http(server) => ("http", server),
        Proxy::Socks5(server) => ("socks5h", server),
    };
    let bad_host =
        || CallError::in_field("proxy", "Enter the name or address of the proxy, without http://.");
    let host = server.host.trim();
    if host.is_empty() || host.contains(['/', '@', '?', '#']) || host.contains(char::is_whitespace) {
        return Err(bad_host());
    }
    let mut url = Url::parse(&format!("{scheme}://{host}:{}", server.port)).map_err(|_| bad_host())?;
    let kept = || {
        let current = Url::parse(current?).ok()?;
        let is_same = current.host_str() == url.host_str() && decoded(current.username()) == server.user;
        (server.has_password && is_same).then(|| current.password().map(decoded)).flatten()
    };
    let password = password.map(str::to_owned).or_else(kept).filter(|password| !password.is_empty());
    url.set_username(&server.user).map_err(|()| bad_host())?;
    url.set_password(password.as_deref()).map_err(|()| bad_host())?;
    Ok(Some(url.into()))
}

fn decoded(text: &str) -> String {
    percent_decoded(text.as_bytes())
}

/// Undoes the escapes that a URL needs in a user name or password.
fn percent_decoded(mut bytes: &[u8]) -> String {
    let mut out = Vec::new();
    while let [first, rest @ ..] = bytes {
        let hex = rest.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                out.push(byte);
                bytes = &rest[2..];
            }
            None => {
                out.push(*first);
                bytes = rest;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

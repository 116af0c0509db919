//! Settings of one home, from `config.toml`.
//!
//! Reads, checks and edits the file; what a setting means is decided where it is used. A missing file
//! or key means the default.
//!
//! Rule: a file that cannot be understood is reported and left alone, never replaced.

use std::{
    fmt,
    io::{self, Write},
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::api::{ConflictPolicy, SecretStoreKind};

/// What a person may choose. Every field has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How long a file must rest before it is uploaded, in milliseconds.
    #[serde(deserialize_with = "debounce_ms")]
    pub debounce_ms: u64,
    /// How long a local deletion waits for the other half of a move, in milliseconds.
    #[serde(deserialize_with = "delete_delay_ms")]
    pub delete_delay_ms: u64,
    /// Files downloaded at once.
    #[serde(deserialize_with = "parallel")]
    pub parallel_downloads: u64,
    /// Large files uploaded at once.
    #[serde(deserialize_with = "parallel")]
    pub parallel_uploads: u64,
    /// Bytes a second to Dropbox; 0 for no limit.
    #[serde(deserialize_with = "bytes_per_second")]
    pub upload_limit: u64,
    /// Bytes a second from Dropbox; 0 for no limit.
    #[serde(deserialize_with = "bytes_per_second")]
    pub download_limit: u64,
    /// What a new workspace does when both sides change a file.
    pub on_conflict: ConflictPolicy,
    /// Days that replaced and removed files are kept on this computer which Dropbox has, too; 0 for always.
    #[serde(deserialize_with = "kept_days")]
    pub kept_days: u64,
    /// Name of this computer in conflicted copies; empty for the host name.
    #[serde(deserialize_with = "device_name")]
    pub device_name: String,
    /// How long one long-poll waits, in seconds; Dropbox accepts 30 to 480.
    #[serde(deserialize_with = "longpoll_secs")]
    pub longpoll_secs: u64,
    /// Where the secrets of a new account go.
    pub secret_store: SecretStoreKind,
    /// Proxy to reach Dropbox through; empty for the system's, `none` for none at all.
    pub proxy: Proxy,
    /// When deletions wait for a person. Last, because TOML wants tables after plain values.
    pub guard: Guard,
}

/// When deletions wait for a person: at this many files, or at this share of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Guard {
    /// Number of files in one pass.
    #[serde(deserialize_with = "guard_files")]
    pub files: u64,
    /// Share of the files of a workspace, in percent.
    #[serde(deserialize_with = "guard_percent")]
    pub percent: u64,
}

/// URL of a proxy; empty for the system's, `none` for none at all. May hold a password, so `Debug` does not show
/// it; `proxy_password` keeps it out of the file.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Proxy(String);

impl Proxy {
    /// Returns the URL, when one is set.
    pub fn url(&self) -> Option<&str> {
        (!self.0.is_empty() && !self.is_off()).then_some(self.0.as_str())
    }

    /// Tells whether no proxy is to be used, not even the system's.
    pub fn is_off(&self) -> bool {
        self.0 == "none"
    }
}

impl From<String> for Proxy {
    fn from(url: String) -> Proxy {
        Proxy(url)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "set" })
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            debounce_ms: 1000,
            delete_delay_ms: 3000,
            parallel_downloads: 6,
            parallel_uploads: 4,
            upload_limit: 0,
            download_limit: 0,
            on_conflict: ConflictPolicy::KeepBoth,
            kept_days: 30,
            device_name: String::new(),
            longpoll_secs: 300,
            secret_store: SecretStoreKind::Keyring,
            proxy: Proxy::default(),
            guard: Guard::default(),
        }
    }
}

impl Default for Guard {
    fn default() -> Guard {
        Guard { files: 100, percent: 25 }
    }
}

/// Why settings cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file exists but cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The settings file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line of the file is no TOML, names no setting, or has a value that is not allowed.
    #[error("{path}, line {line}, {key:?}: {why}; correct the line or remove it")]
    Invalid {
        /// The settings file.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// What stands before the equals sign there.
        key: String,
        /// What is wrong and what is allowed.
        why: String,
    },
    /// No setting has this key.
    #[error("there is no setting {key:?}; settings are {}", KEYS.join(", "))]
    UnknownKey {
        /// The key asked for.
        key: String,
    },
    /// The value is not allowed for this key.
    #[error("{key} cannot be {value:?}: {why}")]
    BadValue {
        /// The setting.
        key: String,
        /// The value asked for; not that of `proxy`, which may hold a password.
        value: String,
        /// What is allowed.
        why: String,
    },
    /// The file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The settings file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// All keys, as `config get` and `config set` take them.
pub const KEYS: [&str; 14] = [
    "debounce_ms",
    "delete_delay_ms",
    "parallel_downloads",
    "parallel_uploads",
    "upload_limit",
    "download_limit",
    "on_conflict",
    "kept_days",
    "device_name",
    "longpoll_secs",
    "secret_store",
    "proxy",
    "guard.files",
    "guard.percent",
];

impl Settings {
    /// Reads the file; a missing one gives the defaults.
    pub fn load(path: &Path) -> Result<Settings, SettingsError> {
        Settings::parse(path, &read(path)?)
    }

    fn parse(path: &Path, text: &str) -> Result<Settings, SettingsError> {
        toml::from_str(text).map_err(|error| invalid(path, text, error.span(), error.message()))
    }

    /// Returns the value of one key as it would stand in the file, without quotes.
    pub fn get(&self, key: &str) -> Result<toml::Value, SettingsError> {
        let all = toml::Value::try_from(self).expect("BUG: settings are plain TOML");
        key.split('.')
            .try_fold(&all, |value, part| value.get(part))
            .filter(|_| KEYS.contains(&key))
            .cloned()
            .ok_or_else(|| SettingsError::UnknownKey { key: key.to_owned() })
    }

    /// Sets one key in the file, or takes it out so that the default holds. Comments and order stay.
    ///
    /// The file is replaced whole, and only when the outcome can be read back.
    pub fn set(path: &Path, key: &str, value: Option<&str>) -> Result<Settings, SettingsError> {
        let text = read(path)?;
        let current = Settings::parse(path, &text)?;
        let is_number = current.get(key)?.is_integer();
        let changed = edit(path, &text, key, value.map(|value| typed(key, value, is_number)).transpose()?)?;
        let settings = toml::from_str(&changed).map_err(|error| SettingsError::BadValue {
            key: key.to_owned(),
            value: if key == "proxy" { "…" } else { value.unwrap_or_default() }.to_owned(),
            why: error.message().to_owned(),
        })?;
        replace(path, &changed).map_err(|source| SettingsError::Write { path: path.into(), source })?;
        Ok(settings)
    }
}

fn read(path: &Path) -> Result<String, SettingsError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(SettingsError::Read { path: path.into(), source }),
    }
}

fn typed(key: &str, value: &str, is_number: bool) -> Result<toml_edit::Value, SettingsError> {
    if !is_number {
        return Ok(value.into());
    }
    value.trim().parse::<i64>().map(Into::into).map_err(|_| SettingsError::BadValue {
        key: key.to_owned(),
        value: value.to_owned(),
        why: "a whole number is needed".to_owned(),
    })
}

fn edit(
    path: &Path,
    text: &str,
    key: &str,
    value: Option<toml_edit::Value>,
) -> Result<String, SettingsError> {
    let mut document: toml_edit::DocumentMut =
        text.parse().map_err(|e: toml_edit::TomlError| invalid(path, text, e.span(), e.message()))?;
    let (table, leaf) = match key.split_once('.') {
        Some((table, leaf)) => (child_table(&mut document, table), leaf),
        None => (document.as_table_mut() as &mut dyn toml_edit::TableLike, key),
    };
    match (value, table.get_mut(leaf).and_then(|item| item.as_value_mut())) {
        (Some(mut value), Some(old)) => {
            // A comment behind the old value is its decoration.
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        (Some(value), None) => {
            table.insert(leaf, toml_edit::value(value));
        }
        (None, _) => {
            table.remove(leaf);
        }
    }
    Ok(document.to_string())
}

fn child_table<'a>(document: &'a mut toml_edit::DocumentMut, name: &str) -> &'a mut dyn toml_edit::TableLike {
    let item = document.entry(name).or_insert_with(toml_edit::table);
    item.as_table_like_mut().expect("BUG: the file was read with a table or nothing at this name")
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link (people keep settings in a repository) stays a link.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

fn invalid(path: &Path, text: &str, span: Option<std::ops::Range<usize>>, why: &str) -> SettingsError {
    let start = span.map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..start].iter().filter(|&&b| b == b'\n').count();
    let shown = text.lines().nth(line).unwrap_or_default();
    // Only the key: what follows may be the address of a proxy with its password, also where the equals sign is
    // missing.
    let is_key = |c: &char| c.is_alphanumeric() || "_-.".contains(*c);
    let key = shown.trim_start().chars().take_while(is_key).collect();
    SettingsError::Invalid { path: path.into(), line: line + 1, key, why: why.replace('\n', ", ") }
}

fn within<'de, D: Deserializer<'de>>(d: D, range: RangeInclusive<u64>) -> Result<u64, D::Error> {
    let value = i64::deserialize(d)?;
    u64::try_from(value).ok().filter(|value| range.contains(value)).ok_or_else(|| {
        D::Error::custom(format!("{value} is not allowed, {} to {} is", range.start(), range.end()))
    })
}

fn debounce_ms<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    within(d, 200..=10_000)
}

fn delete_delay_ms<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    within(d, 0..=600_000)
}

fn parallel<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    within(d, 1..=12)
}

fn kept_days<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    within(d, 0..=3650)
}

fn longpoll_secs<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    within(d, 30..=480)
}

fn guard_files<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    within(d, 10..=100_000)
}

fn guard_percent<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    within(d, 5..=100)
}

fn bytes_per_second<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    // A kibibyte a second is slower than any line, and still finishes a small file.
    match within(d, 0..=u64::MAX >> 1)? {
        value @ 1..1024 => Err(D::Error::custom(format!(
            "{value} is not allowed, 0 (no limit) or at least 1024 bytes a second is"
        ))),
        value => Ok(value),
    }
}

fn device_name<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    let name = String::deserialize(d)?;
    let usable =
        name.chars().count() <= 60 && !name.chars().any(|c| c.is_control() || r#"/\:*?"<>|"#.contains(c));
    if usable {
        Ok(name)
    } else {
        Err(D::Error::custom(r#"at most 60 characters are allowed, and none of / \ : * ? " < > |"#))
    }
}

impl<'de> Deserialize<'de> for Proxy {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Proxy, D::Error> {
        let url = String::deserialize(d)?;
        let known = ["http://", "https://", "socks5://", "socks5h://"];
        if url.is_empty()
            || url == "none"
            || known.iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
        {
            Ok(Proxy(url))
        } else {
            Err(D::Error::custom(
                "http://, https://, socks5:// or socks5h:// with a host is allowed, or none",
            ))
        }
    }
}

#[cfg(test)]
mod tests;

//! Shared links: which address shows what to whom.
//!
//! Knows the id of the file or folder and nothing else of it; what is there now is asked of the
//! account. A link follows its file through moves and dies with it.
//!
//! Rule: one file has at most one link of an account.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::disk::replace_file;
use crate::oauth::Mint;

/// All links of a service.
#[derive(Clone, Serialize, Deserialize)]
pub struct Links {
    /// By the part of the address that is the link's own.
    by_key: BTreeMap<String, Link>,
    mint: Mint,
}

/// One link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Unique; stands in the address.
    pub key: String,
    /// Stands in the address as `rlkey`.
    pub resource_key: String,
    /// Who made it.
    pub account_id: String,
    /// The `id:…` of the file or folder.
    pub target: String,
    /// Whether the target was a folder: its address differs.
    pub is_folder: bool,
    /// The name at the time of making; stands in the address.
    pub name: String,
    /// Who may use it and how.
    pub settings: LinkSettings,
}

/// Who may use a link and how.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSettings {
    /// Only with this password.
    pub password: Option<String>,
    /// Until then, in seconds since 1970.
    pub expires: Option<i64>,
    /// Who may use it at all.
    pub audience: LinkAudience,
    /// Whether the page offers a download.
    pub allow_download: bool,
}

/// Who may use a link at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkAudience {
    /// Everybody who has it.
    Public,
    /// Members of the team.
    Team,
    /// Nobody beyond those who have access anyway.
    NoOne,
}

impl Default for LinkSettings {
    fn default() -> Self {
        LinkSettings { password: None, expires: None, audience: LinkAudience::Public, allow_download: true }
    }
}

impl Links {
    /// Starts without any link.
    pub fn new(seed: u64) -> Links {
        Links { by_key: BTreeMap::new(), mint: Mint::new(seed ^ 0x11_4b) }
    }

    /// Makes a link, or returns the one that is there as an error.
    pub fn create(
        &mut self,
        account_id: &str,
        target: &str,
        name: &str,
        is_folder: bool,
        settings: LinkSettings,
    ) -> Result<Link, Box<Link>> {
        if let Some(existing) = self.of_target(account_id, target) {
            return Err(Box::new(existing.clone()));
        }
        let link = Link {
            key: self.mint.draw(22),
            resource_key: self.mint.draw(25).to_lowercase(),
            account_id: account_id.into(),
            target: target.into(),
            is_folder,
            name: name.into(),
            settings,
        };
        self.by_key.insert(link.key.clone(), link.clone());
        Ok(link)
    }

    /// Returns the links of an account in the order of their keys.
    pub fn of_account<'a>(&'a self, account_id: &'a str) -> impl Iterator<Item = &'a Link> {
        self.by_key.values().filter(move |link| link.account_id == account_id)
    }

    /// Returns the link of a file or folder.
    pub fn of_target(&self, account_id: &str, target: &str) -> Option<&Link> {
        self.by_key.values().find(|link| link.account_id == account_id && link.target == target)
    }

    /// Returns the link with this address; its `dl` and other parameters do not matter.
    pub fn at(&self, address: &str) -> Option<&Link> {
        let address = url::Url::parse(address).ok()?;
        let mut segments = address.path_segments()?;
        let (scl, kind, key) = (segments.next()?, segments.next()?, segments.next()?);
        let link = self.by_key.get(key)?;
        let rlkey = address.query_pairs().find(|(name, _)| name == "rlkey")?.1;
        (scl == "scl" && kind == link.kind() && rlkey == link.resource_key).then_some(link)
    }

    /// Changes who may use a link and how.
    pub fn modify(&mut self, key: &str, settings: LinkSettings) -> Option<Link> {
        let link = self.by_key.get_mut(key)?;
        link.settings = settings;
        Some(link.clone())
    }

    /// Ends a link.
    pub fn revoke(&mut self, key: &str) {
        self.by_key.remove(key);
    }
}

impl Link {
    /// Returns the address at which the service shows it, below its own origin.
    pub fn address(&self, origin: &str) -> String {
        let mut name = String::new();
        for part in url::form_urlencoded::byte_serialize(self.name.as_bytes()) {
            name.push_str(part);
        }
        format!("{origin}/scl/{}/{}/{name}?rlkey={}&dl=0", self.kind(), self.key, self.resource_key)
    }

    /// Tells whether its time has passed.
    pub fn is_expired(&self, now_secs: i64) -> bool {
        self.settings.expires.is_some_and(|at| at <= now_secs)
    }

    fn kind(&self) -> &'static str {
        if self.is_folder { "fo" } else { "fi" }
    }
}

/// The links of a running service, on disk when the service keeps data.
pub struct LinkStore {
    links: Mutex<Links>,
    /// Nothing means memory.
    file: Option<PathBuf>,
}

impl LinkStore {
    /// Opens the store; reads the links of an earlier run when there is a file.
    pub fn open(seed: u64, file: Option<PathBuf>) -> anyhow::Result<LinkStore> {
        let links = match file.as_deref().map(std::fs::read) {
            Some(Ok(bytes)) => serde_json::from_slice(&bytes)?,
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => Links::new(seed),
        };
        Ok(LinkStore { links: Mutex::new(links), file })
    }

    /// Looks at the links.
    pub fn read<T>(&self, look: impl FnOnce(&Links) -> T) -> T {
        look(&self.links.lock().expect("BUG: nothing panics while it holds the links"))
    }

    /// Changes the links, and puts them on disk before it returns.
    pub fn change<T>(&self, change: impl FnOnce(&mut Links) -> T) -> io::Result<T> {
        let mut links = self.links.lock().expect("BUG: nothing panics while it holds the links");
        let result = change(&mut links);
        if let Some(file) = &self.file {
            replace_file(file, &serde_json::to_vec(&*links).map_err(io::Error::other)?)?;
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> (Links, Link) {
        let mut links = Links::new(1);
        let link = links.create("dbid:a", "id:1", "a b&c.txt", false, LinkSettings::default());
        let link = link.ok().expect("the first link");
        (links, link)
    }

    #[test]
    fn a_link_is_found_by_its_address_whatever_dl_says() {
        let (links, link) = link();
        let address = link.address("http://localhost:1");
        assert!(address.ends_with("&dl=0") && !address.contains("b&c"), "{address}");
        assert!(links.at(&address).is_some());
        assert!(links.at(&address.replace("dl=0", "dl=1")).is_some());
        for wrong in [
            address.replace("rlkey=", "rlkey=x"),
            address.replace("/fi/", "/fo/"),
            address.replace(&link.key, "nope"),
            "not an address".into(),
            "http://localhost:1/".into(),
        ] {
            assert!(links.at(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_file_has_one_link_per_account() {
        let (mut links, link) = link();
        let again = links.create("dbid:a", "id:1", "a.txt", false, LinkSettings::default());
        assert!(again.is_err_and(|existing| *existing == link));
        assert!(links.create("dbid:b", "id:1", "a.txt", false, LinkSettings::default()).is_ok());
        links.revoke(&link.key);
        assert!(links.of_target("dbid:a", "id:1").is_none());
    }

    #[test]
    fn a_link_expires_at_its_second() {
        let (mut links, link) = link();
        let settings = LinkSettings { expires: Some(100), ..LinkSettings::default() };
        let link = links.modify(&link.key, settings).expect("it is there");
        assert!(!link.is_expired(99) && link.is_expired(100));
    }
}

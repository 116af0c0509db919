//! One Dropbox account, as everybody else sees it.

use fake_dropbox::{Control, FakeDropbox, Options};
use testkit::Tree;

use crate::{
    bad_wire::BadWire,
    device::{Device, DeviceOptions},
};

/// A running fake service with helpers for stories.
pub struct World {
    fake: FakeDropbox,
    wire: Option<BadWire>,
}

impl World {
    /// Starts a service with one account and nothing in it.
    pub async fn start() -> World {
        World::with(Options::default()).await
    }

    /// Starts a service with these options.
    pub async fn with(options: Options) -> World {
        World { fake: FakeDropbox::start(options).await.expect("the fake service starts"), wire: None }
    }

    /// Starts a service that devices reach over a wire that is cut that often.
    pub async fn behind_a_bad_wire(seed: u64, cuts: u64) -> World {
        let world = World::start().await;
        let address = world.fake.url().trim_start_matches("http://").parse().expect("an address and a port");
        World { wire: Some(BadWire::to(address, seed, cuts).await), ..world }
    }

    /// Returns where devices reach the service.
    pub fn url(&self) -> String {
        self.wire.as_ref().map_or_else(|| self.fake.url(), BadWire::url)
    }

    /// From now on the wire is cut that often, then it is good.
    pub fn cut(&self, times: u64) {
        self.wire.as_ref().expect("the wire is a bad one").cut(times);
    }

    /// Acts as another device, looks at the account, makes the service fail.
    pub fn control(&self) -> &Control {
        self.fake.control()
    }

    /// Returns the service itself.
    pub fn fake(&self) -> &FakeDropbox {
        &self.fake
    }

    /// Adds a device that keeps all of the account; it rests until it is asked to sync.
    pub async fn device(&self, name: &str) -> Device {
        Device::start(self, DeviceOptions::named(name)).await
    }

    /// Adds a device that syncs by itself from now on.
    pub async fn live_device(&self, name: &str) -> Device {
        Device::start(self, DeviceOptions { live: true, ..DeviceOptions::named(name) }).await
    }

    /// Returns what Dropbox has now.
    pub fn tree(&self) -> Tree {
        self.tree_below("")
    }

    /// Returns what Dropbox has below a folder.
    pub fn tree_below(&self, folder: &str) -> Tree {
        let mut tree = Tree::new();
        for (path, content) in self.control().tree() {
            match content {
                Some(bytes) => tree.put_file(&path, bytes),
                None => tree.put_folder(&path),
            };
        }
        if folder.is_empty() { tree } else { tree.below(folder) }
    }

    /// Returns how often a route was called.
    pub fn calls(&self, route: &str) -> u64 {
        self.control().calls().get(route).copied().unwrap_or(0)
    }

    /// Returns how often files were carried, either way.
    pub fn transfers(&self) -> u64 {
        let is_transfer = |route: &str| {
            [
                "files/upload",
                "files/upload_session/append_batch",
                "files/upload_session/append_v2",
                "files/download",
                "files/download_zip",
            ]
            .contains(&route)
        };
        self.control().calls().into_iter().filter(|(route, _)| is_transfer(route)).map(|(_, n)| n).sum()
    }
}

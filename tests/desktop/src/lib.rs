//! The real app on a desktop of its own, against a fake service.
//!
//! A [`Desktop`] is a screen and a session bus that nothing else uses; an [`App`] is a home, and the program
//! running in it. [`TrayHost`] is the panel that shows status icons, [`Notifications`] the service that
//! shows notifications.
//!
//! Rule: nothing sleeps. A test waits for what the app says on the bus, or looks until it is on the screen,
//! with a limit that only a hang reaches.
#![forbid(unsafe_code)]

mod app;
mod browser;
mod desktop;
pub mod first_run;
mod notifications;
mod pictures;
mod tray_host;
mod wait;

pub use app::{App, without_a_display};
pub use browser::{Browser, free_port};
pub use desktop::{Desktop, Killed};
pub use notifications::{Notifications, Shown};
pub use tray_host::{Entry, TrayHost};
pub use wait::{in_time, seen};

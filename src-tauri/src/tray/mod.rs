//! The status icon and its menu.
//!
//! [`model`] says what is to be seen and [`throttle`] when it may change; both are pure. `native` puts it
//! there, `presence` knows the desktop around it, `act` carries out what is chosen, and `run` keeps it all
//! in step with the picture.
//!
//! Rule: icon, tooltip and first line say the same at every moment.

mod act;
mod does;
mod line;
pub mod model;
mod native;
#[cfg(target_os = "linux")]
mod panel;
mod pictures;
mod presence;
mod recent;
mod run;
#[cfg(test)]
pub mod samples;
pub mod throttle;
#[cfg(target_os = "linux")]
mod watcher;

pub use act::{act, all as act_on_all};
pub use does::{Does, PauseFor};
pub use line::status_line;
pub use model::TrayModel;
pub use recent::shown_name;
pub use run::start;

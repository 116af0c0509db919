//! The status icon and its menu.
//!
//! [`model`] says what is to be seen and [`throttle`] when it may change. What an entry does is carried
//! out by whoever owns windows and engine.
//!
//! Rule: icon, tooltip and first line say the same at every moment.

mod does;
mod line;
pub mod model;
mod recent;
#[cfg(test)]
pub mod samples;
pub mod throttle;

pub use does::{Does, PauseFor};
pub use line::status_line;
pub use model::TrayModel;
pub use recent::shown_name;

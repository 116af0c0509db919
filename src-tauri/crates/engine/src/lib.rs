//! Keeps workspaces in step: the control loop, the executor that carries its wishes out, and the
//! supervisor of all workspaces of one home.
//!
//! The loop ([`core`]) is deterministic and does no I/O but its index; [`exec`] talks to disk and network;
//! [`workspace`] joins the two; [`Supervisor`] answers every face of Lockstep through [`api`].
#![forbid(unsafe_code)]

pub mod api;
pub mod boot;
pub mod certificate;
pub mod clock;
pub mod control;
pub mod core;
pub mod core_files;
pub mod crash_reports;
pub mod exec;
pub mod home;
pub mod proxy_password;
pub mod report;
pub mod runs;
pub mod settings;
mod supervisor;
pub mod workspace;

pub use supervisor::{StartError, Supervisor, SupervisorOptions};

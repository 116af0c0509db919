//! engine

pub mod api;
pub mod control;
pub mod home;
pub mod settings;

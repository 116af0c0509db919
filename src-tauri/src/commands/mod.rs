//! What windows may call, one file a topic. Each command unwraps its arguments, calls one thing and
//! converts the answer.

pub mod conflicts;
pub mod desktop;
pub mod files;
pub mod kept;
pub mod link;
pub mod settings;
pub mod status;
pub mod workspaces;

use crate::{dto::CallError, shell::Shell};

/// What every command answers.
pub type Answer<T> = Result<T, CallError>;

/// How a command reaches the parts of the app.
pub type Parts<'a> = tauri::State<'a, Shell>;

//! Why a command failed.

use engine::api;
use serde::{Deserialize, Serialize};
use specta::Type;

/// Why a command failed. `code` exists for the windows to act on, `message` is for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct CallError {
    /// What kind of failure.
    pub code: Code,
    /// What happened and what to do; never holds a secret.
    pub message: String,
    /// The input it is about, when it is about one.
    pub field: Option<String>,
}

/// Kinds of failures that a window acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The arguments make no sense.
    BadInput,
    /// What it is about is not there, or not any more.
    NotFound,
    /// No account is linked, or the sign-in has to be repeated.
    NotLinked,
    /// What was shown has changed since; look again.
    Changed,
    /// Dropbox cannot be reached now.
    Offline,
    /// Anything else that went wrong.
    Failed,
    /// No engine of this process answers now.
    NotRunning,
}

impl CallError {
    /// Makes an error of this kind.
    pub fn new(code: Code, message: impl Into<String>) -> CallError {
        CallError { code, message: message.into(), field: None }
    }

    /// Makes an error about one input.
    pub fn in_field(field: &str, message: impl Into<String>) -> CallError {
        CallError { field: Some(field.to_owned()), ..CallError::new(Code::BadInput, message) }
    }

    /// Makes an error of something that went wrong here, and not because of what was asked.
    pub fn failed(error: impl std::fmt::Display) -> CallError {
        CallError::new(Code::Failed, error.to_string())
    }
}

impl From<api::CallError> for CallError {
    fn from(error: api::CallError) -> CallError {
        let code = match error.code {
            api::Code::BadInput => Code::BadInput,
            api::Code::NotFound => Code::NotFound,
            api::Code::NotLinked => Code::NotLinked,
            api::Code::Changed => Code::Changed,
            api::Code::Offline => Code::Offline,
            api::Code::Failed => Code::Failed,
        };
        CallError::new(code, error.message)
    }
}

//! How a command ends: its exit code and, when it failed, what happened and what to do.
//!
//! Rule: the numbers are a contract with scripts and do not change.

use std::{io, process::ExitCode};

use dropbox_client::{EndpointError, oauth::LinkError, secrets::SecretError};
use engine::{
    api::{CallError, Code},
    certificate::CertificateError,
    control::ControlError,
    home::HomeError,
    report::ReportError,
    settings::SettingsError,
};

/// Exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Something went wrong.
    Error = 1,
    /// Wrong usage.
    Usage = 2,
    /// Done, but something waits for a person: conflicts, issues, held deletions.
    NeedsPerson = 3,
    /// No account is linked, or it has to be linked again.
    NotLinked = 4,
    /// Another process owns this home.
    Owned = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a command did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// What happened; empty when there is nobody left to tell.
    pub what: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Failure {
    /// Takes a message that may carry its advice behind a semicolon, as ours do.
    pub fn new(exit: Exit, message: impl Into<String>) -> Failure {
        let message = message.into();
        match message.split_once("; ") {
            Some((what, advice)) => Failure { exit, what: what.into(), advice: Some(advice.into()) },
            None => Failure { exit, what: message, advice: None },
        }
    }

    /// A person stopped the command.
    pub fn interrupted() -> Failure {
        Failure::new(Exit::Error, "stopped before it was done; nothing is lost, run it again to go on")
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Failure {
        let exit = match error.code {
            Code::BadInput => Exit::Usage,
            Code::NotLinked => Exit::NotLinked,
            Code::NotFound | Code::Changed | Code::Offline | Code::Failed => Exit::Error,
        };
        Failure::new(exit, error.message)
    }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Failure {
        let exit = if matches!(error, HomeError::Owned { .. }) { Exit::Owned } else { Exit::Error };
        Failure::new(exit, error.to_string())
    }
}

impl From<CertificateError> for Failure {
    fn from(error: CertificateError) -> Failure {
        Failure::new(Exit::Error, error.to_string())
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Failure {
        let usage = matches!(error, SettingsError::UnknownKey { .. } | SettingsError::BadValue { .. });
        Failure::new(if usage { Exit::Usage } else { Exit::Error }, error.to_string())
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Failure {
        let usage = matches!(error, LinkError::BadField { .. });
        let message = error.to_string();
        let mut failure = Failure::new(if usage { Exit::Usage } else { Exit::Error }, message);
        failure.what = format!("{} [{}]", failure.what, error.code());
        failure
    }
}

impl From<EndpointError> for Failure {
    fn from(error: EndpointError) -> Failure {
        Failure::new(Exit::Usage, error.to_string())
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Failure {
        Failure::new(Exit::Error, error.to_string())
    }
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Failure {
        Failure::new(Exit::Error, error.to_string())
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Failure {
        let exit = if matches!(error, ReportError::Exists(_)) { Exit::Usage } else { Exit::Error };
        Failure::new(exit, error.to_string())
    }
}

impl From<io::Error> for Failure {
    /// For standard output and input. `lockstep … | head` closes the pipe when it has seen enough: that
    /// is no failure and nobody is there to be told.
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure { exit: Exit::Done, what: String::new(), advice: None },
            _ => Failure::new(Exit::Error, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_split_into_what_happened_and_what_to_do() {
        let failure = Failure::new(Exit::Error, "the folder is gone; connect the disk; then try again");
        assert_eq!(failure.what, "the folder is gone");
        assert_eq!(failure.advice.as_deref(), Some("connect the disk; then try again"));
    }

    #[test]
    fn exit_codes_are_the_contract() {
        let call = |code| Failure::from(CallError::new(code, "x")).exit as u8;
        assert_eq!([call(Code::Failed), call(Code::BadInput), call(Code::NotLinked)], [1, 2, 4]);
        assert_eq!(Failure::from(HomeError::Owned { pid: None }).exit as u8, 5);
        assert_eq!(Failure::from(SettingsError::UnknownKey { key: "x".into() }).exit as u8, 2);
        assert_eq!(Exit::NeedsPerson as u8, 3);
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        assert_eq!(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).exit, Exit::Done);
    }
}

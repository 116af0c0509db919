//! The real `lockstep` program, for stories about killing it and about what it prints.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use crate::world::World;

/// A home for the real program.
pub struct Program {
    home: PathBuf,
}

impl Program {
    /// Uses this home.
    pub fn at(home: &Path) -> Program {
        Program { home: home.to_owned() }
    }

    /// Links the account of the world and keeps the secret in a file.
    pub fn link(&self, world: &World) {
        let url = world.fake().url();
        let app = fake_dropbox::App::default();
        let (authorize, token) = (format!("{url}/oauth2/authorize"), format!("{url}/oauth2/token"));
        let arguments = [
            "account",
            "link",
            "--method",
            "refresh-token",
            "--app-key",
            &app.key,
            "--app-secret",
            &app.secret,
            "--authorize-url",
            &authorize,
            "--token-url",
            &token,
            "--api-url",
            &url,
            "--content-url",
            &url,
            "--notify-url",
            &url,
            "--secret-store",
            "file",
        ];
        let output = self.run_with_input(&arguments, &world.control().refresh_token().expect("a grant"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts it and lets it run.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdin(Stdio::null()).spawn().expect("the program starts")
    }

    /// Runs it to the end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).stdin(Stdio::null()).output().expect("the program runs")
    }

    /// Runs it with something on standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("BUG: it was piped");
        std::io::Write::write_all(&mut stdin, format!("{input}\n").as_bytes()).expect("it reads its input");
        drop(stdin);
        child.wait_with_output().expect("the program ends")
    }

    /// Returns the command with its home set and its output caught.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.arg("--home").arg(&self.home).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("LOCKSTEP_PASSPHRASE");
        command
    }
}

/// Returns the program, which the same build made: it lies beside the folder of the test programs.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test.ancestors().nth(2).expect("BUG: tests lie in target/<profile>/deps");
    let path = folder.join(format!("lockstep{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is missing; build the whole workspace: cargo build --workspace",
        path.display()
    );
    path
}

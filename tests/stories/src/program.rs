//! The real `lockstep` program, for stories about killing it and about what it prints.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
};

use crate::world::World;

/// A home for the real program.
pub struct Program {
    home: PathBuf,
    /// Authority to trust beside the system's.
    authority: Option<PathBuf>,
}

impl Program {
    /// Uses this home.
    pub fn at(home: &Path) -> Program {
        Program { home: home.to_owned(), authority: None }
    }

    /// Trusts the authority in this file, too.
    pub fn trusting(self, authority: PathBuf) -> Program {
        Program { authority: Some(authority), ..self }
    }

    /// Returns what links an account of the world in this way and keeps the secret in a file, but for the secret
    /// of the app.
    pub fn link_arguments(world: &World, method: &str) -> Vec<String> {
        let url = world.url();
        let (authorize, token) = (format!("{url}/oauth2/authorize"), format!("{url}/oauth2/token"));
        let options = [
            ("--method", method),
            ("--app-key", &fake_dropbox::App::default().key),
            ("--authorize-url", &authorize),
            ("--token-url", &token),
            ("--api-url", &url),
            ("--content-url", &url),
            ("--notify-url", &url),
            ("--secret-store", "file"),
        ];
        let options = options.into_iter().flat_map(|(name, value)| [name, value]);
        ["account", "link"].into_iter().chain(options).map(str::to_owned).collect()
    }

    /// Links the account of the world and keeps the secret in a file.
    pub fn link(&self, world: &World) {
        let app = fake_dropbox::App::default();
        let arguments = Program::link_arguments(world, "refresh-token");
        let arguments = arguments.iter().map(String::as_str).chain(["--app-secret", &app.secret]);
        let arguments: Vec<&str> = arguments.collect();
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
        self.command_of(&binary("lockstep"), arguments)
    }

    /// Returns the command of a build with crash points: it dies at this one, given as `name`, or `name:n`
    /// for the n-th time, or `*:n` for the n-th point of all.
    pub fn dying(home: &Path, arguments: &[&str], point: &str) -> Command {
        let mut command = Program::at(home).command_of(with_crash_points(), arguments);
        command.env("LOCKSTEP_CRASH_AT", point);
        command
    }

    fn command_of(&self, binary: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary);
        command.arg("--home").arg(&self.home).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("LOCKSTEP_PASSPHRASE");
        command.envs(self.authority.iter().map(|path| ("LOCKSTEP_EXTRA_CA", path)));
        command
    }
}

/// Returns the program, which the same build made: it lies beside the folder of the test programs.
fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a program knows where it is");
    let beside = own.ancestors().skip(1).take(2);
    let names = beside.map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)));
    let found = names.clone().find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{name} is missing; build the whole workspace: cargo build --workspace"))
}

/// Returns a build of the program that can be told to die at a named point. It is built here, by itself: a
/// feature that some crate of the workspace switched on would be in the program that ships, too.
fn with_crash_points() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        if let Some(built) = std::env::var_os("LOCKSTEP_CRASH_POINTS_BIN") {
            return built.into();
        }
        let folder = binary("lockstep").parent().expect("BUG: a file lies in a folder").to_owned();
        let target = folder.parent().expect("BUG: target/<profile>").to_owned();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", target);
        // With all packages, so that everything below is built with the same features as it is anyway.
        cargo.args(["build", "--quiet", "--locked", "--workspace", "--features", "cli/crash-points"]);
        cargo.args(["--bin", "lockstep-crash-points"]);
        let built = cargo.output().expect("cargo can be started");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        folder.join(format!("lockstep-crash-points{}", std::env::consts::EXE_SUFFIX))
    })
}

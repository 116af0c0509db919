//! The command line as a person or a script meets it, before anything is linked.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn lockstep(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockstep"));
    command.env_clear().env("LOCKSTEP_HOME", home).env("PATH", "/usr/bin:/bin");
    command
}

fn home() -> TempDir {
    tempfile::tempdir().expect("temp dir")
}

struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

fn run(home: &Path, arguments: &[&str]) -> Ended {
    let output = lockstep(home).args(arguments).output().expect("starts");
    Ended {
        code: output.status.code().expect("exit code"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

fn json(home: &Path, arguments: &[&str]) -> Value {
    let ended = run(home, &[arguments, &["--json"]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("one JSON document")
}

#[test]
fn wrong_usage_ends_with_two_and_says_what_is_wrong() {
    let home = home();
    for (arguments, word) in [
        (&["--colour"][..], "--colour"),
        (&["synch"], "synch"),
        (&["account", "link"], "--app-key"),
        (&["account", "link", "--app-key", "k", "--method", "telepathy"], "telepathy"),
        (&["workspace", "add", "--local", "x"], "--remote"),
        (&["activity", "--limit", "0"], "--limit"),
        (&["conflicts", "resolve", "1"], "--keep"),
        (&["conflicts", "resolve", "1", "--keep", "local", "--merged", "f"], "cannot be used"),
        (&["conflicts", "resolve", "1", "--merged", "/nowhere/at/all"], "/nowhere/at/all"),
        (&["completions", "forth"], "forth"),
    ] {
        let ended = run(home.path(), arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(word), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
}

#[test]
fn endpoints_that_would_leak_a_token_are_refused_before_anything_is_sent() {
    let home = home();
    let link = ["account", "link", "--app-key", "k", "--method", "refresh-token", "--secret-store", "file"];
    let ended = run(home.path(), &[&link[..], &["--api-url", "http://api.example.com"]].concat());
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("https://"), "{}", ended.stderr);
}

#[test]
fn settings_are_checked_and_kept() {
    let home = home();
    assert_eq!(run(home.path(), &["config", "set", "colour", "red"]).code, 2);
    let ended = run(home.path(), &["config", "set", "parallel_uploads", "99"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("1 to 12"), "{}", ended.stderr);
    assert_eq!(run(home.path(), &["config", "set", "parallel_uploads", "2"]).code, 0);
    assert_eq!(json(home.path(), &["config", "get", "parallel_uploads"])["parallel_uploads"], 2);
    assert_eq!(run(home.path(), &["config", "get", "guard.files"]).stdout, "guard.files = 100\n");
    assert_eq!(json(home.path(), &["config", "get"]).as_object().expect("object").len(), 14);
}

#[test]
fn an_unknown_key_in_the_file_is_named_with_its_line_and_the_file_stays() {
    let home = home();
    let file = home.path().join("config.toml");
    std::os::unix::fs::symlink("/dev/null", &file).expect("link");
    assert_eq!(run(home.path(), &["config", "get"]).code, 0, "an empty file is all defaults");
    std::fs::remove_file(&file).expect("remove");
    let text = "# mine\ndebounce = 5\n";
    std::io::Write::write_all(&mut std::fs::File::create(&file).expect("create"), text.as_bytes())
        .expect("write");
    for arguments in [&["config", "get"][..], &["config", "set", "proxy", ""], &["status"], &["run"]] {
        let ended = run(home.path(), arguments);
        assert_eq!(ended.code, 1, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("line 2") && ended.stderr.contains("debounce_ms"), "{}", ended.stderr);
    }
    assert_eq!(std::fs::read_to_string(&file).expect("read"), text);
}

#[test]
fn the_password_of_a_proxy_is_not_printed_wherever_it_is_kept() {
    for store in ["file", "memory"] {
        let home = home();
        assert_eq!(run(home.path(), &["config", "set", "secret_store", store]).code, 0);
        let url = "http://me:hunter2@proxy.example.org:3128";
        for arguments in
            [&["config", "set", "proxy", url][..], &["config", "get", "proxy"], &["config", "get"]]
        {
            let ended = run(home.path(), arguments);
            assert_eq!(ended.code, 0, "{}", ended.stderr);
            assert!(ended.stdout.contains("me:***@proxy.example.org"), "{store}: {}", ended.stdout);
            assert!(!(ended.stdout + &ended.stderr).contains("hunter2"), "{store}: {arguments:?}");
        }
        let text = std::fs::read_to_string(home.path().join("config.toml")).expect("read");
        assert_eq!(text.contains("hunter2"), store == "memory", "what would be lost stays: {text}");
    }
}

#[test]
fn completions_need_no_home() {
    let nowhere = Path::new("/proc/nowhere");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = run(nowhere, &["completions", shell]);
        assert_eq!(ended.code, 0, "{shell}: {}", ended.stderr);
        assert!(ended.stdout.contains("workspace"), "{shell}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_command_and_needs_no_home() {
    let pages = tempfile::tempdir().expect("temp dir");
    let ended = run(Path::new("/proc/nowhere"), &["man", pages.path().to_str().expect("text")]);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{}", ended.stderr);
    let page = |name: &str| std::fs::read_to_string(pages.path().join(name)).unwrap_or_default();
    assert!(page("lockstep.1").contains(".TH lockstep 1"), "the program");
    assert!(page("lockstep.1").contains("Exit codes: 0 done"), "scripts find the codes there, too");
    assert!(page("lockstep.1").contains("LOCKSTEP_HOME"), "and what the environment may say");
    assert!(page("lockstep-run.1").contains("Sync in the foreground"), "a command");
    assert!(page("lockstep-account-link.1").contains("app\\-key"), "a command of a command");
    assert!(page("lockstep-man.1").is_empty(), "what makes the pages is of no use to readers");
}

#[test]
fn a_home_that_cannot_be_used_says_so_and_how_to_choose_another() {
    let ended = run(Path::new("/proc/nowhere"), &["status"]);
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("/proc/nowhere") && ended.stderr.contains("--home"), "{}", ended.stderr);
}

#[test]
fn an_owned_home_ends_run_with_five_and_names_the_owner() {
    let home = home();
    let owned = engine::home::Home::resolve(Some(home.path().into())).expect("home");
    let _lock = owned.lock().expect("lock");
    let ended = run(home.path(), &["run"]);
    assert_eq!(ended.code, 5);
    assert!(ended.stderr.contains(&std::process::id().to_string()), "{}", ended.stderr);
}

#[test]
fn an_empty_home_answers_every_list_with_the_shape_of_the_contract() {
    let home = home();
    for list in
        ["account list", "workspace list", "activity", "conflicts", "issues", "held", "verify", "sync"]
    {
        let arguments: Vec<_> = list.split(' ').collect();
        assert_eq!(json(home.path(), &arguments), Value::Array(vec![]), "{list}");
    }
    let status = json(home.path(), &["status"]);
    assert_eq!(status["state"], "idle");
    for list in ["workspaces", "transfers"] {
        assert_eq!(status[list], Value::Array(vec![]), "{list}");
    }
    assert!(!home.path().join("control.sock").exists(), "the socket goes with the command");
}

#[test]
fn what_needs_an_account_ends_with_four_when_none_is_linked() {
    let home = home();
    let local = home.path().join("folder");
    let local = local.to_str().expect("text");
    let ended = run(home.path(), &["workspace", "add", "--remote", "/", "--local", local]);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert!(ended.stderr.contains("account link"), "{}", ended.stderr);
    assert!(!ended.stderr.contains('\u{1b}'), "no colours where there is no terminal");
}

/// The contract: each command with what may stand behind it.
const COMMANDS: [(&str, &[&str]); 50] = [
    (
        "account link",
        &[
            "--app-key <",
            "--app-secret <",
            "--scope <",
            "--authorize-url <",
            "--token-url <",
            "--redirect-url <",
            "--api-url <",
            "--content-url <",
            "--notify-url <",
            "--method <",
            "browser",
            "paste",
            "refresh-token",
            "--secret-store <",
            "keyring",
            "file",
        ],
    ),
    ("account list", &[]),
    ("account unlink", &["<ID>"]),
    (
        "workspace add",
        &[
            "--account <",
            "--remote <",
            "--local <",
            "--name <",
            "--on-conflict <",
            "ask",
            "keep-both",
            "--exclude <",
            "--dry-run",
        ],
    ),
    ("workspace list", &[]),
    ("workspace remove", &["<ID>"]),
    ("workspace pause", &["[ID]"]),
    ("workspace resume", &["[ID]"]),
    ("workspace move", &["<ID>", "<DIR>"]),
    ("workspace rebuild", &["<ID>"]),
    ("run", &[]),
    ("sync", &["[ID]", "--dry-run"]),
    ("status", &["--watch"]),
    ("activity", &["--limit <", "--follow"]),
    ("activity undo", &["<BATCH>"]),
    ("conflicts", &[]),
    ("conflicts show", &["<ID>"]),
    ("conflicts resolve", &["<ID>", "--keep <", "local", "remote", "both", "--merged <"]),
    ("issues", &[]),
    ("issues retry", &["[ID]"]),
    ("held", &[]),
    ("held approve", &["<ID>"]),
    ("held restore", &["<ID>"]),
    ("kept", &[]),
    ("kept restore", &["<IDS>"]),
    ("kept remove", &["[IDS]", "--older-than <"]),
    ("select show", &["<ID>", "[/PATH]..."]),
    ("select include", &["<ID>", "</PATH>..."]),
    ("select exclude", &["<ID>", "</PATH>...", "--keep-unsynced"]),
    ("files ls", &["<PATH>"]),
    ("versions", &["<PATH>", "--limit <"]),
    ("restore", &["<PATH>", "--rev <", "--to <"]),
    ("share", &["<PATH>", "--remove"]),
    ("open", &["<PATH>"]),
    ("verify", &["[ID]", "--report <"]),
    ("config get", &["[KEY]"]),
    ("config set", &["<KEY>", "[VALUE]"]),
    ("doctor", &[]),
    ("report", &["--out <"]),
    ("completions", &["<SHELL>"]),
    ("help", &[]),
    ("help account", &[]),
    ("help workspace", &[]),
    ("help activity", &[]),
    ("help conflicts", &[]),
    ("help issues", &[]),
    ("help held", &[]),
    ("help kept", &[]),
    ("help files", &[]),
    ("help config", &[]),
];

/// Commands of the contract that are still to come. One that has come belongs into the list above.
const STILL_TO_COME: [&str; 4] = ["ignore list", "ignore add", "ignore remove", "ignore test"];

#[test]
fn every_command_of_the_contract_is_there_with_all_that_may_stand_behind_it() {
    let help = |command: &str| {
        let words = command.split(' ').chain(if command.starts_with("help") { None } else { Some("--help") });
        run(Path::new("/proc/nowhere"), &words.collect::<Vec<_>>())
    };
    for (command, behind) in COMMANDS {
        let ended = help(command);
        assert_eq!(ended.code, 0, "{command} is missing: {}", ended.stderr);
        let usage = format!("lockstep {command}")
            .replace("lockstep help ", "lockstep ")
            .replace("lockstep help", "lockstep");
        assert!(ended.stdout.contains(&usage), "{command} is another one: {}", ended.stdout);
        for word in behind {
            assert!(ended.stdout.contains(word), "{command} {word} is missing: {}", ended.stdout);
        }
        for global in ["--home <DIR>", "--log <LEVEL>", "--json", "--no-color", "--quiet"] {
            assert!(ended.stdout.contains(global), "{command} {global} is missing");
        }
    }
    for command in STILL_TO_COME {
        assert_eq!(help(command).code, 2, "{command} has come: put it into the list of commands");
    }
    let version = run(Path::new("/proc/nowhere"), &["--version"]);
    assert_eq!((version.code, version.stdout.starts_with("lockstep ")), (0, true), "{}", version.stdout);
}

#[test]
fn the_help_lists_every_command_and_the_exit_codes() {
    let ended = run(Path::new("/proc/nowhere"), &["--help"]);
    assert_eq!(ended.code, 0);
    insta::assert_snapshot!(ended.stdout, @r#"
    Keeps local folders and Dropbox folders in step, both ways

    Usage: lockstep [OPTIONS] <COMMAND>

    Commands:
      account      Link, list and unlink Dropbox accounts
      workspace    Add, list, pause and remove workspaces: pairs of a local and a Dropbox folder
      run          Sync in the foreground until stopped
      sync         Sync until nothing is left to do, then exit
      status       Show what is going on
      activity     Show what changed, newest first, or undo some of it
      conflicts    Show and resolve files that both sides changed
      issues       Show what does not sync and why
      held         Show deletions that wait for a person, and decide
      kept         Show replaced and removed files that are kept here, put them back, or remove them for
                   good
      files        Show files and where they stand
      versions     Show the versions of a file, newest first: Dropbox's and those kept on this computer
      restore      Make an old version of a file the newest, or bring a deleted file back
      share        Print the link to a file or folder; makes one when there is none
      open         Open a file or folder on dropbox.com in the browser; with --json print its address
                   only
      select       Choose what of Dropbox is kept on this computer
      verify       Compare every file with Dropbox; succeeds only when all are equal
      config       Read and change settings
      doctor       Check what Lockstep needs on this computer
      report       Write a report for whoever looks for a fault, without names of files, accounts or
                   people
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
          --home <DIR>   Keep settings, state and logs below DIR instead of the user's folders [env:
                         LOCKSTEP_HOME]
          --log <LEVEL>  Show log lines of this level and above on standard error [possible values:
                         error, warn, info, debug, trace]
          --json         Print one JSON document, or one a line for streams
          --no-color     Print without colours
      -q, --quiet        Print results and errors only
      -h, --help         Print help
      -V, --version      Print version

    Exit codes: 0 done, 1 error, 2 wrong usage, 3 done but something needs a person, 4 not linked or
    sign-in needed, 5 another process owns this home.
    "#);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let home = home();
    let script =
        format!("{} --help | head -n 1 >/dev/null; exit ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_lockstep"));
    let status =
        std::process::Command::new("bash").args(["-c", &script]).env("LOCKSTEP_HOME", home.path()).status();
    assert!(status.expect("bash").success());
}

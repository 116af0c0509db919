//! `report`, and the crash reports that go into it.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use serde_json::{Value, json};

use crate::{running::Running, world::World};

/// Everything in a report, by name.
fn unpacked(file: &Path) -> BTreeMap<String, String> {
    let mut zip = zip::ZipArchive::new(File::open(file).expect("there")).expect("a zip");
    let names: Vec<String> = zip.file_names().map(|name| name.expect("text").into_owned()).collect();
    let read = |name: String| {
        let mut text = String::new();
        zip.by_name(&name).expect("listed").read_to_string(&mut text).expect("text");
        (name, text)
    };
    names.into_iter().map(read).collect()
}

/// A world in which everything that a report could tell has a name that it must not tell.
async fn with_canaries() -> World {
    let world = World::with_workspace("ask").await;
    world.control().put("/CanaryFolder/CanaryFile.txt", "CanaryContent").expect("put");
    world.control().put("/CanaryBoth.txt", "one").expect("put");
    assert_eq!(world.run(&["sync"]).code, 0);
    world.write("CanaryBoth.txt", "CanaryOurs");
    world.control().put("/CanaryBoth.txt", "CanaryTheirs").expect("put");
    world.control().put("/CanaryFolder/CanaryFile.txt", "newer").expect("put");
    std::os::unix::fs::symlink("/CanaryTarget", world.folder().join("CanaryLink")).expect("link");
    assert_eq!(world.run(&["sync"]).code, 3);
    for (key, value) in [
        ("device_name", "CanaryDevice"),
        ("proxy", "http://canaryuser:canarypassword@canaryproxy.example.org:3128"),
    ] {
        assert_eq!(world.run(&["config", "set", key, value]).code, 0);
    }
    assert_eq!(world.run(&["config", "set", "proxy", "none"]).code, 0);
    // A crash, and log lines of others and of an older Lockstep.
    let logs = world.home.path().join("logs");
    let crash = json!({
        "time": "2026-12-01T12:00:00Z", "version": "1", "thread": "CanaryThread",
        "place": "/home/canary/.cargo/registry/src/x/lib.rs:7", "message": "BUG: CanaryFile.txt",
        "backtrace": "   0: engine::core::handle\n             at /home/canary/engine/src/core.rs:1\n",
    });
    put(&logs.join("crash-20261201120000-1.json"), &crash.to_string());
    // Lockstep warns of what stands in the place of its own folder, and names it.
    put(&world.home.path().join("versions"), "CanaryContent");
    put(&logs.join("lockstep.2020-01-01.log"), "2020-01-01T00:00:00Z  WARN engine: CanaryFile.txt\n");
    world
}

fn put(path: &Path, text: &str) {
    let mut file = File::create_new(path).expect("create");
    std::io::Write::write_all(&mut file, text.as_bytes()).expect("write");
}

/// What must be in no report, whatever the case of its letters.
fn secrets(world: &World) -> Vec<String> {
    let mut secrets = world.control().secrets();
    let accounts = world.json(&["account", "list"]);
    let workspaces = world.json(&["workspace", "list"]);
    for key in ["id", "email", "name", "app_key"] {
        secrets.push(accounts[0][key].as_str().expect("text").to_owned());
    }
    for key in ["id", "local"] {
        secrets.push(workspaces[0][key].as_str().expect("text").to_owned());
    }
    secrets.push("canary".into());
    secrets.push(world.fake.refresh_token());
    secrets.push(world.home.path().to_str().expect("text").to_owned());
    secrets.push(world.fake.url().replace("http://", ""));
    assert!(secrets.len() > 10 && secrets.iter().all(|secret| secret.len() >= 6), "{secrets:?}");
    secrets
}

fn hides(report: &BTreeMap<String, String>, secrets: &[String]) {
    for (name, text) in report {
        for secret in secrets {
            let shows = text.to_lowercase().contains(&secret.to_lowercase());
            assert!(!shows, "{secret} stands in {name}:\n{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn promise_11_a_report_holds_no_secret_no_name_and_no_address() {
    let world = with_canaries().await;
    let secrets = secrets(&world);
    for log in [&["--log", "trace"][..], &[]] {
        let file = world.home.path().join(format!("report-{}.zip", log.len()));
        let ended = world.run(&[log, &["report", "--out", file.to_str().expect("text")]].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
        let report = unpacked(&file);
        hides(&report, &secrets);
        let read = |name: &str| serde_json::from_str::<Value>(&report[name]).expect(name);
        assert_eq!(read("workspaces.json")[0]["files"], 2, "it says something all the same");
        assert_eq!(read("conflicts.json")[0]["kind"], "edit_edit");
        assert_eq!(read("issues.json")[0]["code"], "symlink");
        let paths = |name: &str| read(name)[0]["path"].as_str().expect("a path").to_owned();
        assert!(paths("conflicts.json").parse::<u32>().is_ok(), "a number for a name");
        assert!(read("activity.json").as_array().is_some_and(|entries| entries.len() >= 3));
        assert_eq!(read("crashes.json")[0]["place"], "x/lib.rs:7");
        assert_eq!(read("crashes.json")[0]["calls"], json!(["0: engine::core::handle"]));
        assert_eq!(report["logs/1.jsonl"].trim(), r#"{"lines_left_out":1}"#, "of an older Lockstep");
        assert!(report["logs/2.jsonl"].contains("copies of opened versions stay on disk"), "{report:?}");
        assert!(report["logs/2.jsonl"].contains("not a directory"), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_listed_before_it_is_written_and_replaces_nothing() {
    let world = World::with_workspace("keep-both").await;
    let file = world.home.path().join("report.zip");
    let out = ["report", "--out", file.to_str().expect("text")];
    let ended = world.run(&out);
    assert_eq!(ended.code, 0, "{ended:?}");
    let (list, last) = ended.stdout.trim_end().rsplit_once('\n').expect("lines");
    assert!(last.starts_with("written to "), "{ended:?}");
    let listed: Vec<_> = list.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    let mut held: Vec<_> = unpacked(&file).into_keys().collect();
    held.sort();
    assert_eq!(
        {
            let mut listed = listed.clone();
            listed.sort();
            listed
        },
        held,
        "the list is complete"
    );

    let before = std::fs::read(&file).expect("there");
    let again = world.run(&out);
    assert_eq!(again.code, 2, "{again:?}");
    assert!(again.stderr.contains("exists already"), "{again:?}");
    assert_eq!(std::fs::read(&file).expect("there"), before);
    let nowhere = world.run(&["report", "--out", "/nowhere/at/all.zip"]);
    assert_eq!(nowhere.code, 1, "{nowhere:?}");

    let _running = Running::start(&world);
    let other = world.home.path().join("other.zip");
    let document = world.json(&["report", "--out", other.to_str().expect("text")]);
    assert_eq!(document["file"], other.to_str().expect("text"));
    let names: Vec<_> =
        document["parts"].as_array().expect("a list").iter().map(|part| &part["name"]).collect();
    assert_eq!(names[0], "README.txt");
    assert!(unpacked(&other)["about.json"].contains("\"engine_answered\": true"), "the owner answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_cannot_be_opened_has_a_report_too_and_doctor_names_crashes() {
    let world = World::linked().await;
    let logs = world.home.path().join("logs");
    let crash = json!({ "time": "2026-12-01T12:00:00Z", "version": "1", "thread": "t", "place": "a.rs:1",
        "message": "BUG", "backtrace": "" });
    put(&logs.join("crash-20261201120000-1.json"), &crash.to_string());
    let checks: Value = serde_json::from_str(&world.run(&["doctor", "--json"]).stdout).expect("JSON");
    let crashes = checks.as_array().expect("a list").iter().find(|check| check["check"] == "crashes");
    let message = crashes.expect("a check")["message"].as_str().expect("text");
    assert!(message.contains("1 on record") && message.contains("crash-20261201120000-1.json"), "{message}");

    put(&world.home.path().join("config.toml"), "colour = 1\n");
    let file = world.home.path().join("report.zip");
    let ended = world.run(&["report", "--out", file.to_str().expect("text")]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stderr.contains("its part is missing"), "{ended:?}");
    let report = unpacked(&file);
    assert!(report["about.json"].contains("\"engine_answered\": false"), "{report:?}");
    assert!(report["checks.json"].contains("settings"), "{report:?}");
}

//! Batches of folders, deletes, moves and copies, at once or as jobs.

mod common;

use common::Dropbox;
use fake_dropbox::switches::Batches;
use serde_json::{Value, json};

/// Launches a batch and asks until it is complete.
async fn run(dropbox: &Dropbox, launch: &str, check: &str, arg: Value) -> Vec<Value> {
    let mut result = dropbox.rpc(launch, arg).await.ok();
    let job = json!({"async_job_id": result["async_job_id"]});
    while result[".tag"] != "complete" {
        result = dropbox.rpc(check, job.clone()).await.ok();
    }
    result["entries"].as_array().expect("entries").clone()
}

#[tokio::test]
async fn folders_are_made_at_once_and_duplicates_count_once() {
    let dropbox = Dropbox::start().await;
    dropbox.control().mkdir("/there").expect("mkdir");
    let arg = json!({"paths": ["/a/b", "/there", "/a/b"]});
    let made = dropbox.rpc("files/create_folder_batch", arg).await.ok();
    assert_eq!(made[".tag"], "complete");
    let entries = made["entries"].as_array().expect("entries");
    assert_eq!(entries[0][".tag"], "success");
    assert!(entries[0]["metadata"].get(".tag").is_none());
    assert_eq!(entries[0], entries[2]);
    let conflict = json!({".tag": "path", "path": {".tag": "conflict", "conflict": {".tag": "folder"}}});
    assert_eq!(entries[1], json!({".tag": "failure", "failure": conflict}));
}

#[tokio::test]
async fn many_folders_or_a_forced_batch_answer_with_a_job() {
    let dropbox = Dropbox::start().await;
    let paths: Vec<String> = (0..100).map(|n| format!("/f{n}")).collect();
    for arg in [json!({"paths": paths}), json!({"paths": ["/x"], "force_async": true})] {
        let count = arg["paths"].as_array().expect("paths").len();
        let launched = dropbox.rpc("files/create_folder_batch", arg.clone()).await.ok();
        assert_eq!(launched[".tag"], "async_job_id");
        assert!(launched["async_job_id"].as_str().expect("an id").starts_with("dbjid:"));
        let job = json!({"async_job_id": launched["async_job_id"]});
        let check = || dropbox.rpc("files/create_folder_batch/check", job.clone());
        assert_eq!(check().await.ok(), json!({".tag": "in_progress"}));
        assert_eq!(check().await.ok()["entries"].as_array().expect("entries").len(), count);
    }
    let strange = json!({"async_job_id": "dbjid:none"});
    let unknown = dropbox.rpc("files/delete_batch/check", strange).await;
    assert_eq!(unknown.error(), json!({".tag": "invalid_async_job_id"}));
}

#[tokio::test]
async fn deletes_fail_one_by_one() {
    let dropbox = Dropbox::start().await;
    let a = dropbox.control().put("/a", "x").expect("put");
    dropbox.control().put("/b", "x").expect("put");
    let arg = json!({"entries": [
        {"path": "/a", "parent_rev": a.rev().expect("a file")},
        {"path": "/b", "parent_rev": a.rev().expect("a file")},
        {"path": "/none"},
    ]});
    let entries = run(&dropbox, "files/delete_batch", "files/delete_batch/check", arg).await;
    assert_eq!((&entries[0][".tag"], &entries[0]["metadata"][".tag"]), (&json!("success"), &json!("file")));
    let conflict =
        json!({".tag": "path_write", "path_write": {".tag": "conflict", "conflict": {".tag": "file"}}});
    assert_eq!(entries[1], json!({".tag": "failure", "failure": conflict}));
    let lookup = json!({".tag": "path_lookup", "path_lookup": {".tag": "not_found"}});
    assert_eq!(entries[2], json!({".tag": "failure", "failure": lookup}));
    assert_eq!(dropbox.control().tree().len(), 1);
}

#[tokio::test]
async fn moves_and_copies_fail_one_by_one() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/a/x", "x").expect("put");
    dropbox.control().put("/b", "b").expect("put");
    let arg = json!({"entries": [
        {"from_path": "/a", "to_path": "/c"},
        {"from_path": "/A/x", "to_path": "/y"},
        {"from_path": "/none", "to_path": "/z"},
    ]});
    let entries = run(&dropbox, "files/move_batch_v2", "files/move_batch/check_v2", arg).await;
    assert_eq!((&entries[0][".tag"], &entries[0]["success"][".tag"]), (&json!("success"), &json!("folder")));
    let relocation = |entry: &Value| entry["failure"]["relocation_error"].clone();
    assert_eq!(relocation(&entries[1]), json!({".tag": "duplicated_or_nested_paths"}));
    assert_eq!(relocation(&entries[2])["from_lookup"], json!({".tag": "not_found"}));
    let arg =
        json!({"entries": [{"from_path": "/c", "to_path": "/d"}, {"from_path": "/c/x", "to_path": "/b"}]});
    let entries = run(&dropbox, "files/copy_batch_v2", "files/copy_batch/check_v2", arg).await;
    assert_eq!(entries[0][".tag"], "success");
    assert_eq!(relocation(&entries[1])["to"]["conflict"][".tag"], "file");
    let paths: Vec<String> = dropbox.control().tree().into_keys().collect();
    assert_eq!(paths, ["/b", "/c", "/c/x", "/d", "/d/x"]);
}

#[tokio::test]
async fn whether_batches_are_jobs_is_a_switch() {
    for (setting, expected) in [(Batches::Jobs, "async_job_id"), (Batches::AtOnce, "complete")] {
        let dropbox = Dropbox::start().await;
        dropbox.control().change_switches(|switches| switches.batches = setting);
        let arg = json!({"paths": ["/x"]});
        assert_eq!(dropbox.rpc("files/create_folder_batch", arg).await.ok()[".tag"], expected);
        let arg = json!({"entries": [{"path": "/x"}]});
        assert_eq!(dropbox.rpc("files/delete_batch", arg).await.ok()[".tag"], expected);
    }
}

#[tokio::test]
async fn how_long_a_job_takes_is_a_switch() {
    for answers in [0, 3] {
        let dropbox = Dropbox::start().await;
        dropbox.control().change_switches(|switches| switches.job_in_progress_answers = answers);
        let launched = dropbox.rpc("files/delete_batch", json!({"entries": [{"path": "/x"}]})).await.ok();
        let job = json!({"async_job_id": launched["async_job_id"]});
        for _ in 0..answers {
            let check = dropbox.rpc("files/delete_batch/check", job.clone()).await.ok();
            assert_eq!(check, json!({".tag": "in_progress"}));
        }
        assert_eq!(dropbox.rpc("files/delete_batch/check", job).await.ok()[".tag"], "complete");
    }
}

#[tokio::test]
async fn a_job_is_asked_for_by_its_own_family_only() {
    let dropbox = Dropbox::start().await;
    let launched = dropbox.rpc("files/delete_batch", json!({"entries": [{"path": "/x"}]})).await.ok();
    let job = json!({"async_job_id": launched["async_job_id"]});
    let wrong = dropbox.rpc("files/move_batch/check_v2", job).await;
    assert_eq!(wrong.summary(), "invalid_async_job_id");
}

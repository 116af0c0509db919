//! Small pictures of large ones.

mod common;

use common::Dropbox;
use serde_json::{Value, json};

async fn thumbnail(dropbox: &Dropbox, path: &str, more: Value) -> common::Answer {
    let mut arg = json!({"resource": {".tag": "path", "path": path}});
    arg.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    dropbox.fetch("files/get_thumbnail_v2", arg, None).await
}

#[tokio::test]
async fn a_picture_is_scaled_into_its_frame_and_never_enlarged() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put_sample().expect("put");
    let beach = "/Photos/2025/Beach.bmp";
    let cases = [
        (json!({}), 64, image::ImageFormat::Jpeg),
        (json!({"size": "w32h32", "format": "png"}), 32, image::ImageFormat::Png),
        (json!({"size": {".tag": "w256h256"}, "mode": "bestfit"}), 96, image::ImageFormat::Jpeg),
        (json!({"size": "w32h32", "mode": "original"}), 96, image::ImageFormat::Jpeg),
    ];
    for (arg, side, format) in cases {
        let answer = thumbnail(&dropbox, beach, arg.clone()).await;
        assert_eq!(answer.result()["file_metadata"]["name"], "Beach.bmp");
        assert_eq!(image::guess_format(&answer.bytes).expect("a picture"), format, "{arg}");
        let picture = image::load_from_memory(&answer.bytes).expect("a picture");
        assert_eq!((picture.width(), picture.height()), (side, side), "{arg}");
    }
}

#[tokio::test]
async fn what_is_no_picture_says_why() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/text.txt", "no picture").expect("put");
    dropbox.control().put("/broken.png", "no picture either").expect("put");
    dropbox.control().mkdir("/folder.png").expect("mkdir");
    for (path, summary) in [
        ("/text.txt", "unsupported_extension"),
        ("/broken.png", "conversion_error"),
        ("/folder.png", "path/not_file"),
        ("/none.png", "path/not_found"),
    ] {
        assert_eq!(thumbnail(&dropbox, path, json!({})).await.summary(), summary);
    }
    thumbnail(&dropbox, "/text.txt", json!({"size": "w1h1"})).await.bad_request();
    let entries = vec![json!({"path": "/text.txt"}); 26];
    let many = dropbox.rpc("files/get_thumbnail_batch", json!({"entries": entries})).await;
    assert_eq!(many.summary(), "too_many_files");
}

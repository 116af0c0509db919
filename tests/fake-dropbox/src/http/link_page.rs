//! `/scl/…`: what a person sees who opens a shared link.
//!
//! `dl=1` downloads a file; anything else is a small page. There is nobody signed in here, so that a link
//! with a password shows nothing.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

use super::download::send;
use super::pages;
use super::sharing::open;
use crate::links::{Link, LinkAudience};
use crate::service::Shared;
use crate::state::entry::Entry;
use crate::state::path::PathArg;

/// Shows or downloads what is behind a link.
pub(super) async fn show(
    State(service): State<Shared>,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let Ok((link, entry)) = open(&service, &format!("{}{uri}", service.origin)) else {
        return page(StatusCode::NOT_FOUND, "This link does not work", "It was deleted, or never was.", &[]);
    };
    if link.settings.password.is_some() || link.settings.audience != LinkAudience::Public {
        return page(StatusCode::FORBIDDEN, "This link is protected", "Not everybody may open it.", &[]);
    }
    let wants_file = query.get("dl").is_some_and(|dl| dl == "1");
    match entry.version() {
        Some(version) if wants_file && link.settings.allow_download => {
            let response = send(&service, &headers, version);
            response.map(attached).unwrap_or_else(|failure| failure.into_response("scl", 0))
        }
        Some(version) => page(StatusCode::OK, &entry.name, &format!("{} bytes", version.size), &[]),
        None => page(StatusCode::OK, &entry.name, "A folder with:", &children(&service, &link, &entry)),
    }
}

fn children(service: &Shared, link: &Link, folder: &Entry) -> Vec<String> {
    let path = PathArg::Id(folder.id().unwrap_or_default().into(), Vec::new());
    service.read(&link.account_id, |account| match account.lookup(&path) {
        Ok(key) => account.children(key).values().map(|&child| account.entry(child).name).collect(),
        Err(_) => Vec::new(),
    })
}

fn attached(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    response
}

fn page(status: StatusCode, title: &str, text: &str, list: &[String]) -> Response {
    (status, Html(pages::shared(title, text, list))).into_response()
}

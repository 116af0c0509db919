//! Requests in, answers out: one origin for all hosts of the service.
//!
//! The way of a call: `traffic` (counts, delays, faults), the token check, the write lock, the argument
//! check, then the route's own function. What a call means is in `state`.
//!
//! Rule: an argument that the service would refuse is refused here, with its status and content type.

pub(crate) mod args;
mod authorize;
mod batch;
mod call;
mod control;
mod delete;
mod download;
pub(crate) mod envelope;
mod export;
mod folders;
mod gate;
mod link_page;
mod link_settings;
mod list_folder;
mod longpoll;
pub(crate) mod metadata;
mod pages;
mod relocate;
mod revisions;
mod routes;
mod search;
mod sessions;
mod sharing;
mod temporary_links;
mod thumbnails;
mod token;
mod unions;
mod upload;
mod users;
mod zip;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};

use crate::control::Control;
use crate::service::Shared;
use crate::traffic;

/// Returns all routes of a service.
pub(crate) fn router(service: Shared) -> Router {
    let api = Router::new()
        .route("/2/{*route}", any(gate::answer))
        .layer(from_fn_with_state(service.traffic.clone(), traffic::hold_write_lock))
        .layer(from_fn_with_state(service.clone(), gate::check_token))
        .with_state(service.clone());
    let temporary = Router::new()
        .route("/temporary/{token}", get(temporary_links::download).post(temporary_links::upload))
        .with_state(service.clone());
    let authorize = Router::new()
        .route("/oauth2/authorize", get(authorize::show).post(authorize::submit))
        .with_state(service.sign_in.clone());
    let switches = {
        let service = service.clone();
        Arc::new(move || service.switches())
    };
    let token = Router::new()
        .route("/oauth2/token", post(token::token))
        .with_state(token::TokenEndpoint { sign_in: service.sign_in.clone(), switches });
    let links =
        Router::new().route("/scl/{kind}/{key}/{name}", get(link_page::show)).with_state(service.clone());
    let control = Router::new()
        .route("/control", get(control::list))
        .route("/control/{name}", post(control::command))
        .with_state(Control::new(service.clone()));
    api.merge(temporary)
        .merge(authorize)
        .merge(token)
        .merge(links)
        .layer(from_fn_with_state(service.traffic.clone(), traffic::pass))
        .merge(control)
}

//! A service that answers what a fuzz input says, and a client that asks it, both on one thread.
//!
//! Real HTTP over a loopback socket: what is checked is the client as everybody else sees it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use dropbox_client::{Client, ClientError, Credentials, Endpoints, Options, RetryPolicy};
use tokio::{net::TcpListener, runtime::Runtime};

/// Secrets that the client holds; no error may show one.
pub(crate) const SECRETS: [&str; 3] = ["CANARY-access-token", "CANARY-refresh-token", "CANARY-app-secret"];

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    /// What is answered to the token endpoint; a good token when there is none.
    token: Option<Answer>,
    /// Arguments of the calls, in order.
    asked: Vec<Bytes>,
}

/// The service, its client, and the runtime of both.
pub(crate) struct Service {
    runtime: Runtime,
    url: String,
    script: Arc<Mutex<Script>>,
    /// None when the one before had learnt something that outlives a call.
    client: Option<Client>,
}

impl Service {
    pub(crate) fn start() -> Service {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = script.clone();
        let app = Router::new().fallback(move |request: Request| answer(shared.clone(), request));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        runtime.spawn(async move { axum::serve(listener, app).await.expect("serving") });
        Service { runtime, url, script, client: None }
    }

    /// Answers so from now on, to one call after the other; what comes later is refused.
    pub(crate) fn will_answer(&mut self, answers: Vec<Answer>, token: Option<Answer>) {
        let fresh_token_needed = token.is_some();
        *self.script() = Script { answers: answers.into(), token, asked: Vec::new() };
        if fresh_token_needed {
            self.renew();
        }
    }

    /// Runs calls of the client to their end.
    pub(crate) fn run<T, F: Future<Output = T>>(&mut self, calls: impl FnOnce(Client) -> F) -> T {
        let client = self.client.get_or_insert_with(|| client(&self.url)).clone();
        self.runtime.block_on(calls(client))
    }

    /// The arguments that the service was sent.
    pub(crate) fn asked(&self) -> Vec<Bytes> {
        self.script().asked.clone()
    }

    /// Where the service lives.
    pub(crate) fn endpoints(&self) -> Endpoints {
        endpoints(&self.url)
    }

    /// Takes a new client when this one has learnt something that outlives a call: a pause, the end of a sign-in.
    pub(crate) fn forget(&mut self, error: &ClientError) {
        if matches!(error, ClientError::RateLimited { .. } | ClientError::SignInNeeded(_)) {
            self.renew();
        }
    }

    /// Takes a new client for the next call.
    pub(crate) fn renew(&mut self) {
        self.client = None;
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn endpoints(url: &str) -> Endpoints {
    Endpoints {
        authorize: format!("{url}/oauth2/authorize"),
        token: format!("{url}/oauth2/token"),
        api: url.to_owned(),
        content: url.to_owned(),
        notify: url.to_owned(),
    }
}

fn client(url: &str) -> Client {
    let retry = RetryPolicy {
        attempts: 1,
        base_delay: Duration::from_micros(5),
        max_delay: Duration::from_micros(5),
        max_retry_after: Duration::ZERO,
        // Longer than anything that is claimed here takes: that a stalled connection ends is for other tests.
        stall: Duration::from_secs(600),
    };
    let credentials = Credentials {
        app_key: "appkey".into(),
        app_secret: Some(SECRETS[2].to_owned().into()),
        refresh_token: SECRETS[1].to_owned().into(),
    };
    Client::new(endpoints(url), credentials, Options { retry, ..Options::default() }).expect("good settings")
}

async fn answer(script: Arc<Mutex<Script>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = match head.uri.path() {
        "/oauth2/token" => script.token.clone().unwrap_or_else(good_token),
        _ => {
            let argument = head.headers.get("dropbox-api-arg");
            script.asked.push(argument.map_or(body, |argument| Bytes::copy_from_slice(argument.as_bytes())));
            script.answers.pop_front().unwrap_or_else(nothing_more)
        }
    };
    response(answer)
}

fn good_token() -> Answer {
    let body = format!(r#"{{"access_token":"{}","token_type":"bearer","expires_in":14400}}"#, SECRETS[0]);
    Answer { status: 200, headers: Vec::new(), body: body.into_bytes() }
}

fn nothing_more() -> Answer {
    Answer { status: 400, headers: Vec::new(), body: b"nothing more was scripted".to_vec() }
}

fn response(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    for (name, value) in &answer.headers {
        let parsed = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()));
        // The lengths are the server's own business: a wrong one would only break the connection.
        if let (Ok(name), Ok(value)) = parsed
            && ![header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION].contains(&name)
        {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

//! A receiver of webhooks on a real socket: it keeps what it gets, and answers as it is told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

/// What to answer.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// A status with headers and a text.
    Status(u16, &'static [(&'static str, &'static str)], &'static str),
    /// Nothing, for ever.
    Silence,
}

impl Reply {
    pub(super) const FINE: Reply = Reply::Status(204, &[], "");
}

/// A request as it came.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Request {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).expect("a body is JSON")
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    /// What happened to which anomaly.
    pub(super) fn said(&self) -> String {
        let json = self.json();
        format!("{} {}", json["id"].as_str().unwrap(), json["kind"].as_str().unwrap())
    }
}

/// Answers, in their order; without any, that all is well.
#[derive(Clone)]
struct Script {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    requests: UnboundedSender<Request>,
}

/// The receiver; it goes down with this value.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    script: Script,
    requests: UnboundedReceiver<Request>,
    server: Option<JoinHandle<()>>,
    /// Holds the port while nobody listens, so that connections are refused.
    socket: Option<TcpSocket>,
}

impl Receiver {
    /// One that is not up yet.
    pub(super) fn down() -> Receiver {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let (sender, requests) = unbounded_channel();
        let script = Script { replies: Arc::default(), requests: sender };
        let address = socket.local_addr().unwrap();
        Receiver { address, script, requests, server: None, socket: Some(socket) }
    }

    pub(super) fn up() -> Receiver {
        let mut receiver = Receiver::down();
        receiver.go_up();
        receiver
    }

    pub(super) fn go_up(&mut self) {
        let socket = self.socket.take().expect("it was down");
        let listener: TcpListener = socket.listen(64).unwrap();
        let app = Router::new().fallback(answer).with_state(self.script.clone());
        self.server = Some(tokio::spawn(async move {
            axum::serve(listener, app).await.unwrap();
        }));
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// What the next requests are answered.
    pub(super) fn will_answer(&self, replies: &[Reply]) {
        self.script.replies.lock().unwrap().extend(replies.iter().cloned());
    }

    /// The next request, once it is there.
    pub(super) async fn request(&mut self) -> Request {
        self.requests.recv().await.expect("the receiver holds a sender itself")
    }

    /// What has come and not been looked at.
    pub(super) fn rest(&mut self) -> Vec<Request> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }

    /// The same, said in brief.
    pub(super) fn said(&mut self) -> Vec<String> {
        self.rest().iter().map(Request::said).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.iter().for_each(JoinHandle::abort);
    }
}

async fn answer(State(script): State<Script>, headers: HeaderMap, body: Bytes) -> Response {
    let text = String::from_utf8(body.to_vec()).expect("a body is text");
    let reply = script.replies.lock().unwrap().pop_front().unwrap_or(Reply::FINE);
    // The test has ended if nobody listens.
    let _ = script.requests.send(Request { headers, text });
    match reply {
        Reply::Silence => std::future::pending().await,
        Reply::Status(status, headers, text) => {
            let mut response = (StatusCode::from_u16(status).unwrap(), text).into_response();
            for (name, value) in headers {
                response.headers_mut().insert(*name, value.parse().unwrap());
            }
            response
        }
    }
}

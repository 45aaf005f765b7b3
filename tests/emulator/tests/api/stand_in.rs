//! A server that is a function on one path and a CRM on another.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use partner_central_emulator::{Delivery, Emulator, Endpoint, Settings};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Where the function is invoked.
pub(crate) const FUNCTION: &str = "/2015-03-31/functions/enrich-opportunity/invocations";
/// Where the CRM takes deliveries.
pub(crate) const CRM: &str = "/crm";

/// A request as it came in.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Answers a path that was asked so many times before.
type Answer = fn(&str, usize) -> Response<&'static str>;

pub(crate) struct StandIn {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
    _serving: JoinSet<()>,
}

impl StandIn {
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::default();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, Arc::clone(&received), answer));
        Self {
            url,
            received,
            _serving: serving,
        }
    }

    pub(crate) fn endpoint(&self, path: &str) -> Endpoint {
        format!("{}{path}", self.url).parse().unwrap()
    }

    /// An emulator whose events come here and nowhere else.
    pub(crate) fn as_function(&self) -> Settings {
        Settings {
            on_change: Some(self.endpoint(FUNCTION)),
            ..Settings::default()
        }
    }

    /// An emulator whose events come here, and whose answers come here again.
    pub(crate) fn as_both(&self) -> Settings {
        Settings {
            deliver: Some(self.endpoint(CRM).into()),
            ..self.as_function()
        }
    }

    /// What came in on a path so far.
    pub(crate) fn received(&self, path: &str) -> Vec<Received> {
        let mut received = self.received.lock().unwrap().clone();
        received.retain(|it| it.path == path);
        received
    }
}

async fn serve(listener: TcpListener, received: Arc<Mutex<Vec<Received>>>, answer: Answer) {
    let received = &received;
    let respond = async |request: Request<Incoming>| {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let path = head.uri.path().to_owned();
        let mut received = received.lock().unwrap();
        let before = received.iter().filter(|it| it.path == path).count();
        let answer = answer(&path, before).map(|body| Full::new(Bytes::from(body)));
        received.push(Received {
            method: head.method,
            path,
            headers: head.headers,
            body,
        });
        io::Result::Ok(answer)
    };
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let connection = http1::Builder::new()
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service_fn(respond));
        let _ = connection.await;
    }
}

/// An answer with a status and a body.
pub(crate) fn answer(status: u16, body: &'static str) -> Response<&'static str> {
    Response::builder().status(status).body(body).unwrap()
}

/// What became of the events, once there is so much of it.
pub(crate) async fn deliveries(emulator: &Emulator, count: usize) -> Vec<Delivery> {
    let arrived = async {
        while emulator.deliveries().len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        emulator.deliveries()
    };
    let deliveries = tokio::time::timeout(Duration::from_secs(30), arrived).await;
    deliveries.unwrap()
}

//! What happens, while it happens: the control API's server-sent events.

use std::time::Duration;

use partner_central_emulator::Emulator;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;

use crate::client::{ID, call, emulator, get, seed, update};
use crate::stand_in::{StandIn, answer};

struct Stream(Lines<BufReader<TcpStream>>);

impl Stream {
    /// A stream from its beginning, or from behind a number on.
    async fn open(emulator: &Emulator, last: Option<usize>) -> Self {
        let mut stream = TcpStream::connect(emulator.url().replace("http://", ""))
            .await
            .unwrap();
        let last = last.map_or(String::new(), |last| format!("last-event-id: {last}\r\n"));
        let request = format!("GET /_control/events HTTP/1.1\r\nhost: localhost\r\n{last}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        Self(BufReader::new(stream).lines())
    }

    /// The next event: its number, its kind, and what it holds.
    async fn next(&mut self) -> (usize, String, Value) {
        let event = async {
            let (mut number, mut kind) = (0, String::new());
            loop {
                let line = self.0.next_line().await.unwrap().unwrap();
                match line.split_once(": ") {
                    Some(("id", text)) => number = text.parse().unwrap(),
                    Some(("event", text)) => kind = text.to_owned(),
                    Some(("data", text)) => {
                        let mut data: Value = serde_json::from_str(text).unwrap();
                        assert!(data["at"].is_string());
                        return (number, kind.clone(), data[kind].take());
                    }
                    _ => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), event)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn it_tells_what_was_and_what_is() {
    let stand_in = StandIn::start(|_, _| answer(200, "{}")).await;
    let emulator = Emulator::start_with(stand_in.as_function()).await.unwrap();
    seed(&emulator);
    call(&emulator, "GetOpportunity", &get()).await;
    let mut stream = Stream::open(&emulator, None).await;
    let (number, kind, request) = stream.next().await;
    assert_eq!((number, kind.as_str()), (0, "request"));
    assert_eq!(request["answer"], emulator.opportunity(ID).unwrap());

    call(&emulator, "UpdateOpportunity", &update("New")).await;
    let mut kinds = Vec::new();
    for expected in 1..=3 {
        let (number, kind, what) = stream.next().await;
        assert_eq!((number, &what["identifier"]), (expected, &json!(ID)));
        kinds.push(kind);
    }
    kinds.sort();
    assert_eq!(kinds, ["delivery", "event", "request"]);
}

#[tokio::test]
async fn it_goes_on_where_it_broke_off_or_where_the_record_begins() {
    let emulator = emulator().await;
    for operation in ["GetOpportunity", "UpdateOpportunity"] {
        call(&emulator, operation, &json!({})).await;
    }
    // Each case: the number that the client has seen last, and the one that follows.
    for (last, expected) in [(None, 0), (Some(0), 1), (Some(99), 0)] {
        assert_eq!(Stream::open(&emulator, last).await.next().await.0, expected);
    }
    let mut stream = Stream::open(&emulator, Some(1)).await;
    emulator.clear_records();
    call(&emulator, "ListOpportunities", &json!({})).await;
    let (number, _, request) = stream.next().await;
    assert_eq!(
        (number, &request["operation"]),
        (2, &json!("ListOpportunities"))
    );
    assert_eq!(Stream::open(&emulator, Some(0)).await.next().await.0, 2);
}

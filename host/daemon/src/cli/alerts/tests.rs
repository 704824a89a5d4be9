//! The commands on a real store, with and without somebody who has it open.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use bellwether_store::{AlertKind, Checkpoint, NewAlert, Severity};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::super::running::reachable;
use super::*;

const TOKEN: &str = "a-token-of-some-length";

/// A folder with a configuration, and a store in which one alert is dead and one waits.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new(listen: SocketAddr) -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        let text = format!(
            "builtin_patterns: false\nstore: {{path: state.db}}\napi: {{listen: \"{listen}\", token_file: token}}\nalerts:\n  sinks: [{{type: stdout, name: chat}}]\n"
        );
        std::fs::write(place.config(), text).unwrap();
        std::fs::write(place.folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
        let mut writer = place.writer();
        let alert = |id: &str| NewAlert {
            key: format!("{id}:opened:5"),
            anomaly: id.into(),
            source: "file:web".into(),
            cause: id.into(),
            kind: AlertKind::Opened,
            severity: Severity::Warning,
            at_ms: 1_700_000_000_000,
            body: "{}".into(),
            sinks: vec!["chat".into()],
        };
        let alerts = vec![alert("one"), alert("two")];
        let checkpoint = Checkpoint { tenant: "default".into(), alerts, ..Checkpoint::default() };
        writer.commit(&checkpoint).unwrap();
        writer.dead(1, "the answer was 410\u{1b}[2J", 7).unwrap();
        place
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("b.yaml")
    }

    fn writer(&self) -> Writer {
        Writer::open(&self.folder.path().join("state.db"), StoreOptions::default()).unwrap()
    }

    fn list(&self, state: Option<State>, format: Format) -> String {
        let options = ListOptions { config: self.config(), tenant: None, state, limit: 50, format };
        let mut out = Vec::new();
        list(&options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// What the command says, or how it fails.
    fn retry(&self, sink: Option<&str>) -> String {
        let sink = sink.map(str::to_owned);
        let options = RetryOptions { config: self.config(), tenant: None, sink };
        let mut out = Vec::new();
        match retry(&options, &mut out) {
            Ok(()) => String::from_utf8(out).unwrap(),
            Err(failure) => format!("{failure:?}"),
        }
    }
}

fn nowhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1))
}

#[test]
fn alerts_are_listed_for_people_and_programs() {
    let place = Place::new(nowhere());
    let cases = [
        (None, vec!["two", "one"]),
        (Some(State::Dead), vec!["one"]),
        (Some(State::Pending), vec!["two"]),
        (Some(State::Sent), vec![]),
    ];
    for (state, expected) in cases {
        let lines = place.list(state, Format::Json);
        let alerts: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let anomalies: Vec<_> = alerts.iter().map(|alert| &alert["anomaly"]).collect();
        assert_eq!(anomalies, expected, "{state:?}");
    }
    let table = place.list(Some(State::Dead), Format::Table);
    assert!(table.contains("2023-11-14 22:13:20  dead   chat  opened  warning"), "{table}");
    assert!(table.ends_with("the answer was 410\\u{1b}[2J\n"), "{table}");
    assert_eq!(place.list(Some(State::Suppressed), Format::Table), "no alerts\n");
}

#[test]
fn the_dead_are_revived_while_nobody_has_the_store() {
    let place = Place::new(nowhere());
    let said = place.retry(Some("char"));
    assert!(said.contains("there is no sink `char`; configured are: chat"), "{said}");
    let expected = "1 alerts wait again; they are sent once bellwether runs\n";
    assert_eq!(place.retry(Some("chat")), expected);
    assert_eq!(place.retry(None), expected.replace('1', "0"));
    assert_eq!(place.list(Some(State::Dead), Format::Table), "no alerts\n");
}

#[test]
fn a_store_that_is_not_there_is_not_created() {
    let place = Place::new(nowhere());
    let database = place.folder.path().join("state.db");
    std::fs::remove_file(&database).unwrap();
    let said = place.retry(None);
    assert!(said.contains("code: 66") && said.contains("no database at"), "{said}");
    assert!(!database.exists());
}

/// Something that answers like the daemon, and what it was asked.
fn daemon(answer: (StatusCode, &'static str)) -> (SocketAddr, Receiver<String>) {
    let (sender, asked) = channel();
    let (tell, address) = channel();
    std::thread::spawn(move || {
        let serve = async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let app =
                Router::new().fallback(async move |uri: Uri, headers: HeaderMap, body: String| {
                    let token = headers["authorization"].to_str().unwrap();
                    sender.send(format!("{uri} {token} {body}")).unwrap();
                    answer
                });
            axum::serve(listener, app).await.unwrap();
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(serve);
    });
    (address.recv().unwrap(), asked)
}

#[test]
fn whoever_has_the_store_is_asked() {
    let fine = (StatusCode::OK, "{\"retried\": 3}");
    let refused = (StatusCode::UNAUTHORIZED, "{\"title\": \"no\", \"detail\": \"wrong token\"}");
    let cases = [
        (fine, Some("chat"), "{\"sink\":\"chat\"}", "3 alerts wait again; the running bellwether"),
        (fine, None, "{}", "3 alerts wait again; the running bellwether"),
        (refused, None, "{}", "does not let us in: wrong token"),
    ];
    for (answer, sink, body, expected) in cases {
        let (address, asked) = daemon(answer);
        let place = Place::new(address);
        let _holder = place.writer();
        let said = place.retry(sink);
        assert!(said.contains(expected), "{said}");
        let request = asked.recv().unwrap();
        assert_eq!(request, format!("/api/v1/alerts/retry?tenant=default Bearer {TOKEN} {body}"));
    }
    let place = Place::new(nowhere());
    let _holder = place.writer();
    let said = place.retry(None);
    assert!(said.contains("code: 69") && said.contains("answers at 127.0.0.1:1"), "{said}");
}

#[test]
fn whoever_listens_everywhere_is_reached_here() {
    let cases = [
        ("0.0.0.0:8085", "127.0.0.1:8085"),
        ("[::]:8085", "[::1]:8085"),
        ("10.1.2.3:80", "10.1.2.3:80"),
    ];
    for (listen, expected) in cases {
        assert_eq!(reachable(listen.parse().unwrap()).to_string(), expected);
    }
}

//! One sink, round by round: what it gets, and what becomes of what it does not take.

use bellwether_store::AlertState::{Dead, Pending, Sent, Suppressed};

use super::receiver::{Receiver, Reply};
use super::*;
use EventKind::{Opened, Resolved, Updated};

/// Longer than any pause between attempts that these tests come to.
const LATER_MS: u64 = 3_600_000;

/// Works until nothing is due at this moment.
async fn work(courier: &mut Courier) -> Option<u64> {
    loop {
        match courier.round().await.unwrap() {
            Some(next_ms) if next_ms <= clock() => {}
            next_ms => return next_ms,
        }
    }
}

#[tokio::test]
async fn an_alert_arrives_with_everything_a_receiver_needs() {
    let mut receiver = Receiver::up();
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "hush\n").unwrap();
    let settings = format!(
        ", secret_file: {}, headers: {{Authorization: \"Bearer ${{CARGO_PKG_NAME}}\"}}",
        secret.display()
    );
    let desk = Desk::for_webhook(&receiver.url(), &settings, &[]);
    desk.commit(&[event("a", Opened)]).await;
    assert_eq!(work(&mut desk.courier()).await, None);
    let request = receiver.request().await;
    assert_eq!(request.said(), "a opened");
    assert_eq!(request.json()["suppressed_since"], 0);
    assert_eq!(request.json()["key"], "a:opened:1000");
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "a:opened:1000"),
        ("x-bellwether-timestamp", "1700000000"),
        ("authorization", "Bearer bellwether-daemon"),
        ("user-agent", concat!("bellwether/", env!("CARGO_PKG_VERSION"))),
    ];
    for (name, expected) in headers {
        assert_eq!(request.header(name), expected, "{name}");
    }
    let signature = request.header("x-bellwether-signature").strip_prefix("sha256=").unwrap();
    assert_eq!(signature.len(), 64);
    assert_eq!(desk.states(), [(Sent, 0)]);
    assert_eq!(receiver.said(), [""; 0], "once");
}

#[tokio::test]
async fn bodies_of_ones_own_are_filled() {
    let mut receiver = Receiver::up();
    let settings = ", body: {text: \"{{severity}}: {{sentence}}\", rate: \"{{now_per_minute}}\"}";
    let desk = Desk::for_webhook(&receiver.url(), settings, &[]);
    let hostile = "\"}, \"text\": \"{{id}}\"\n\u{1b}[2J";
    desk.commit(&[Event { sentence: hostile.into(), ..event("a", Opened) }]).await;
    work(&mut desk.courier()).await;
    let expected = serde_json::json!({"text": format!("warning: {hostile}"), "rate": 12.0});
    assert_eq!(receiver.request().await.json(), expected);
}

/// What a receiver answers at first, and what becomes of the alert: with the first attempt, and in the end.
struct Case {
    replies: Vec<Reply>,
    first: AlertState,
    reason: &'static str,
    attempts: usize,
    last: AlertState,
}

#[tokio::test]
async fn failures_are_told_apart() {
    let status = |code, text| Reply::Status(code, &[], text);
    let redirect = Reply::Status(302, &[("location", "http://127.0.0.1:9/")], "there");
    let case = |replies: &[Reply], first, reason, attempts, last| Case {
        replies: replies.to_vec(),
        first,
        reason,
        attempts,
        last,
    };
    let cases = [
        case(
            &[status(500, "oops\u{7}")],
            Pending,
            "500 Internal Server Error: oops\\u{7}",
            2,
            Sent,
        ),
        case(&[status(503, ""), status(502, "")], Pending, "503 Service Unavailable", 3, Sent),
        case(&[status(408, "")], Pending, "408 Request Timeout", 2, Sent),
        case(&[status(404, "not now")], Pending, "404 Not Found: not now", 2, Sent),
        case(&vec![status(401, "who?"); 20], Pending, "401 Unauthorized: who?", 8, Dead),
        case(&vec![redirect; 20], Pending, "302 Found, which is not followed", 8, Dead),
        case(&vec![status(500, ""); 20], Pending, "500", 12, Dead),
        case(&[status(410, "gone away")], Dead, "410 Gone: gone away", 1, Dead),
        case(&[Reply::Silence], Pending, "no answer within 1 s", 2, Sent),
    ];
    for Case { replies, first, reason, attempts, last } in cases {
        let mut receiver = Receiver::up();
        let lines = ["attempts_max: 12", "timeout_s: 1"];
        let desk = Desk::for_webhook(&receiver.url(), "", &lines);
        receiver.will_answer(&replies);
        desk.commit(&[event("a", Opened)]).await;
        let mut courier = desk.courier();
        work(&mut courier).await;
        let alert = desk.alerts().remove(0);
        let said = alert.reason.unwrap_or_default();
        assert!(said.contains(reason), "{said} instead of {reason}");
        assert_eq!((alert.state, alert.attempts), (first, 1), "{reason}");
        for _ in 0..20 {
            pass(LATER_MS);
            work(&mut courier).await;
        }
        assert_eq!(desk.alerts()[0].state, last, "{reason}");
        let requests = receiver.rest();
        let keys: Vec<_> = requests.iter().map(|one| one.header("idempotency-key")).collect();
        assert_eq!(keys, vec!["a:opened:1000"; attempts], "{reason}");
    }
}

#[tokio::test]
async fn a_sink_that_was_down_gets_everything_in_order() {
    let mut receiver = Receiver::down();
    let desk = Desk::for_webhook(&receiver.url(), "", &[]);
    desk.commit(&[event("a", Opened), event("a", Updated), event("b", Opened)]).await;
    let mut courier = desk.courier();
    let next_ms = work(&mut courier).await.unwrap();
    let pause_ms = next_ms - clock();
    assert!((2_500..=5_000).contains(&pause_ms), "{pause_ms}");
    assert_eq!(desk.states(), [(Pending, 1), (Pending, 0), (Pending, 1)]);
    desk.commit(&[event("a", Resolved), event("c", Opened)]).await;
    assert_eq!(courier.round().await.unwrap(), Some(next_ms), "it is left alone");
    assert_eq!(desk.states()[4], (Pending, 0));

    receiver.go_up();
    pass(LATER_MS);
    assert_eq!(work(&mut courier).await, None);
    assert!(desk.states().iter().all(|(state, _)| *state == Sent), "{:?}", desk.states());
    let said = receiver.said();
    let of_a: Vec<_> = said.iter().filter(|said| said.starts_with('a')).collect();
    assert_eq!(of_a, ["a opened", "a updated", "a resolved"]);
    assert_eq!(said.len(), 5, "{said:?}");
}

#[tokio::test]
async fn one_alert_that_fails_holds_up_only_its_own_anomaly() {
    let mut receiver = Receiver::up();
    let desk = Desk::for_webhook(&receiver.url(), "", &[]);
    desk.commit(&[event("a", Opened)]).await;
    let number = desk.alerts()[0].number;
    let next_ms = clock() + LATER_MS;
    desk.keeper.ask(move |writer| writer.failed(number, "odd", next_ms)).await.unwrap();
    desk.commit(&[event("a", Updated), event("b", Opened), event("b", Resolved)]).await;
    let mut courier = desk.courier();
    assert_eq!(work(&mut courier).await, Some(next_ms));
    assert_eq!(receiver.said(), ["b opened", "b resolved"]);
    pass(LATER_MS);
    assert_eq!(work(&mut courier).await, None);
    assert_eq!(receiver.said(), ["a opened", "a updated"]);
}

#[tokio::test]
async fn who_asks_to_be_left_alone_is_left_alone() {
    let mut receiver = Receiver::up();
    let desk = Desk::for_webhook(&receiver.url(), "", &[]);
    receiver.will_answer(&[Reply::Status(429, &[("retry-after", "7200")], "slowly")]);
    desk.commit(&[event("a", Opened)]).await;
    let mut courier = desk.courier();
    assert_eq!(work(&mut courier).await, Some(clock() + 7_200_000));
    assert_eq!(desk.alerts()[0].next_ms, clock() + 7_200_000);
    desk.commit(&[event("b", Opened)]).await;
    pass(7_199_999);
    work(&mut courier).await;
    assert_eq!(receiver.said(), ["a opened"], "nothing else either");
    pass(1);
    work(&mut courier).await;
    let mut said = receiver.said();
    said.sort_unstable();
    assert_eq!(said, ["a opened", "b opened"]);
}

#[tokio::test]
async fn a_kill_between_sending_and_marking_repeats_the_key() {
    let mut receiver = Receiver::up();
    let desk = Desk::for_webhook(&receiver.url(), "", &[]);
    receiver.will_answer(&[Reply::Silence]);
    desk.commit(&[event("a", Opened)]).await;
    let mut courier = desk.courier();
    let killed = tokio::spawn(async move { courier.round().await.map(drop) });
    let first = receiver.request().await;
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    assert_eq!(desk.states(), [(Pending, 0)], "nobody has written that it arrived");
    work(&mut desk.courier()).await;
    let second = receiver.request().await;
    assert_eq!(first.header("idempotency-key"), second.header("idempotency-key"));
    assert_eq!(first.text, second.text);
    assert_eq!(desk.states(), [(Sent, 0)]);
}

#[tokio::test]
async fn a_cause_rests_and_is_summed_up() {
    let mut receiver = Receiver::up();
    let desk = Desk::new(config(&["cooldown_s: 600", &webhook(&receiver.url(), "")]));
    let mut courier = desk.courier();
    desk.commit(&[event("a1", Opened)]).await;
    work(&mut courier).await;
    pass(599_000);
    desk.commit(&[event("a2", Opened), event("a2", Resolved), event("b1", Opened)]).await;
    desk.commit(&[event("a3", Opened), event("a1", Resolved)]).await;
    work(&mut courier).await;
    // Those that are under way together may arrive in any order.
    let mut said = receiver.said();
    said.sort_unstable();
    assert_eq!(said, ["a1 opened", "a1 resolved", "b1 opened"]);
    pass(1_000);
    desk.commit(&[event("a4", Opened)]).await;
    work(&mut courier).await;
    let request = receiver.request().await;
    assert_eq!(
        (request.said().as_str(), &request.json()["suppressed_since"]),
        ("a4 opened", &2.into())
    );
    let spared = desk.alerts().into_iter().filter(|alert| alert.state == Suppressed);
    let spared: Vec<_> = spared.map(|alert| (alert.anomaly, alert.reason.unwrap())).collect();
    let expected = [("a2", "cooldown"), ("a2", "untold"), ("a3", "cooldown")];
    assert_eq!(spared, expected.map(|(id, why)| (id.to_owned(), why.to_owned())));
}

#[tokio::test]
async fn files_get_one_harmless_line_each() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.jsonl");
    let sink = format!("sinks: [{{type: file, path: {}}}]", path.display());
    let desk = Desk::new(config(&["cooldown_s: 0", &sink]));
    let hostile = Event { sentence: "\u{1b}[2J\n\u{202e}".into(), ..event("a", Opened) };
    desk.commit(&[hostile, event("a", Resolved), event("b", Opened)]).await;
    let mut courier = desk.courier();
    work(&mut courier).await;
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["sentence"], "\u{1b}[2J\n\u{202e}");
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    let ids: Vec<_> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["a", "b", "a"]);

    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    desk.commit(&[event("c", Opened)]).await;
    work(&mut courier).await;
    assert_eq!(desk.states()[3], (Pending, 1));
    assert!(desk.alerts()[3].reason.as_ref().unwrap().contains("directory"));
}

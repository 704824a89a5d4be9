//! Tests of what people do: acknowledge, note, silence, call normal, take back.

use serde_json::json;

use super::stand::{Stand, check_problem};

#[tokio::test]
async fn an_anomaly_is_acknowledged_by_the_last_to_say_so() {
    let stand = Stand::new();
    let path = "/api/v1/anomalies/a1/acknowledge";
    let ada = stand.expect_post(path, r#"{"by":"Ada"}"#, 200).await;
    assert_eq!(ada["summary"]["acknowledged"]["by"], "Ada");
    stand.expect_post(path, r#"{"by":"Ada"}"#, 409).await;
    let bob = stand.expect_post(path, r#"{"by":"Bob"}"#, 200).await;
    assert_eq!(bob["summary"]["acknowledged"]["by"], "Bob");
    let list = stand.expect("/api/v1/anomalies?acknowledged=true", 200).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["id"], "a1");
}

#[tokio::test]
async fn notes_are_kept_in_order_up_to_their_number() {
    let stand = Stand::new();
    let path = "/api/v1/anomalies/a1/note";
    for number in 0..bellwether_store::NOTES_MAX {
        let body = json!({"by": "Ada", "text": format!("note {number}\n<b>")}).to_string();
        let view = stand.expect_post(path, &body, 200).await;
        assert_eq!(view["notes"][number as usize]["text"], format!("note {number}\n<b>"));
    }
    let problem = stand.expect_post(path, r#"{"by":"Ada","text":"one more"}"#, 409).await;
    assert!(problem["detail"].as_str().unwrap().contains("notes already"), "{problem}");
}

#[tokio::test]
async fn a_silence_covers_the_message_until_it_is_ended() {
    let stand = Stand::new();
    let path = "/api/v1/anomalies/a1/silence";
    let body = r#"{"by":"Ada","minutes":60,"reason":"known"}"#;
    let view = stand.expect_post(path, body, 200).await;
    let silence = &view["silences"][0];
    assert_eq!(silence["template_id"], "00000002");
    assert_eq!(silence["source"], "file:nginx");
    assert_eq!(silence["active"], true);
    stand.expect_post(path, r#"{"by":"Bob","minutes":59}"#, 409).await;
    let other =
        stand.expect_post("/api/v1/anomalies/a4/silence", r#"{"by":"Bob","minutes":1.0}"#, 200);
    assert_eq!(other.await["silences"].as_array().unwrap().len(), 1, "the source as a whole");
    let silences = stand.expect("/api/v1/silences", 200).await;
    assert_eq!(silences["items"].as_array().unwrap().len(), 2);
    for (path, status) in [
        ("/api/v1/silences/1?by=Cy", 204),
        ("/api/v1/silences/1?by=Cy", 409),
        ("/api/v1/silences/9?by=Cy", 404),
        ("/api/v1/silences/1", 400),
        ("/api/v1/silences/x?by=Cy", 400),
    ] {
        let answer = stand.send("DELETE", path, &[], "").await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
        if status >= 400 {
            check_problem(&answer, path);
        }
    }
    let view = stand.expect("/api/v1/anomalies/a1", 200).await;
    assert_eq!(view["silences"][0]["active"], false);
    assert_eq!(view["silences"][0]["ended_by"], "Cy");
}

#[tokio::test]
async fn what_is_normal_is_resolved_until_it_is_taken_back() {
    let stand = Stand::new();
    let path = "/api/v1/anomalies/a1/normal";
    let view = stand.expect_post(path, r#"{"by":"Ada"}"#, 200).await;
    assert_eq!(view["summary"]["state"], "resolved");
    assert_eq!(view["summary"]["normal"]["by"], "Ada");
    stand.expect_post(path, r#"{"by":"Bob"}"#, 409).await;
    let open = stand.expect("/api/v1/anomalies?state=open", 200).await;
    let ids: Vec<_> = open["items"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, ["a4", "a3"], "of the same message and another source or none");
    let normals = stand.expect("/api/v1/normals", 200).await;
    assert_eq!(normals["items"][0]["template_id"], "00000002");
    let path = "/api/v1/normals?source=file:nginx&template_id=00000002";
    for status in [204, 404] {
        let answer = stand.send("DELETE", path, &[], "").await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    }
    let normals = stand.expect("/api/v1/normals", 200).await;
    assert_eq!(normals["items"], json!([]));
}

#[tokio::test]
async fn dead_alerts_are_tried_again() {
    let stand = Stand::new();
    let none = stand.expect_post("/api/v1/alerts/retry", "{}", 200).await;
    assert_eq!(none, json!({"retried": 0}));
    let died = stand.keeper.ask(|writer| {
        for number in 1..=3 {
            writer.dead(number, "no answer", 1)?;
        }
        Ok(())
    });
    died.await.unwrap();
    let chat = stand.expect_post("/api/v1/alerts/retry", r#"{"sink":"chat"}"#, 200).await;
    assert_eq!(chat, json!({"retried": 2}));
    let all = stand.expect_post("/api/v1/alerts/retry?tenant=default", "{}", 200).await;
    assert_eq!(all, json!({"retried": 1}));
}

#[tokio::test]
async fn bodies_that_mean_nothing_are_told() {
    let stand = Stand::new();
    let long = format!(r#"{{"by":"{}"}}"#, "a".repeat(201));
    let huge = format!(r#"{{"by":"{}"}}"#, "a".repeat(70_000));
    let cases = [
        ("acknowledge", "", 400, "JSON"),
        ("acknowledge", "{", 400, "JSON"),
        ("acknowledge", r#"["Ada"]"#, 400, "expected a map"),
        ("acknowledge", "{}", 400, "missing field `by`"),
        ("acknowledge", r#"{"by":""}"#, 400, "not the name"),
        ("acknowledge", r#"{"by":7}"#, 400, "by"),
        ("acknowledge", r#"{"by":"Ada","why":1}"#, 400, "unknown field `why`"),
        ("acknowledge", &long, 400, "201 characters, at most 200"),
        ("acknowledge", &huge, 413, "length limit"),
        ("note", r#"{"by":"Ada"}"#, 400, "missing field `text`"),
        ("note", r#"{"by":"Ada","text":" "}"#, 400, "nothing in it"),
        ("silence", r#"{"by":"Ada","minutes":0}"#, 400, "between 1 and 525600"),
        ("silence", r#"{"by":"Ada","minutes":525601}"#, 400, "between 1 and 525600"),
        ("silence", r#"{"by":"Ada","minutes":1.5}"#, 400, "1.5 is not a whole number"),
    ];
    for (action, body, status, part) in cases {
        let path = format!("/api/v1/anomalies/a1/{action}");
        let problem = stand.expect_post(&path, body, status).await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(part), "{action} {body:.60}: {detail}");
    }
    for action in ["acknowledge", "normal"] {
        let path = format!("/api/v1/anomalies/none/{action}");
        stand.expect_post(&path, r#"{"by":"Ada"}"#, 404).await;
        let path = format!("/api/v1/anomalies/a1/{action}?tenant=none");
        stand.expect_post(&path, r#"{"by":"Ada"}"#, 404).await;
    }
}

//! Tests of pushing, looking at and removing versions of plugins, and of what the log says about it.

use std::fs;
use std::path::PathBuf;

use bellwether_store::{AuditOutcome, AuditRow};
use serde_json::{Value, json};

use super::stand::{Answer, Stand, check_problem};
use crate::config::TrustedKey;
use crate::registry::{Folder, PrivateKey, digest_of};

const VERSIONS: &str = "/api/v1/plugins/versions";
const WASM: (&str, &str) = ("content-type", "application/wasm");

fn drop_noise() -> Vec<u8> {
    crate::shipped::component("drop-noise").unwrap().to_vec()
}

/// The same plugin in other bytes: with a section that means nothing.
fn other_drop_noise() -> Vec<u8> {
    [&drop_noise()[..], &[0, 3, 1, b'x', 7]].concat()
}

async fn push(stand: &Stand, component: Vec<u8>, headers: &[(&str, &str)]) -> Answer {
    let headers = [&[WASM], headers].concat();
    stand.send("POST", &format!("{VERSIONS}?by=Ada"), &headers, component).await
}

/// Pushes what is refused, and demands these words.
async fn refuse(stand: &Stand, component: Vec<u8>, headers: &[(&str, &str)], told: (u16, &str)) {
    let answer = push(stand, component, headers).await;
    assert_eq!(answer.status, told.0, "{}", answer.text);
    check_problem(&answer, VERSIONS);
    let detail = answer.json()["detail"].to_string();
    assert!(detail.contains(told.1), "`{}` is not in: {detail}", told.1);
}

/// Actor, action, plugin, version and outcome of all that happened, newest first.
async fn log(stand: &Stand) -> Vec<String> {
    let list = stand.expect("/api/v1/audit", 200).await;
    let items = list["items"].as_array().unwrap();
    let word = |item: &Value, field: &str| item[field].as_str().unwrap_or("-").to_owned();
    let fields = ["actor", "action", "plugin", "version", "outcome"];
    items.iter().map(|item| fields.map(|field| word(item, field)).join(" ")).collect()
}

fn file(stand: &Stand, component: &[u8]) -> PathBuf {
    let folder = stand.database().with_file_name("plugins/sha256");
    folder.join(format!("{}.wasm", digest_of(component)))
}

#[tokio::test]
async fn a_component_that_was_pushed_can_be_looked_at_and_fetched() {
    let stand = Stand::new();
    let component = drop_noise();
    let digest = format!("sha256:{}", digest_of(&component));
    let tag = format!("\"{digest}\"");
    let mut answers = Vec::new();
    for status in [201, 200] {
        let answer = push(&stand, component.clone(), &[]).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (status, &*tag));
        answers.push(answer.json());
    }
    assert_eq!(answers[0], answers[1], "the second push has changed nothing");
    assert_eq!(log(&stand).await, ["Ada push drop-noise 0.1.0 done"]);

    let one = format!("{VERSIONS}/drop-noise/0.1.0");
    let detail = stand.expect(&one, 200).await;
    assert_eq!(detail, answers[0]);
    assert_eq!((&detail["digest"], &detail["kind"]), (&json!(digest), &json!("filter")));
    assert_eq!((&detail["pushed_by"], &detail["signed_by"]), (&json!("Ada"), &Value::Null));
    assert_eq!(detail["bytes"], component.len());
    let inspection = &detail["inspection"];
    let columns = inspection["lines"].as_array().unwrap();
    assert!(columns.contains(&json!("severity")), "{columns:?}");
    assert!(inspection["imports"].is_array() && inspection["memory_bytes"].is_u64());

    let fetched = stand.get(&format!("{one}/component")).await;
    assert_eq!((fetched.header("etag"), fetched.header("content-type")), (&*tag, WASM.1));
    assert!(fetched.bytes == component);
    for path in [one.clone(), format!("{one}/component")] {
        for (tags, status) in [(tag.as_str(), 304), ("*", 304), ("\"sha256:0\"", 200)] {
            let answer = stand.send("GET", &path, &[("if-none-match", tags)], "").await;
            assert_eq!((answer.status.as_u16(), answer.header("etag")), (status, &*tag));
            assert_eq!(answer.bytes.is_empty(), status == 304);
        }
    }
    for path in ["drop-noise/0.2.0", "rate/0.1.0", "drop-noise/0.2.0/component"] {
        stand.expect(&format!("{VERSIONS}/{path}"), 404).await;
    }
}

#[tokio::test]
async fn versions_are_listed_with_those_for_whom_they_work() {
    let stand = Stand::new();
    push(&stand, drop_noise(), &[]).await;
    push(&stand, crate::shipped::component("rate").unwrap().to_vec(), &[]).await;
    let digest = digest_of(&drop_noise());
    stand.status.update("default", |tenant| tenant.digests = [digest].into());
    let cases = [
        ("", vec![("drop-noise", json!(["default"])), ("rate", json!([]))]),
        ("?name=rate", vec![("rate", json!([]))]),
        ("?limit=1", vec![("drop-noise", json!(["default"]))]),
        ("?name=none", vec![]),
    ];
    for (query, expected) in cases {
        let list = stand.expect(&format!("{VERSIONS}{query}"), 200).await;
        let items = list["items"].as_array().unwrap().iter();
        let found: Vec<_> =
            items.map(|item| (item["name"].as_str().unwrap(), item["at_work"].clone())).collect();
        assert_eq!(found, expected, "{query}");
        assert_eq!(list["next"].is_string(), query == "?limit=1", "{query}");
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_and_noted() {
    let stand = Stand::new();
    refuse(&stand, vec![7; 3_000], &[], (422, "this is not WebAssembly")).await;
    refuse(&stand, b"\0asm\x01\0\0\0".to_vec(), &[], (422, "a core module")).await;
    refuse(&stand, drop_noise()[..9_000].to_vec(), &[], (422, "not valid WebAssembly")).await;
    refuse(&stand, vec![0; 400_001], &[], (413, "component_bytes_max")).await;
    push(&stand, drop_noise(), &[]).await;
    let digest = digest_of(&drop_noise());
    refuse(&stand, other_drop_noise(), &[], (409, &format!("sha256:{digest} for ever"))).await;
    let expected = [
        "Ada push drop-noise 0.1.0 refused",
        "Ada push drop-noise 0.1.0 done",
        "Ada push - - refused",
        "Ada push - - refused",
        "Ada push - - refused",
    ];
    assert_eq!(log(&stand).await, expected);
    assert!(!file(&stand, &other_drop_noise()).exists());
    let refused = stand.expect("/api/v1/audit?limit=1", 200).await;
    let detail = refused["items"][0]["detail"].as_str().unwrap();
    assert_eq!(detail, format!("this version is sha256:{digest} already"));

    let wrong = ["application/json", "application/wasm; x=y", "text/plain"];
    for media_type in wrong {
        let headers = [("content-type", media_type)];
        let answer =
            stand.send("POST", &format!("{VERSIONS}?by=Ada"), &headers, drop_noise()).await;
        assert_eq!(answer.status, 415, "{media_type}");
    }
    for query in ["", "?by=", "?by=Ada&x=y"] {
        let answer = stand.send("POST", &format!("{VERSIONS}{query}"), &[WASM], drop_noise()).await;
        assert_eq!(answer.status, 400, "{query}");
    }
}

#[tokio::test]
async fn signatures_decide_who_may_push() {
    let (ours, theirs) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
    let component = drop_noise();
    let signed = |key: &PrivateKey| key.sign(&component).to_base64();
    let stand = Stand::with_registry(|registry| {
        registry.keys = vec![TrustedKey { name: "release".into(), key: ours.public() }];
        registry.require_signature = true;
    });
    let header = "bellwether-signature";
    refuse(&stand, component.clone(), &[], (422, "is not signed")).await;
    for (signature, words) in [(&*signed(&theirs), "none of the keys"), ("x", "cannot be read")] {
        refuse(&stand, component.clone(), &[(header, signature)], (422, words)).await;
    }
    refuse(&stand, other_drop_noise(), &[(header, &signed(&ours))], (422, "(release)")).await;
    let answer = push(&stand, component.clone(), &[(header, &signed(&ours))]).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["signed_by"]), (201, &json!("release")));
    let expected = ["Ada push drop-noise 0.1.0 done"];
    let refused = ["Ada push - - refused"; 4];
    assert_eq!(log(&stand).await, [&expected[..], &refused[..]].concat());
}

#[tokio::test]
async fn what_nobody_uses_can_be_removed() {
    let stand = Stand::new();
    let component = drop_noise();
    push(&stand, component.clone(), &[]).await;
    let digest = digest_of(&component);
    let tag = format!("\"sha256:{digest}\"");
    let path = format!("{VERSIONS}/drop-noise/0.1.0");
    let remove = async |tag: Option<&str>, status: u16, words: &str| {
        let headers: Vec<_> = tag.map(|tag| ("if-match", tag)).into_iter().collect();
        let answer = stand.send("DELETE", &format!("{path}?by=Bob"), &headers, "").await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        assert!(answer.text.contains(words), "`{words}` is not in: {}", answer.text);
        if status >= 400 {
            check_problem(&answer, &path);
        }
    };
    remove(None, 428, "If-Match").await;
    remove(Some("\"sha256:0\""), 412, &digest).await;

    let set = |digest: &str| {
        let digest = digest.to_owned();
        stand.status.update("default", |tenant| tenant.digests = [digest].into());
    };
    set(&digest);
    remove(Some(&tag), 409, "in use by tenant default").await;
    set("");
    let cases = [
        (Some(r#"{"version":"0.1.0"}"#.to_owned()), true),
        (Some(format!(r#"{{"before":[{{"digest":"sha256:{digest}"}}]}}"#)), true),
        (Some("not JSON".into()), true),
        (Some(r#"{"version":"0.2.0"}"#.into()), false),
    ];
    for (fit, is_used) in cases {
        let audit = row("fit");
        let set = move |writer: &mut bellwether_store::Writer| {
            writer.set_plugin_fit("shop", "drop-noise", fit.as_deref(), None, &audit)
        };
        stand.keeper.ask(set).await.unwrap();
        if is_used {
            remove(Some(&tag), 409, "in use by tenant shop").await;
        }
    }
    assert!(file(&stand, &component).exists());
    remove(Some(&tag), 204, "").await;
    assert!(!file(&stand, &component).exists());
    remove(Some(&tag), 404, "no version `0.1.0`").await;
    let log = log(&stand).await;
    assert_eq!(log[0], "Bob remove drop-noise 0.1.0 done");
    let refused = log.iter().filter(|line| *line == "Bob remove drop-noise 0.1.0 refused");
    assert_eq!(refused.count(), 4);
    assert_eq!(
        push(&stand, other_drop_noise(), &[]).await.status,
        201,
        "the version is free again"
    );
}

fn row(action: &str) -> AuditRow {
    AuditRow {
        at_ms: 1,
        tenant: Some("shop".into()),
        actor: "engine".into(),
        action: action.into(),
        plugin: Some("drop-noise".into()),
        version: None,
        digest: None,
        outcome: AuditOutcome::Done,
        detail: String::new(),
    }
}

#[tokio::test]
async fn a_damaged_component_is_not_handed_out_and_can_be_mended() {
    let stand = Stand::new();
    let component = drop_noise();
    push(&stand, component.clone(), &[]).await;
    let path = format!("{VERSIONS}/drop-noise/0.1.0/component");
    let place = file(&stand, &component);
    for is_gone in [false, true] {
        if is_gone {
            fs::remove_file(&place).unwrap()
        } else {
            fs::write(&place, "x").unwrap()
        }
        let problem = stand.expect(&path, 503).await;
        assert!(problem["detail"].as_str().unwrap().contains("push it again"), "{problem}");
        assert_eq!(push(&stand, component.clone(), &[]).await.status, 200);
        assert!(stand.get(&path).await.bytes == component);
    }
}

#[tokio::test]
async fn there_is_room_for_so_many_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let stand = Stand::with_registry(|registry| {
        registry.folder = Folder::new(folder.path(), 200_000);
    });
    assert_eq!(push(&stand, drop_noise(), &[]).await.status, 201);
    let rate = crate::shipped::component("rate").unwrap().to_vec();
    refuse(&stand, rate, &[], (409, "raise `plugins.registry_bytes_max`")).await;
    let expected = ["Ada push rate 0.1.0 refused", "Ada push drop-noise 0.1.0 done"];
    assert_eq!(log(&stand).await, expected);
}

#[tokio::test]
async fn the_log_is_read_by_tenant_and_plugin() {
    let stand = Stand::new();
    push(&stand, drop_noise(), &[]).await;
    stand.keeper.ask(|writer| writer.audit(&row("fit"))).await.unwrap();
    let cases = [
        ("", 2),
        ("?tenant=shop", 2),
        ("?tenant=default", 1),
        ("?plugin=drop-noise", 2),
        ("?plugin=rate", 0),
        ("?limit=1", 1),
    ];
    for (query, count) in cases {
        let list = stand.expect(&format!("/api/v1/audit{query}"), 200).await;
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{query}");
    }
    let first = stand.expect("/api/v1/audit?limit=1", 200).await;
    let next = first["next"].as_str().unwrap();
    let second = stand.expect(&format!("/api/v1/audit?limit=1&cursor={next}"), 200).await;
    assert_eq!(first["items"][0]["action"], "fit");
    assert_eq!((&second["items"][0]["action"], &second["next"]), (&json!("push"), &Value::Null));
    stand.expect("/api/v1/audit?cursor=x", 400).await;
}

#[tokio::test]
async fn a_version_that_there_is_not_cannot_come_in_and_that_is_noted() {
    let stand = Stand::new();
    let body = r#"{"by":"Ada","version":"9.9.9","percent":25}"#;
    let problem = stand.expect_post("/api/v1/plugins/rate/edition", body, 404).await;
    assert!(problem["detail"].as_str().unwrap().contains("no version `9.9.9`"), "{problem}");
    assert_eq!(log(&stand).await, ["Ada canary rate 9.9.9 refused"]);
}

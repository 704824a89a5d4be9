//! Tests of health, status and metrics: the truth, also when something is wrong.

use bellwether_plugins::{CircuitState, Health};
use serde_json::json;

use super::stand::{Stand, checkpoints};
use crate::watch::TenantStatus;

async fn check_health(stand: &Stand, code: u16, status: &str, wrong: &[(&str, &str, &str)]) {
    let answer = stand.get("/health").await;
    assert_eq!(answer.status, code, "{}", answer.text);
    let health = answer.json();
    assert_eq!(health["status"], status, "{health}");
    for part in ["configuration", "inputs", "store", "plugins", "queue", "tenants"] {
        let found = &health["parts"][part];
        let expected = wrong.iter().find(|(name, _, _)| *name == part);
        assert_eq!(found["status"], expected.map_or("ok", |(_, status, _)| status), "{health}");
        let detail = found["details"][0].as_str().unwrap_or_default();
        assert!(detail.contains(expected.map_or("", |(_, _, detail)| detail)), "{part}: {detail}");
    }
}

#[tokio::test]
async fn health_tells_the_truth_about_each_part() {
    type Change = fn(&mut TenantStatus);
    let cases: &[(Change, u16, &str, (&str, &str))] = &[
        (|_| (), 200, "ok", ("", "")),
        (
            |one| one.inputs[0].lag_bytes = 1 << 30,
            200,
            "degraded",
            ("inputs", "1073741824 bytes are not yet read"),
        ),
        (
            |one| one.inputs.clear(),
            200,
            "degraded",
            ("inputs", "tenant `default` follows no file; check the paths under `inputs`"),
        ),
        (
            |one| {
                one.commit.trouble = Some("no room left".into());
                one.commit.disk_full = true;
            },
            200,
            "degraded",
            ("store", "no room left"),
        ),
        (
            |one| one.commit.trouble = Some("no permission".into()),
            503,
            "failing",
            ("store", "tenant `default` is not committed: no permission"),
        ),
        (
            |one| {
                let open = Health { circuit: CircuitState::Open, ..Health::default() };
                one.plugins.insert("bad".into(), open);
            },
            200,
            "degraded",
            ("plugins", "plugin `bad`"),
        ),
        (
            |one| one.stopped = Some("a defect".into()),
            503,
            "failing",
            ("tenants", "tenant `default` stopped: a defect"),
        ),
    ];
    for (change, code, status, (part, detail)) in cases {
        let stand = Stand::new();
        stand.status.update("default", change);
        check_health(&stand, *code, status, &[(part, status, detail)]).await;
    }
}

#[tokio::test]
async fn a_configuration_that_is_not_in_force_shows() {
    let stand = Stand::new();
    stand.status.update_daemon(|daemon| {
        daemon.reload_failures = 2;
        daemon.reload_trouble = Some("b.yaml:2:1: alerts_per_dya: unknown key".into());
    });
    let part = ("configuration", "degraded", "b.yaml:2:1: alerts_per_dya: unknown key");
    check_health(&stand, 200, "degraded", &[part]).await;
    let metrics = stand.get("/metrics").await.text;
    assert!(metrics.contains("bellwether_reloads_total{outcome=\"refused\"} 2\n"), "{metrics}");
    stand.status.update_daemon(|daemon| daemon.reload_trouble = None);
    check_health(&stand, 200, "ok", &[]).await;
}

#[tokio::test]
async fn dead_alerts_and_a_lost_store_show() {
    let stand = Stand::new();
    stand.keeper.ask(|writer| writer.dead(1, "no answer", 1)).await.unwrap();
    let detail = "alerts of tenant `default` to `chat` were given up: 1";
    check_health(&stand, 200, "degraded", &[("queue", "degraded", detail)]).await;
    stand.lose_store();
    let detail = "the store cannot be read: no database at";
    check_health(&stand, 503, "failing", &[("store", "failing", detail)]).await;
    let problem = stand.expect("/api/v1/anomalies", 503).await;
    assert!(problem["detail"].as_str().unwrap().contains("no database at"), "{problem}");
    assert_eq!(stand.get("/api/v1/anomalies").await.header("retry-after"), "5");
    stand.expect("/status", 503).await;
    let metrics = stand.get("/metrics").await.text;
    assert!(metrics.contains("bellwether_store_readable 0\n"), "{metrics}");
    assert!(metrics.contains("bellwether_commits_total{tenant=\"default\"} 3\n"), "{metrics}");
}

#[tokio::test]
async fn health_without_a_token_names_nothing() {
    let stand = Stand::with(Some("sixteen letters!"), false, &checkpoints());
    let health = stand.expect("/health", 200).await;
    assert_eq!(health["parts"]["inputs"], json!({"status": "ok"}));
    let token = [("authorization", "bearer sixteen letters!")];
    let health = stand.send("GET", "/health", &token, "").await.json();
    assert_eq!(health["parts"]["inputs"]["figures"]["lag_bytes"], 70);
}

#[tokio::test]
async fn status_accounts_for_every_record() {
    let stand = Stand::new();
    let status = stand.expect("/status", 200).await;
    let tenant = &status["tenants"]["default"];
    let account = json!({
        "read": 110, "kept": 100, "dropped": 5, "late": 4, "quarantined": 0, "dead": 0, "under_way": 1,
    });
    assert_eq!(tenant["records"], account);
    assert_eq!(tenant["inputs"][0]["path"], "/var/log/nginx.log");
    assert_eq!(tenant["commit"]["commits"], 3);
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert!(status["memory_bytes"].as_u64().unwrap() > 1 << 20, "{status}");
    assert!(status["store"]["file_bytes"].as_u64().unwrap() > 0, "{status}");
    assert_eq!(status["store"]["free_bytes"], 0);
}

#[tokio::test]
async fn metrics_have_names_help_and_kinds() {
    let stand = Stand::new();
    let text = stand.get("/metrics").await.text;
    let series = [
        "bellwether_records_total{tenant=\"default\",outcome=\"kept\"} 100",
        "bellwether_source_lines_total{tenant=\"default\",source=\"file:nginx\"} 2000",
        "bellwether_source_lines_total{tenant=\"default\",source=\"_other\"} 7",
        "bellwether_source_lag_bytes{tenant=\"default\",source=\"file:nginx\"} 70",
        "bellwether_plugin_faults_total{tenant=\"default\",plugin=\"rate\",cause=\"trap\"} 1",
        "bellwether_outbox_pending_alerts{tenant=\"default\",sink=\"chat\"} 5",
        "bellwether_file_events_total{tenant=\"default\",event=\"rotations\"} 2",
        "bellwether_store_readable 1",
    ];
    for one in series {
        assert!(text.lines().any(|line| line == one), "{one} is not in\n{text}");
    }
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(text.contains(&format!("# HELP {name} ")), "{name}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told() {
    let stand = Stand::new();
    stand.lose_store();
    std::fs::write(stand.database(), "no database, only some text that is long enough").unwrap();
    let problem = stand.expect("/api/v1/anomalies", 503).await;
    assert!(problem["detail"].as_str().unwrap().contains("is not a database"), "{problem}");
}

//! Tests of what can be listed: filters, pages, joins.

use serde_json::{Value, json};

use super::stand::{MINUTE_MS, NOON_MS, Stand};

/// One field of all items of a list.
fn column(list: &Value, field: &str) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item[field].to_string().trim_matches('"').to_owned()).collect()
}

async fn check(stand: &Stand, path: &str, field: &str, expected: &[&str]) {
    let list = stand.expect(path, 200).await;
    assert_eq!(column(&list, field), expected, "{path}");
}

#[tokio::test]
async fn anomalies_are_filtered() {
    let stand = Stand::new();
    let cases: &[(&str, &[&str])] = &[
        ("", &["a4", "a3", "a2", "a1", "a0"]),
        ("?tenant=default", &["a4", "a3", "a2", "a1", "a0"]),
        ("?source=file:old", &["a3"]),
        ("?source=nothing", &[]),
        ("?severity=warning", &["a4", "a2", "a1"]),
        ("?severity=critical", &["a2"]),
        ("?state=resolved", &["a0"]),
        ("?text=12:33", &["a3"]),
        ("?text=%25", &[]),
        ("?acknowledged=true", &[]),
        ("?acknowledged=false&limit=1", &["a4"]),
        ("?from=2026-11-21T12:33:00Z", &["a4", "a3"]),
        ("?to=2026-11-21T13:32:00%2B01:00", &["a1", "a0"]),
        ("?from=1795264260000&to=1795264320000", &["a1"]),
    ];
    for (query, expected) in cases {
        check(&stand, &format!("/api/v1/anomalies{query}"), "id", expected).await;
    }
}

#[tokio::test]
async fn pages_follow_one_another_to_the_end() {
    let stand = Stand::new();
    let lists = [
        ("/api/v1/anomalies", "id", "a4 a3 a2 a1 a0"),
        ("/api/v1/templates", "template", "1 2 3"),
        ("/api/v1/sources", "source", "file:new file:nginx file:old"),
        ("/api/v1/alerts", "number", "10 9 8 7 6 5 4 3 2 1"),
        ("/api/v1/dead-letters", "position", "300 200 100"),
    ];
    for (path, field, expected) in lists {
        for limit in [1, 2, 3, 200] {
            let mut seen = Vec::new();
            let mut query = format!("{path}?limit={limit}");
            loop {
                let list = stand.expect(&query, 200).await;
                let items = column(&list, field);
                assert!(items.len() <= limit, "{query}");
                seen.extend(items);
                let Some(next) = list["next"].as_str() else { break };
                query = format!("{path}?limit={limit}&cursor={next}");
            }
            assert_eq!(seen.join(" "), expected, "{path} by {limit}");
        }
    }
}

#[tokio::test]
async fn an_anomaly_comes_with_everything() {
    let stand = Stand::new();
    let view = stand.expect("/api/v1/anomalies/a2", 200).await;
    assert_eq!(view["summary"]["severity"], "critical");
    assert_eq!(view["evidence"], json!([{"name": "expected", "value": "1.5"}]));
    assert_eq!(view["findings"][0]["summary"], "30 instead of 1");
    let chart = &view["chart"];
    // Opened at the end of minute 31; the 29 minutes before noon have no lines, and after the watermark nothing is known.
    assert_eq!(chart["counted"], "template");
    assert_eq!(chart["from_ms"], NOON_MS - 29 * MINUTE_MS);
    assert_eq!(chart["to_ms"], NOON_MS + 60 * MINUTE_MS);
    let points = chart["points"].as_array().unwrap();
    assert_eq!(points.len(), 60);
    let point = json!({"start_ms": NOON_MS + 7 * MINUTE_MS, "step_ms": MINUTE_MS, "count": 7});
    assert_eq!(points[7], point);
    let whole = stand.expect("/api/v1/anomalies/a4", 200).await;
    assert_eq!(whole["chart"]["counted"], "source");
    assert_eq!(whole["chart"]["points"][7]["count"], 17);
}

#[tokio::test]
async fn counts_are_of_a_source_or_a_template() {
    let stand = Stand::new();
    let path = "/api/v1/counts?source=file:nginx&from=2026-11-21T12:02:00Z&to=1795262640000";
    check(&stand, path, "count", &["12", "13"]).await;
    check(&stand, &format!("{path}&template=2&step=60000"), "count", &["2", "3"]).await;
    check(&stand, &format!("{path}&template=2&step=3600000"), "count", &["5"]).await;
    check(&stand, &format!("{path}&template=9"), "count", &["0", "0"]).await;
    check(&stand, "/api/v1/counts?source=x&from=0&to=1", "count", &[]).await;
}

#[tokio::test]
async fn sources_at_work_are_joined_with_those_of_the_past() {
    let stand = Stand::new();
    let list = stand.expect("/api/v1/sources", 200).await;
    assert_eq!(column(&list, "verdict"), ["learning", "learning", "idle"]);
    let nginx = &list["items"][1];
    assert_eq!(nginx["lag_bytes"], 70);
    let warm_up = json!({
        "percent": 36, "windows": 22, "needed": 60, "missing": "38 more minutes of lines",
    });
    assert_eq!(nginx["warm_up"], warm_up);
    assert_eq!(list["items"][2]["warm_up"], Value::Null);
    assert_eq!(list["items"][2]["lines"], 2_000);
}

#[tokio::test]
async fn templates_plugins_alerts_and_tenants_are_listed() {
    let stand = Stand::new();
    check(&stand, "/api/v1/templates?text=OUT+3", "template", &["3"]).await;
    check(&stand, "/api/v1/templates?source=file:old", "template", &[]).await;
    check(&stand, "/api/v1/plugins", "plugin", &["rate"]).await;
    let plugins = stand.expect("/api/v1/plugins", 200).await;
    assert_eq!(plugins["items"][0]["faults"], json!({"trap": 1}));
    assert_eq!(plugins["items"][0]["circuit"], "closed");
    check(&stand, "/api/v1/alerts?sink=mail&limit=2", "number", &["10", "8"]).await;
    check(&stand, "/api/v1/alerts?anomaly=a0", "number", &["2", "1"]).await;
    check(&stand, "/api/v1/alerts?state=dead", "number", &[]).await;
    check(&stand, "/api/v1/tenants", "open_anomalies", &["4"]).await;
    check(&stand, "/api/v1/tenants", "watched", &["true"]).await;
}

#[tokio::test]
async fn a_tenant_need_be_named_only_among_many() {
    let stand = Stand::with(None, true, &[]);
    check(&stand, "/api/v1/anomalies", "id", &[]).await;
    stand.expect("/api/v1/anomalies?tenant=shop", 404).await;
    stand.status.update("shop", |_| ());
    check(&stand, "/api/v1/anomalies", "id", &[]).await;
    check(&stand, "/api/v1/anomalies?tenant=shop", "id", &[]).await;
    stand.expect("/api/v1/anomalies?tenant=default", 404).await;
    stand.status.update("bank", |_| ());
    stand.expect("/api/v1/anomalies", 404).await;
    stand.status.update("default", |_| ());
    check(&stand, "/api/v1/anomalies", "id", &[]).await;
}

#[tokio::test]
async fn questions_that_mean_nothing_are_told() {
    let stand = Stand::new();
    let long = format!("/api/v1/anomalies?text={}", "a".repeat(201));
    let cases = [
        ("/api/v1/anomalies?limit=0", "limit: 0 is not between 1 and 200"),
        ("/api/v1/anomalies?limit=201", "limit: 201"),
        ("/api/v1/anomalies?limit=many", "limit"),
        ("/api/v1/anomalies?from=yesterday", "`yesterday` is no time"),
        ("/api/v1/anomalies?severity=bad", "severity"),
        ("/api/v1/anomalies?state=closed", "state"),
        ("/api/v1/anomalies?acknowledged=perhaps", "acknowledged"),
        ("/api/v1/anomalies?sorce=x", "unknown field `sorce`"),
        ("/api/v1/anomalies?state=open&state=resolved", "duplicate field"),
        ("/api/v1/anomalies?cursor=xyz", "`xyz` is not a cursor"),
        (&long, "201 characters, at most 200"),
        ("/api/v1/counts?source=x&from=0", "missing field `to`"),
        ("/api/v1/counts?source=x&from=0&to=1&step=1", "step: 1 is not between"),
        ("/api/v1/counts?source=x&from=0&to=1&template=-1", "template"),
    ];
    for (path, part) in cases {
        let problem = stand.expect(path, 400).await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(part), "{path}: {detail}");
    }
    for path in ["/api/v1/anomalies/none", "/api/v1/anomalies?tenant=none", "/nothing", "/api/v2"] {
        stand.expect(path, 404).await;
    }
}

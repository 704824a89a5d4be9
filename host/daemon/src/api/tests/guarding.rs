//! Tests of who may ask, and of what every answer carries.

use std::collections::BTreeSet;

use serde_json::Value;

use super::stand::{Stand, check_problem, checkpoints};

/// Every route, with a method and a body that it takes.
const ROUTES: &[(&str, &str, &str)] = &[
    ("GET", "/status", ""),
    ("GET", "/metrics", ""),
    ("GET", "/api/v1/openapi.json", ""),
    ("GET", "/api/v1/anomalies", ""),
    ("GET", "/api/v1/anomalies/a1", ""),
    ("POST", "/api/v1/anomalies/a1/acknowledge", r#"{"by":"Ada"}"#),
    ("POST", "/api/v1/anomalies/a1/note", r#"{"by":"Ada","text":"x"}"#),
    ("POST", "/api/v1/anomalies/a1/silence", r#"{"by":"Ada","minutes":1}"#),
    ("POST", "/api/v1/anomalies/a1/normal", r#"{"by":"Ada"}"#),
    ("GET", "/api/v1/sources", ""),
    ("GET", "/api/v1/templates", ""),
    ("GET", "/api/v1/counts?source=x&from=0&to=1", ""),
    ("GET", "/api/v1/plugins", ""),
    ("GET", "/api/v1/dead-letters", ""),
    ("GET", "/api/v1/alerts", ""),
    ("POST", "/api/v1/alerts/retry", "{}"),
    ("GET", "/api/v1/silences", ""),
    ("DELETE", "/api/v1/silences/1?by=Ada", ""),
    ("GET", "/api/v1/normals", ""),
    ("DELETE", "/api/v1/normals?source=file:nginx&template_id=00000002", ""),
    ("GET", "/api/v1/tenants", ""),
    ("GET", "/api/v1/plugins/versions", ""),
    ("GET", "/api/v1/audit", ""),
];

/// Routes that want more than a body in JSON, something that was pushed before, or a tenant at work.
const REGISTRY_ROUTES: &[(&str, &str)] = &[
    ("POST", "/api/v1/plugins/versions?by=Ada"),
    ("GET", "/api/v1/plugins/versions/rate/1.0.0"),
    ("DELETE", "/api/v1/plugins/versions/rate/1.0.0?by=Ada"),
    ("GET", "/api/v1/plugins/versions/rate/1.0.0/component"),
    ("GET", "/api/v1/plugins/rate"),
    ("GET", "/api/v1/plugins/rate/logs"),
    ("POST", "/api/v1/plugins/rate/preflight"),
    ("POST", "/api/v1/plugins/rate/edition"),
    ("POST", "/api/v1/plugins/rate/rollback"),
    ("POST", "/api/v1/plugins/rate/disable"),
];

const TOKEN: &str = "sixteen letters!";

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn every_route_but_health_and_page_wants_the_token() {
    let stand = Stand::with(Some(TOKEN), true, &checkpoints());
    let wrong =
        ["", "Bearer", "Bearer x", "Basic sixteen letters!", "Bearer sixteen letters", TOKEN];
    let registry_routes = REGISTRY_ROUTES.iter().map(|&(method, path)| (method, path, ""));
    for (method, path, body) in ROUTES.iter().copied().chain(registry_routes) {
        for value in wrong {
            let answer = stand.send(method, path, &[JSON, ("authorization", value)], body).await;
            assert_eq!(answer.status, 401, "{method} {path} {value:?}");
            check_problem(&answer, path);
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        let right = format!("Bearer {TOKEN}");
        let answer = stand.send(method, path, &[JSON, ("authorization", &right)], body).await;
        let is_answer = if ROUTES.contains(&(method, path, body)) {
            answer.status.is_success()
        } else {
            answer.status != 401 && answer.status.as_u16() < 500
        };
        assert!(is_answer, "{method} {path}: {}", answer.text);
    }
    assert_eq!(stand.get("/nothing").await.status, 401, "unknown routes are not told apart");
    for path in ["/", "/assets/page.js", "/assets/style.css", "/health"] {
        assert_eq!(stand.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_document_lists_every_route() {
    let stand = Stand::new();
    let document = stand.expect("/api/v1/openapi.json", 200).await;
    assert_eq!(document, serde_json::from_str::<Value>(&crate::api::openapi()).unwrap());
    let paths = document["paths"].as_object().unwrap();
    let mut listed: Vec<String> = Vec::new();
    let mut names = BTreeSet::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            listed.push(format!("{} {path}", method.to_uppercase()));
            let responses = operation["responses"].as_object().unwrap();
            let errors = ["421", "503"].iter().all(|code| responses.contains_key(*code));
            assert!(errors && (path == "/health" || responses.contains_key("401")), "{path}");
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is the name of two routes");
        }
    }
    let general = |path: &str| {
        let path = path.split('?').next().unwrap();
        let path = path.replace("/a1", "/{id}").replace("/silences/1", "/silences/{id}");
        let path = path.replace("/rate/1.0.0", "/{name}/{version}");
        path.replace("/plugins/rate", "/plugins/{plugin}")
    };
    let named = ROUTES.iter().map(|(method, path, _)| (method, path));
    let named = named.chain(REGISTRY_ROUTES.iter().map(|(method, path)| (method, path)));
    let mut routes: Vec<String> =
        named.map(|(method, path)| format!("{method} {}", general(path))).collect();
    routes.push("GET /health".into());
    listed.sort();
    routes.sort();
    assert_eq!(listed, routes);
}

#[tokio::test]
async fn only_this_machine_is_asked_by_its_own_name() {
    let hosts = [
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("127.0.0.1:8085", 200),
        ("[::1]:8085", 200),
        ("evil.example:8085", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("user@localhost@evil.example", 421),
        ("", 421),
    ];
    let (local, remote) = (Stand::new(), Stand::with(Some(TOKEN), false, &checkpoints()));
    for (host, status) in hosts {
        for path in ["/", "/health", "/api/v1/anomalies"] {
            let answer = local.send("GET", path, &[("host", host)], "").await;
            assert_eq!(answer.status, status, "{host} {path}");
        }
        let answer = remote.send("GET", "/health", &[("host", host)], "").await;
        assert_eq!(answer.status, 200, "{host}");
    }
}

#[tokio::test]
async fn foreign_pages_change_nothing() {
    let stand = Stand::new();
    let path = "/api/v1/anomalies/a1/note";
    let body = r#"{"by":"Ada","text":"x"}"#;
    let own = ("origin", "http://localhost:8085");
    let cases: &[(&[(&str, &str)], u16)] = &[
        (&[JSON], 200),
        (&[JSON, own], 200),
        (&[JSON, ("origin", "https://LOCALHOST:8085")], 200),
        (&[JSON, ("origin", "http://localhost:1")], 403),
        (&[JSON, ("origin", "http://evil.example")], 403),
        (&[JSON, ("origin", "null")], 403),
        (&[own], 415),
        (&[("content-type", "text/plain"), own], 415),
        (&[("content-type", "application/x-www-form-urlencoded")], 415),
        (&[("content-type", "multipart/form-data; boundary=x")], 415),
    ];
    for (headers, status) in cases {
        let answer = stand.send("POST", path, headers, body).await;
        assert_eq!(answer.status.as_u16(), *status, "{headers:?}: {}", answer.text);
        if *status >= 400 {
            check_problem(&answer, path);
        }
    }
    let foreign = [("origin", "http://evil.example")];
    let answer = stand.send("DELETE", "/api/v1/silences/1?by=x", &foreign, "").await;
    assert_eq!(answer.status, 403);
    let answer = stand.send("GET", "/api/v1/anomalies", &foreign, "").await;
    assert_eq!(answer.status, 200, "reading is the browser's to forbid, which it does");
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn wrong_methods_are_told_the_right_ones() {
    let stand = Stand::new();
    let cases = [
        ("POST", "/api/v1/anomalies", "GET,HEAD"),
        ("GET", "/api/v1/alerts/retry", "POST"),
        ("PUT", "/api/v1/normals", "GET,HEAD,DELETE"),
        ("TRACE", "/health", "GET,HEAD"),
        ("DELETE", "/", "GET,HEAD"),
    ];
    for (method, path, allowed) in cases {
        let answer = stand.send(method, path, &[JSON], "").await;
        assert_eq!(answer.status, 405, "{method} {path}");
        check_problem(&answer, path);
        let mut methods: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
        let mut expected: Vec<&str> = allowed.split(',').collect();
        methods.sort_unstable();
        expected.sort_unstable();
        assert_eq!(methods, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn every_answer_keeps_browsers_on_a_short_lead() {
    let stand = Stand::new();
    for path in ["/", "/assets/page.js", "/api/v1/anomalies", "/nothing", "/health", "/metrics"] {
        let answer = stand.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self';"), "{path}: {policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        let is_page = path == "/" || path.starts_with("/assets");
        let cached = if is_page { "no-cache" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), cached, "{path}");
    }
}

#[tokio::test]
async fn the_page_has_nothing_inline_and_nothing_from_elsewhere() {
    let stand = Stand::new();
    for (path, media_type, _) in crate::page::FILES {
        let answer = stand.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), media_type, "{path}");
        let banned = ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("];
        for word in banned.iter().chain(&["style=", "onclick=", "<script>", "<style>", "@import"]) {
            assert!(!answer.text.contains(word), "{path} has {word}");
        }
        let foreign = answer.text.replace("http://www.w3.org/2000/svg", "");
        assert!(!foreign.contains("://"), "{path} names another host");
    }
}

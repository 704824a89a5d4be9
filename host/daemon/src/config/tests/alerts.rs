//! Sinks: what is wrong with them, and that nothing secret shows.

use super::*;

/// One mistake each; lines under `alerts`, and what is said.
const MISTAKES: &[(&str, &str)] = &[
    ("cooldwn_s: 5", "b.yaml:2:3: alerts.cooldwn_s: unknown key; did you mean `cooldown_s`?"),
    (
        "retry_first_s: 60\n  retry_max_s: 30",
        "b.yaml:3:16: alerts.retry_max_s: expected at least retry_first_s of 60 s, found 30 s; write e.g. retry_max_s: 60",
    ),
    (
        "sinks: {}",
        "b.yaml:2:10: alerts.sinks: expected a list, found a table; write e.g. [{ key: value }]",
    ),
    (
        "sinks: [{type: email}]",
        "b.yaml:2:18: alerts.sinks[0].type: expected webhook or stdout or file, found \"email\"; write e.g. webhook",
    ),
    (
        "sinks: [{name: chat}]",
        "b.yaml:2:11: alerts.sinks.chat: `url` is missing; write e.g. url: https://example.org/hook",
    ),
    (
        "sinks: [{url: 'example.org'}]",
        "b.yaml:2:17: alerts.sinks[0].url: expected an address such as https://example.org/hook: relative URL without a base",
    ),
    (
        "sinks: [{url: 'http://a/', url_file: hook}]",
        "b.yaml:2:40: alerts.sinks[0].url_file: expected `url` or `url_file`, found both; remove one",
    ),
    (
        "sinks: [{url: 'http://a/${BELLWETHER_NOT_THERE}'}]",
        "b.yaml:2:17: alerts.sinks[0].url: there is no environment variable `BELLWETHER_NOT_THERE`; set it",
    ),
    (
        "sinks: [{url_file: none}]",
        "b.yaml:2:22: alerts.sinks[0].url_file: cannot read `none`: no such file; check the path",
    ),
    (
        "sinks: [{url: 'http://a/', secret_env: BELLWETHER_NOT_THERE}]",
        "b.yaml:2:42: alerts.sinks[0].secret_env: there is no environment variable `BELLWETHER_NOT_THERE`; set it",
    ),
    (
        "sinks: [{url: 'http://a/', headers: {Host: b}}]",
        "b.yaml:2:39: alerts.sinks[0].headers: header `Host` is set by bellwether; remove it",
    ),
    (
        "sinks: [{url: 'http://a/', headers: {X-Level: 5}}]",
        "b.yaml:2:39: alerts.sinks[0].headers: expected a text for `X-Level`; put it in quotes",
    ),
    (
        "sinks: [{url: 'http://a/', body: hello}]",
        "b.yaml:2:36: alerts.sinks[0].body: expected a table or a list, found \"hello\"; write e.g. {text: \"{{severity}} in {{source}}: {{sentence}}\"}",
    ),
    (
        "sinks: [{url: 'http://a/', body: {a: ['{{sentense}}']}}]",
        "b.yaml:2:36: alerts.sinks[0].body: unknown field `sentense`; did you mean `sentence`?",
    ),
    (
        "sinks: [{url: 'http://a/', body: {a: '{{sentence'}}]",
        "b.yaml:2:36: alerts.sinks[0].body: `{{` without `}}`; write e.g. {{sentence}}",
    ),
    (
        "sinks: [{type: stdout, url: 'http://a/'}]",
        "b.yaml:2:31: alerts.sinks[0].url: only for webhooks, and this is a stdout; remove it",
    ),
    (
        "sinks: [{type: stdout, path: x}]",
        "b.yaml:2:32: alerts.sinks[0].path: only for files, and this is a stdout; remove it",
    ),
    (
        "sinks: [{type: file}]",
        "b.yaml:2:11: alerts.sinks[0]: `path` is missing; write e.g. path: alerts.jsonl",
    ),
    (
        "sinks: [{type: stdout}, {type: stdout}]",
        "b.yaml:2:34: alerts.sinks[1].type: another sink is called `stdout`; write another `name`",
    ),
];

#[test]
fn mistakes_of_sinks_have_place_value_and_mend() {
    for (lines, expected) in MISTAKES {
        check_with(&[("hook", "http://a/\n")], &format!("alerts:\n  {lines}\n"), &[expected]);
    }
}

#[test]
fn sinks_come_through_and_keep_their_secrets() {
    let yaml = "
alerts:
  link: http://bell.example
  sinks:
    - {type: stdout, severity: critical}
    - {type: file, name: log, path: logs/alerts.jsonl, tenant: shop, sources: ['file:*']}
    - name: chat
      url_file: hook.url
      secret_file: hook.secret
      headers: {Authorization: 'Bearer ${CARGO_PKG_NAME}-token'}
      body: {text: '{{sentence}}'}
";
    let files = [("hook.url", "https://a.example/hush-url\n"), ("hook.secret", "hush-secret\n")];
    let config = check_with(&files, yaml, &[]).unwrap().alerts;
    let names: Vec<&str> = config.sinks.iter().map(|sink| sink.name.as_str()).collect();
    assert_eq!(names, ["stdout", "log", "chat"]);
    let SinkTarget::File(path) = &config.sinks[1].target else { panic!("{config:?}") };
    assert!(path.is_absolute() && path.ends_with("logs/alerts.jsonl"), "{}", path.display());
    let SinkTarget::Webhook(webhook) = &config.sinks[2].target else { panic!("{config:?}") };
    assert_eq!(webhook.url.reveal(), "https://a.example/hush-url");
    assert_eq!(webhook.signing.as_ref().unwrap().reveal(), "hush-secret");
    assert_eq!(webhook.headers[0].1.reveal(), "Bearer bellwether-daemon-token");
    let shown = format!("{config:?}");
    assert!(!shown.contains("hush") && !shown.contains("-token"), "{shown}");
}

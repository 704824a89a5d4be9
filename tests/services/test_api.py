"""The API against its own description, and the metrics against Prometheus."""

import json
import os
import subprocess
import sys
from pathlib import Path

from conftest import TOKEN, program

ANOMALY = "4f2a9c0d11e85b73"

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "unsupported_method",
    "missing_required_header",
]


LISTS = ["anomalies", "sources", "templates", "alerts", "plugins/versions", "audit"]


def known(server, anomaly):
    """Parameters that only the server can have handed out, as a configuration of Schemathesis."""
    silence = {"by": "Ada", "minutes": 60}
    server.ask(f"/api/v1/anomalies/{anomaly}/silence", silence)
    lines = ["[parameters]", f'"path.id" = "{anomaly}"']
    for name in LISTS:
        cursor = json.loads(server.ask(f"/api/v1/{name}?limit=1"))["next"]
        lines += ["[[operations]]", f'include-name = "GET /api/v1/{name}"']
        # Nobody has pushed anything to a daemon at work, so that no cursor is sound.
        known = f'parameters = {{ "query.cursor" = "{cursor}" }}'
        lines.append(known if cursor else "enabled = false")
    # No plugin fails here, so nobody has handed out a cursor; it is the number of a letter, as JSON in hexadecimal.
    lines += ["[[operations]]", 'include-path = "/api/v1/dead-letters"', 'parameters = { "query.cursor" = "31" }']
    lines += ["[[operations]]", 'include-path = "/api/v1/silences/{id}"', 'parameters = { "path.id" = 1 }']
    version = "/api/v1/plugins/versions/{name}/{version}"
    lines += ["[[operations]]", f'include-name = "DELETE {version}"', 'parameters = { "header.if-match" = "*" }']
    # Only a plugin itself knows which settings it takes.
    sound = '["2xx", "3xx", "401", "403", "404", "409", "422", "429", "5xx"]'
    for step in ["edition", "preflight"]:
        lines += ["[[operations]]", f'include-path = "/api/v1/plugins/{{plugin}}/{step}"']
        lines.append(f"checks.positive_data_acceptance.expected-statuses = {sound}")
    # Schemathesis cannot make components.
    lines += ["[[operations]]", 'include-name = "POST /api/v1/plugins/versions"', "enabled = false"]
    return "\n".join(lines)


def fuzz(server, anomaly, folder, *arguments):
    """Sends requests made from the description, sound ones and broken ones, and checks the answers."""
    url = server.url
    settings = folder / "schemathesis.toml"
    settings.write_text(known(server, anomaly))
    schemathesis = Path(sys.executable).with_name("schemathesis")
    examples = os.environ.get("EXAMPLES", "40")
    command = [
        schemathesis, "--config-file", settings, "run", f"{url}/api/v1/openapi.json", "--url", url, "--checks", ",".join(CHECKS),
        "--max-examples", examples, "--seed", "7", "--generation-database", "none", "--no-color",
        "--suppress-health-check", "all", *arguments,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-2000:]


def test_the_api_keeps_what_its_description_promises(server, tmp_path):
    fuzz(server, ANOMALY, tmp_path)


def test_the_api_with_a_token_keeps_it_too(closed_server, tmp_path):
    header = f"Authorization: Bearer {TOKEN}"
    fuzz(closed_server, ANOMALY, tmp_path, "--header", header, "--phases", "examples,coverage")


def test_the_api_of_a_daemon_at_work_keeps_it_too(daemon, tmp_path):
    fuzz(daemon, daemon.anomalies()[0]["id"], tmp_path)
    health = json.loads(daemon.ask("/health"))
    assert health["status"] == "ok", health
    assert not any("panicked" in line or "ERROR" in line for line in daemon.log), daemon.log


def check_metrics(server):
    """What Prometheus says about the metrics is nothing."""
    promtool = program("promtool")
    metrics = server.ask("/metrics")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=metrics, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert "bellwether_build_info{" in metrics
    return metrics


def test_prometheus_has_nothing_to_say_about_the_metrics(server):
    check_metrics(server)


def test_prometheus_has_nothing_to_say_about_a_daemon_at_work(daemon):
    metrics = check_metrics(daemon)
    assert 'bellwether_records_total{tenant="default",outcome="kept"}' in metrics

"""What the tests against real services share: the server under test, and what to do where a component is missing."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

TOKEN = "sixteen letters!"


# Seconds in which a daemon has read its logs, on whatever machine.
PATIENCE_S = 120


class Api:
    """What is asked, at an address."""

    url = None
    token = None

    def ask(self, path, body=None):
        """The answer's text; of a body in JSON if there is one."""
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()


class Server(Api):
    """The API over a store that was filled by hand."""

    def __init__(self, *arguments):
        self.token = next((one for one in arguments if one != "empty"), None)
        command = [os.environ["STAND"], *arguments]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, **pipes)
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://"), "the server has not come up"

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0


class Daemon(Api):
    """The program itself, which follows the logs of a shop in which things go wrong."""

    def __init__(self, folder):
        self.program = os.environ["BELLWETHER"]
        self.config = folder / "bellwether.yaml"
        shop = ["--seed", "1", "--hours", "8", "--services", "3", "--incidents", "3", "--kinds", "flood,new-error"]
        subprocess.run([self.program, "generate", *shop, "--output", folder / "logs"], check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        self.config.write_text(
            'inputs: [{ files: [logs/*.log], source: "shop:{name}" }]\n'
            "store: { path: shop.db, commit_every_s: 1 }\n"
            f'api: {{ listen: "{self.url.removeprefix("http://")}" }}\n'
            "alerts_per_day: 20\n"
            # A sentence about a rise is looked for, and other detectors may find more to say about it.
            "detectors: [{ name: rate }, { name: novelty }]\n"
            "alerts: { sinks: [{ type: file, path: alerts.jsonl }] }\n"
        )
        self.log = []
        self.process = None

    def start(self):
        command = [self.program, "run", "-c", self.config]
        self.process = subprocess.Popen(command, text=True, stderr=subprocess.PIPE)
        for line in self.process.stderr:
            self.log.append(line)
            if "ready: http://" in line:
                break
        else:
            pytest.fail(f"the daemon did not start: {''.join(self.log)}")
        # Read to the end, so that the daemon never waits for a full pipe.
        threading.Thread(target=self.log.extend, args=[self.process.stderr], daemon=True).start()

    def wait(self, what, check):
        """Asks again and again until a check gives something, and gives it."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = check()
            if found:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        pytest.fail(f"waited in vain for {what}: {''.join(self.log)}")

    def has_read_all(self):
        """Whether all files were read, and what was found in them is kept."""
        tenant = json.loads(self.ask("/status"))["tenants"]["default"]
        files = tenant["inputs"]
        read = len(files) == 3 and all(one["caught_up"] and one["lag_bytes"] == 0 for one in files)
        return read and self.anomalies() if tenant["commit"]["commits"] else None

    def anomalies(self):
        return json.loads(self.ask("/api/v1/anomalies?limit=100"))["items"]

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0, "".join(self.log)


@pytest.fixture
def daemon(tmp_path):
    running = Daemon(tmp_path)
    try:
        running.start()
        running.wait("everything to be read", running.has_read_all)
        yield running
        running.end()
    finally:
        # Whatever happens, no daemon is left behind.
        running.process.kill()


@pytest.fixture
def server():
    running = Server()
    yield running
    running.end()


@pytest.fixture
def quiet_server():
    """A server that has found nothing so far."""
    running = Server("empty")
    yield running
    running.end()


@pytest.fixture
def closed_server():
    """A server that wants a token."""
    running = Server(TOKEN)
    yield running
    running.end()


def program(*names):
    """The path of a program of the system. Where it is missing the test is skipped, but not in CI."""
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    message = f"{names[0]} is not installed"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def artefact(name):
    """Where to put something for people to look at."""
    folder = Path(os.environ["ARTEFACTS"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name

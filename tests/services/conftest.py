"""What the tests against real services share: the server under test, and what to do where a component is missing."""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

TOKEN = "sixteen letters!"


class Server:
    """A running API."""

    def __init__(self, *arguments):
        self.token = next((one for one in arguments if one != "empty"), None)
        command = [os.environ["STAND"], *arguments]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, **pipes)
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://"), "the server has not come up"

    def ask(self, path, body=None):
        """The answer's text; of a body in JSON if there is one."""
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0


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

#!/usr/bin/env python3
"""Follows a thousand sources for a simulated day, and tells what it cost and whether anything was lost.

The logs are real files, written line by line and rotated; event time runs faster than the clock. Now and then a source
says something it never said before. Memory, processor time and the size of the database are sampled. Then the daemon is
started again with all it has learnt, and the logs go on at the pace of the clock: what it needs in everyday life. At the
end come the figures, a table of samples (CSV) and a picture of them (SVG).

usage: soak.py PROGRAM FOLDER [--sources N] [--hours H] [--minutes M] [--rate LINES_PER_S] [--templates N] [--seed N]
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.request

WORDS = ("accept batch cache delay event fetch grant hash index journal key lease merge node order parse queue route "
         "shard token update verify write yield zone account bucket cluster device edge frame gauge host image job").split()
BEGIN = 1_772_409_600  # 2026-03-02T00:00:00Z
ROTATED_MAX = 2
EVERYDAY_S = 90


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder")
    for name, default in [("sources", 1000), ("hours", 24.0), ("minutes", 15.0), ("rate", 250.0), ("templates", 200),
                          ("seed", 1)]:
        parser.add_argument("--" + name, type=type(default), default=default)
    return parser.parse_args()


class Source:
    """One log with messages of its own."""

    def __init__(self, folder, number, asked, chance):
        self.name = f"service-{number:04}"
        self.path = os.path.join(folder, self.name + ".log")
        self.file = open(self.path, "ab", buffering=0)
        self.messages = []
        for template in range(asked.templates):
            words = [chance.choice(WORDS) + chance.choice("abcdefgh") for _ in range(5)]
            self.messages.append(f"{' '.join(words)} {words[0]}{template} took %d ms")
        self.rotate_at = BEGIN + chance.random() * 7200
        self.lines = 0

    def write(self, second, message):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        self.file.write(f"{stamp}.{int(second * 1000) % 1000:03}Z {message}\n".encode())
        self.lines += 1

    def rotate(self, second):
        self.rotate_at = second + 7200
        for number in range(ROTATED_MAX, 0, -1):
            older = f"{self.path}.{number}"
            if os.path.exists(older):
                if number == ROTATED_MAX:
                    os.remove(older)
                else:
                    os.rename(older, f"{self.path}.{number + 1}")
        os.rename(self.path, self.path + ".1")
        self.file.close()
        self.file = open(self.path, "ab", buffering=0)


class Daemon:
    """The program under test."""

    def __init__(self, asked):
        config = os.path.join(asked.folder, "soak.yaml")
        with open(config, "w") as file:
            file.write("inputs: [{ files: [logs/*.log] }]\nstore: { path: soak.db }\n"
                       "follow: { open_files_max: 2048 }\napi: { listen: \"127.0.0.1:0\" }\n")
        self.config = config
        self.began = time.monotonic()
        self.process = subprocess.Popen([asked.program, "run", "-c", config], stderr=subprocess.PIPE, text=True)
        self.database = os.path.join(asked.folder, "soak.db")
        for line in self.process.stderr:
            found = re.search(r"ready: (http://\S+/)", line)
            if found:
                self.address = found.group(1)
                break
        else:
            sys.exit("the daemon did not start")
        self.started_s = time.monotonic() - self.began
        # Its log is thrown away, so that it never has to wait for a reader.
        self.log = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=subprocess.DEVNULL)

    def ask(self, path):
        with urllib.request.urlopen(self.address + path, timeout=30) as answer:
            return json.load(answer)

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) << 10

    def processor_s(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stored_bytes(self):
        return sum(os.path.getsize(self.database + end) for end in ("", "-wal") if os.path.exists(self.database + end))


class Watch:
    """Notes when what was planted is told."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.planted = {}
        self.delays_s = []
        self.others = set()

    def look(self):
        now = time.time()
        page = self.daemon.ask("api/v1/anomalies?limit=200")
        for anomaly in page["items"]:
            source = anomaly["source"].split(":", 1)[1]
            planted = self.planted.get(source)
            if planted is None:
                self.others.add(anomaly["id"])
            elif anomaly["opened_ms"] / 1000 >= planted["second"] and not planted["told"]:
                planted["told"] = True
                self.delays_s.append(now - planted["at"])


def chart(path, samples):
    """Draws memory and size of the database over simulated hours."""
    width, height, left = 900, 220, 70
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {2 * height + 40}" '
             'font-family="sans-serif" font-size="12">',
             "<style>text{fill:#555} path{fill:none;stroke:#2a6fb0;stroke-width:1.5} line{stroke:#999}</style>"]
    hours = max(sample["hours"] for sample in samples) or 1
    for row, (key, title) in enumerate([("resident", "memory, MB"), ("stored", "database, MB")]):
        top = 20 + row * (height + 20)
        most = max(sample[key] for sample in samples) * 1.1 / 1e6 or 1
        x = lambda sample: left + sample["hours"] / hours * (width - left - 20)
        y = lambda sample: top + height - 30 - sample[key] / 1e6 / most * (height - 50)
        points = " ".join(f"{'L' if place else 'M'}{x(s):.1f} {y(s):.1f}" for place, s in enumerate(samples))
        parts.append(f'<text x="{left}" y="{top}">{title}</text><path d="{points}"/>')
        parts.append(f'<line x1="{left}" x2="{width - 20}" y1="{top + height - 30}" y2="{top + height - 30}"/>')
        parts.append(f'<text x="5" y="{top + 22}">{most:.0f}</text><text x="5" y="{top + height - 30}">0</text>')
        parts.append(f'<text x="{width - 90}" y="{top + height - 12}">{hours:.0f} hours</text>')
    with open(path, "w") as file:
        file.write("\n".join(parts) + "\n</svg>\n")


def run(asked):
    chance = random.Random(asked.seed)
    logs = os.path.join(asked.folder, "logs")
    os.makedirs(logs)
    sources = [Source(logs, number, asked, chance) for number in range(asked.sources)]
    daemon = Daemon(asked)
    try:
        simulate(asked, chance, sources, daemon)
    finally:
        daemon.process.kill()


def write_second(asked, chance, sources, second):
    for place in range(int(asked.rate)):
        source = sources[chance.randrange(asked.sources)]
        message = source.messages[min(int(chance.expovariate(6 / asked.templates)), asked.templates - 1)]
        source.write(second + place / asked.rate, message % chance.randrange(1000))


def everyday(asked, chance, sources, daemon, second):
    """Goes on at the pace of the clock; the memory and the processors that takes."""
    began, processor_s = time.monotonic(), daemon.processor_s()
    most = 0
    for passed in range(EVERYDAY_S):
        write_second(asked, chance, sources, second + passed)
        most = max(most, daemon.resident_bytes())
        time.sleep(max(0.0, began + passed + 1 - time.monotonic()))
    return {"resident_mb": {"end": round(daemon.resident_bytes() / 1e6, 1), "most": round(most / 1e6, 1)},
            "processor_cores": round((daemon.processor_s() - processor_s) / EVERYDAY_S, 3)}


def simulate(asked, chance, sources, daemon):
    """Writes the day, and looks at the daemon meanwhile."""
    watch = Watch(daemon)
    samples = []
    speed = asked.hours * 60 / asked.minutes
    began = time.monotonic()
    second, next_plant, next_look, next_sample = BEGIN, BEGIN + asked.hours * 3600 / 4, 0.0, 0.0
    end = BEGIN + asked.hours * 3600
    behind_s = 0.0
    while second < end:
        write_second(asked, chance, sources, second)
        second += 1
        for source in sources:
            if second >= source.rotate_at:
                source.rotate(second)
        if second >= next_plant and second < end - 900:
            next_plant += 120
            source = chance.choice(sources)
            if source.name not in watch.planted:
                source.write(second, f"FATAL flux capacitor {chance.choice(WORDS)} lost its charge")
                watch.planted[source.name] = {"second": second - 60, "at": time.time(), "told": False}
        now = time.monotonic()
        if now >= next_look:
            watch.look()
            next_look = now + 0.2
        if now >= next_sample:
            next_sample = now + 5
            samples.append({"hours": (second - BEGIN) / 3600, "resident": daemon.resident_bytes(),
                            "stored": daemon.stored_bytes(), "processor_s": daemon.processor_s()})
        ahead = (second - BEGIN) / speed - (now - began)
        behind_s = max(behind_s, -ahead)
        if ahead > 0:
            time.sleep(ahead)
    took = time.monotonic() - began
    finish(asked, chance, daemon, watch, sources, samples, took, behind_s)


def finish(asked, chance, daemon, watch, sources, samples, took, behind_s):
    written = sum(source.lines for source in sources)
    deadline = time.monotonic() + 120
    while True:
        watch.look()
        tenant = next(iter(daemon.ask("status")["tenants"].values()))
        if tenant["lines"] >= written or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    time.sleep(3)
    watch.look()
    processor_s = daemon.processor_s()
    resident, stored = daemon.resident_bytes(), daemon.stored_bytes()
    daemon.process.send_signal(signal.SIGTERM)
    daemon.process.wait()
    again = Daemon(asked)
    restart_s, restarted = again.started_s, again.resident_bytes()
    at_real_pace = everyday(asked, chance, sources, again, BEGIN + asked.hours * 3600)
    again.process.send_signal(signal.SIGTERM)
    again.process.wait(timeout=60)
    half = [sample for sample in samples if sample["hours"] >= asked.hours / 2]
    delays = sorted(watch.delays_s)
    at = lambda share: round(delays[min(int(share * len(delays)), len(delays) - 1)], 2) if delays else None
    figures = {
        "sources": asked.sources, "templates_per_source": asked.templates, "hours": asked.hours,
        "lines_written": written, "lines_read": tenant["lines"], "nothing_lost": tenant["lines"] == written,
        "records": tenant["records"], "minutes": round(took / 60, 2), "writer_behind_s": round(behind_s, 2),
        "processor_cores": round(processor_s / took, 3), "planted": len(watch.planted),
        "told": len(delays), "other_anomalies": len(watch.others),
        "delay_s": {"median": at(0.5), "p99": at(0.99), "most": at(1.0)},
        "resident_mb": {"half": round(half[0]["resident"] / 1e6, 1), "end": round(resident / 1e6, 1),
                        "most": round(max(sample["resident"] for sample in samples) / 1e6, 1)},
        "stored_mb": {"half": round(half[0]["stored"] / 1e6, 1), "end": round(stored / 1e6, 1)},
        "start_with_that_state": {"seconds": round(restart_s, 2), "resident_mb": round(restarted / 1e6, 1)},
        "at_the_pace_of_the_clock": at_real_pace,
    }
    with open(os.path.join(asked.folder, "samples.csv"), "w") as file:
        file.write("hours,resident,stored,processor_s\n")
        file.writelines(f"{s['hours']:.3f},{s['resident']},{s['stored']},{s['processor_s']:.2f}\n" for s in samples)
    chart(os.path.join(asked.folder, "soak.svg"), samples)
    print(json.dumps(figures, indent=2))
    sys.exit(0 if figures["nothing_lost"] else 1)


if __name__ == "__main__":
    run(arguments())

//! How services write their lines: the five families of forms and their time stamps.

use super::calendar::Moment;
use super::message::Level;
use super::people;
use super::random::{Random, mix};
use super::slot::{Scene, Slot, decimal};

/// The form of a service's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `{"level":"info","time":"2026-03-02T10:11:12.345Z",…,"msg":"…"}`
    Json,
    /// `2026-03-02 10:11:12,345 INFO  [worker-3] shop.orders.Checkout: …`
    Iso,
    /// `<30>1 2026-03-02T10:11:12.345Z queue-1 rabbitmq 812 - - …`
    Rfc5424,
    /// `Mar  2 10:11:12 database-1 postgres[812]: …`
    Rfc3164,
    /// The access log of Apache and nginx with referer and agent.
    Combined,
    /// `2026-03-02T10:11:12.345Z  INFO charge: authorised order=4711 took_ms=87`
    Rfc3339,
    /// `1772446272345 INFO model: …`
    Epoch,
}

/// What the head of a line is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    /// How serious the message is.
    pub(crate) level: Level,
    /// Logger, component or program.
    pub(crate) source: &'a str,
    /// The thread, without its number where there are several.
    pub(crate) thread: &'a str,
    /// The service's name in syslog headers.
    pub(crate) program: &'a str,
}

/// The thread that works on requests; there are several.
pub(crate) const WORKER: &str = "worker";

impl Form {
    /// The name of the form for users.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Iso => "iso",
            Self::Rfc5424 => "rfc5424",
            Self::Rfc3164 => "rfc3164",
            Self::Combined => "combined",
            Self::Rfc3339 => "rfc3339",
            Self::Epoch => "epoch",
        }
    }

    /// Reads a form's name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        const ALL: [Form; 7] = [
            Form::Json,
            Form::Iso,
            Form::Rfc5424,
            Form::Rfc3164,
            Form::Combined,
            Form::Rfc3339,
            Form::Epoch,
        ];
        ALL.into_iter().find(|form| form.name() == name)
    }

    /// Writes a record with its line end. Further lines of the body follow as they are, since that
    /// is how stack traces come out of a process.
    pub(crate) fn write(
        self,
        head: Head<'_>,
        body: &[u8],
        scene: &mut Scene<'_>,
        out: &mut Vec<u8>,
    ) {
        let end = body.iter().position(|byte| *byte == b'\n').unwrap_or(body.len());
        let (first, rest) = body.split_at(end);
        let moment = Moment::new(scene.time_ms);
        match self {
            Self::Json => json(moment, head, first, scene, out),
            Self::Iso => iso(moment, head, first, scene, out),
            Self::Rfc5424 => rfc5424(moment, head, first, scene, out),
            Self::Rfc3164 => rfc3164(moment, head, first, scene, out),
            Self::Combined => combined(moment, head, first, scene, out),
            Self::Rfc3339 => {
                moment.write_iso(b'T', b'.', out);
                write_all(&["Z ", padded_left(head.level), " ", head.source, ": "], out);
                out.extend_from_slice(first);
            }
            Self::Epoch => {
                decimal(scene.time_ms.max(0) as u64, out);
                write_all(&[" ", upper(head.level), " ", head.source, ": "], out);
                out.extend_from_slice(first);
            }
        }
        out.extend_from_slice(rest);
        out.push(b'\n');
    }
}

fn json(moment: Moment, head: Head<'_>, body: &[u8], scene: &Scene<'_>, out: &mut Vec<u8>) {
    write_all(&["{\"level\":\"", lower(head.level), "\",\"time\":\""], out);
    moment.write_iso(b'T', b'.', out);
    write_all(&["Z\",\"service\":\"", scene.service, "\",\"logger\":\"", head.source], out);
    out.extend_from_slice(b"\",\"msg\":\"");
    for &byte in body {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.extend_from_slice(b"\"}");
}

fn iso(moment: Moment, head: Head<'_>, body: &[u8], scene: &Scene<'_>, out: &mut Vec<u8>) {
    moment.write_iso(b' ', b',', out);
    write_all(&[" ", padded_right(head.level), " [", head.thread], out);
    if head.thread == WORKER {
        out.push(b'-');
        decimal(1 + mix(scene.request, scene.service_key) % 8, out);
    }
    write_all(&["] ", head.source, ": "], out);
    out.extend_from_slice(body);
}

fn rfc5424(moment: Moment, head: Head<'_>, body: &[u8], scene: &mut Scene<'_>, out: &mut Vec<u8>) {
    const DAEMON: u64 = 3 * 8;
    out.push(b'<');
    decimal(DAEMON + syslog_severity(head.level), out);
    out.extend_from_slice(b">1 ");
    moment.write_iso(b'T', b'.', out);
    write_all(&["Z ", scene.service, "-0 ", head.program, " "], out);
    Slot::Process.write(scene, out);
    write_all(&[" ", head.source, " - "], out);
    out.extend_from_slice(body);
}

fn rfc3164(moment: Moment, head: Head<'_>, body: &[u8], scene: &mut Scene<'_>, out: &mut Vec<u8>) {
    moment.write_rfc3164(out);
    write_all(&[" ", scene.service, "-0 ", head.program, head.source, "["], out);
    // Such programs work with a process for each connection.
    let instance = mix(scene.service_key, scene.generation) % 3_000;
    decimal(300 + instance + mix(scene.request, head.source.len() as u64) % 24, out);
    out.extend_from_slice(b"]: ");
    out.extend_from_slice(body);
}

/// The body is `METHOD path status bytes`.
fn combined(moment: Moment, head: Head<'_>, body: &[u8], scene: &mut Scene<'_>, out: &mut Vec<u8>) {
    let visitor = head.source.is_empty();
    let inside = head.source.starts_with("kube-probe");
    let client = match (visitor, inside) {
        (true, _) => Slot::Client,
        (_, true) => Slot::Inner,
        _ => Slot::Public,
    };
    client.write(scene, out);
    out.extend_from_slice(b" - - [");
    moment.write_combined(out);
    out.extend_from_slice(b"] \"");
    // The status and the size are the last two words, whatever the path looks like.
    let words = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b' ');
    let path_end = words.map(|(at, _)| at).nth(1).unwrap_or(body.len());
    let (request, status) = body.split_at(path_end);
    out.extend_from_slice(request);
    out.extend_from_slice(b" HTTP/1.1\"");
    out.extend_from_slice(status);
    if visitor {
        let mut request = Random::new(mix(scene.seed ^ 0x5EF, scene.request));
        let mut visit = Random::new(mix(scene.seed ^ 0xA6E, scene.request >> 8));
        let agent = people::agent(&mut visit);
        let is_app = agent.starts_with("ShopApp");
        let referer = if is_app { "-" } else { people::referer(&mut request) };
        write_all(&[" \"", referer, "\" \"", agent, "\""], out);
    } else {
        write_all(&[" \"-\" \"", head.source, "\""], out);
    }
}

fn write_all(parts: &[&str], out: &mut Vec<u8>) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

fn upper(level: Level) -> &'static str {
    padded_right(level).trim_ascii_end()
}

fn padded_right(level: Level) -> &'static str {
    match level {
        Level::Debug => "DEBUG",
        Level::Info => "INFO ",
        Level::Warn => "WARN ",
        Level::Error => "ERROR",
        Level::Fatal => "FATAL",
    }
}

fn padded_left(level: Level) -> &'static str {
    match level {
        Level::Info => " INFO",
        Level::Warn => " WARN",
        Level::Fatal => "ERROR",
        other => padded_right(other),
    }
}

fn lower(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
        Level::Fatal => "fatal",
    }
}

fn syslog_severity(level: Level) -> u64 {
    match level {
        Level::Debug => 7,
        Level::Info => 6,
        Level::Warn => 4,
        Level::Error => 3,
        Level::Fatal => 2,
    }
}

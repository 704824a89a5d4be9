//! Labelled logs made of formats: each program says its messages with values of their kinds, some often, most rarely.

use super::formats::Program;
use super::score::Labelled;
use crate::chance::Chance;

/// Lines of a made log.
const LINES: usize = 2000;
const WORDS: &[&str] = &[
    "orders", "billing", "payments", "audit", "web", "mail", "search", "index", "main", "backup",
    "cache", "session", "users", "staging", "events", "metrics", "reports", "jobs", "alpha",
    "beta", "gamma", "delta", "north", "south", "east", "west", "red", "blue", "green", "amber",
];
const USERS: &[&str] = &[
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "root", "admin",
    "postgres", "nobody", "backup", "deploy", "git", "www-data", "jenkins", "oracle", "guest",
];
const PERSONS: &[&str] = &[
    "John Smith",
    "Mary Jones",
    "Wei Chen",
    "Olga",
    "Carlos Garcia",
    "Fatima",
    "Peter Brown",
    "Anna Kim",
    "David Rossi",
    "Laura Silva",
    "Mary Brown",
    "John",
    "Wei Kim",
    "Peter Smith",
];
const COMPANIES: &[&str] = &[
    "Oracle Corporation",
    "Intel",
    "Apple Inc.",
    "Red Hat, Inc.",
    "Microsoft Corporation",
    "IBM",
    "Eclipse Adoptium",
];
const TITLES: &[&str] = &[
    "Inbox",
    "My Documents",
    "Settings",
    "Quarterly Report",
    "psql",
    "Family Photos of 2019",
    "Home",
    "New Tab",
    "Meeting Agenda for Monday",
    "PostgreSQL JDBC Driver",
    "backup",
    "Cafe Free WiFi",
    "red shoes",
    "Print Spooler",
];
const COMMAND_LINES: &[&str] = &[
    "/bin/ls",
    "/usr/bin/apt update",
    "/bin/bash",
    "/usr/bin/systemctl restart nginx",
    "/bin/cat /etc/hosts",
    "/bin/su -",
    "chown -R git .",
];
const SIGNS: &[&str] = &["from", ")", "SELECT", ",", "where", ";", "limit"];
/// What stands where nothing is known.
const ODD: &[&str] = &["-", "(null)", "N/A", "unknown", "none", "<unknown>", "null", "?"];
/// One value in so many is missing or odd.
const RARE: usize = 25;
const COMMANDS: &[&str] = &["CONNECT", "EHLO", "RCPT", "DATA", "AUTH", "STARTTLS"];

/// The log of a program, with the format that each line was made of.
pub(super) fn log(program: &Program, seed: u64) -> Labelled {
    let mut chance = Chance::new(seed);
    let mut log = Labelled { name: program.name.into(), ..Labelled::default() };
    for line in 0..LINES {
        // Every message once, and then by Zipf's law.
        let number = if line % 40 == 0 && line / 40 < program.formats.len() {
            line / 40
        } else {
            zipf(&mut chance, program.formats.len())
        };
        let format = program.formats[number];
        log.lines.push(fill(format, &mut chance));
        log.templates.push(stars(format));
    }
    log
}

/// The first of many is the most frequent.
fn zipf(chance: &mut Chance, count: usize) -> usize {
    let share = chance.up_to(1_000_000) as f64 / 1e6;
    ((count as f64 + 1.0).powf(share) as usize).clamp(1, count) - 1
}

fn fill(format: &str, chance: &mut Chance) -> String {
    let mut line = String::new();
    let mut rest = format;
    while let Some((text, (kind, after))) =
        rest.split_once('{').and_then(|(text, rest)| Some((text, rest.split_once('}')?)))
    {
        line.push_str(text);
        line.push_str(&slot(kind, chance));
        rest = after;
    }
    line + rest
}

fn stars(format: &str) -> String {
    let mut rest = format.split('{');
    let mut text = rest.next().unwrap_or_default().to_owned();
    for part in rest {
        text.push_str("<*>");
        text.push_str(part.split_once('}').map_or("", |(_, after)| after));
    }
    text
}

fn pick<'a>(chance: &mut Chance, words: &[&'a str]) -> &'a str {
    words[zipf(chance, words.len())]
}

/// A value, which may be missing or odd at times.
fn slot(kind: &str, chance: &mut Chance) -> String {
    let (missing, odd) = (kind.strip_suffix('?'), kind.strip_suffix('~'));
    let Some(kind) = missing.or(odd) else { return value(kind, chance) };
    match chance.up_to(RARE) {
        1 if missing.is_some() => String::new(),
        1 => ODD[chance.up_to(ODD.len()) - 1].to_owned(),
        _ => value(kind, chance),
    }
}

fn value(kind: &str, chance: &mut Chance) -> String {
    let mut number = |most: usize| chance.up_to(most);
    match kind {
        "int" => {
            let most = [9, 99, 9999, 999_999][number(4) - 1];
            number(most).to_string()
        }
        "float" => format!("{}.{:02}", number(90), number(99)),
        "ip" => format!("10.{}.{}.{}", number(3), number(50), number(250)),
        "addr" => {
            format!("10.{}.{}.{}:{}", number(3), number(50), number(250), 1024 + number(60_000))
        }
        "hex" => format!("{:08X}", number(1 << 31) + (1 << 30)),
        "lsn" => format!("{}/{:X}", number(9), number(1 << 28) + (1 << 27)),
        "uuid" => format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            number(1 << 31),
            number(65_000),
            number(4000),
            number(4000),
            number(1 << 47)
        ),
        "id" => format!("client{}{:06x}", number(90) + 9, number(1 << 24)),
        _ => words(kind, chance),
    }
}

fn words(kind: &str, chance: &mut Chance) -> String {
    let word = pick(chance, WORDS);
    let number = chance.up_to(59);
    match kind {
        "host" => format!("{word}{number}.example.com"),
        "path" => format!("/var/lib/{word}/{}{number}.log", pick(chance, WORDS)),
        "url" => format!("http://{word}{number}.example.com:8080/{}", pick(chance, WORDS)),
        "quoted" => format!("\"/srv/{word}/{number}.html\""),
        "user" => pick(chance, USERS).to_owned(),
        "name" => format!("{word}-{}", pick(chance, WORDS)),
        "table" => format!("{word}_{}", pick(chance, WORDS)),
        "task" => format!("shop.{word}.{}", pick(chance, WORDS)),
        "pod" => format!("{word}-{:x}", 0x1000_0000 + chance.up_to(1 << 28)),
        "verb" => pick(chance, COMMANDS).to_owned(),
        "command" => pick(chance, COMMAND_LINES).to_owned(),
        "person" => pick(chance, PERSONS).to_owned(),
        "company" => pick(chance, COMPANIES).to_owned(),
        "title" => pick(chance, TITLES).to_owned(),
        "sign" => pick(chance, SIGNS).to_owned(),
        "node" => [word.to_owned(), format!("{word}{number}"), format!("{word}-{number}")]
            [number % 3]
            .clone(),
        "interface" => format!("eth{}", number % 4),
        "mac" => format!("52:54:00:{number:02x}:{:02x}:0a", chance.up_to(250)),
        "version" => format!("{}.{number}.{}", chance.up_to(4), chance.up_to(9)),
        "time" => format!("0:{number:02}:{:02}.{:03}", chance.up_to(59), chance.up_to(999)),
        "date" => format!("2024-03-{:02} 11:{number:02}:09 UTC", chance.up_to(28)),
        "bool" => ["true", "false"][number % 2].to_owned(),
        _ => word.to_owned(),
    }
}

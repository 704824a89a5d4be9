//! Messages whose values are of one word in one line and of several in the next, missing, or odd; the first of each
//! program is most of its log, and must not fall apart for that.

use super::formats::Program;

/// `{kind?}` is missing at times, `{kind~}` holds something odd at times.
pub(super) const PROGRAMS: &[Program] = &[
    Program {
        name: "gate",
        formats: &[
            "authentication failure; logname= uid={int} euid={int} tty={word} ruser={user?} rhost={host~}",
            "Failed password for invalid user {user?} from {ip} port {int}",
            "session opened for user {user} by {user}(uid={int})",
            "session closed for user {user}",
            "{user} : TTY=pts/{int} ; PWD={path} ; USER={user} ; COMMAND={command}",
            "connection from {ip} ({host?}) at {date}",
            "request rejected: user=\"{person}\" client={ip~} reason={word}",
            "account \"{person}\" locked after {int} failures",
            "account \"{person}\" unlocked by {user}",
            "password of \"{person}\" expires in {int} days",
        ],
    },
    Program {
        name: "front",
        formats: &[
            "open() \"{path}\" failed, client: {ip}, server: {host~}, request: \"GET {path} HTTP/1.1\", host: \"{host~}\"",
            "upstream timed out, client: {ip}, server: {host~}, upstream: \"{url}\", host: \"{host}\"",
            "user \"{person}\" was not found in \"{path}\", client: {ip}, server: {host}",
            "user \"{person}\": password mismatch, client: {ip}, server: {host}",
            "client intended to send too large body: {int} bytes, client: {ip}, server: {host}",
            "conflicting server name \"{host~}\" on 0.0.0.0:{int}, ignored",
            "cache zone \"{word}\" is full, client: {ip~}",
            "signal process started",
        ],
    },
    Program {
        name: "ledger",
        formats: &[
            "connection authorized: user={user} database={word} application_name={title}",
            "connection received: host={ip~} port={int}",
            "disconnection: session time {int} s user={user~} database={word} host={ip~} port={int}",
            "syntax error at or near \"{sign}\" at character {int}",
            "parameter \"{table}\" changed to \"{title}\"",
            "invalid input for type {word}: \"{title?}\"",
            "database \"{word}\" does not exist",
            "could not open file \"{path}\": No such file or directory",
            "replication slot \"{table}\" is active for process {int}",
            "checkpoint complete: wrote {int} buffers in {float} s",
        ],
    },
    Program {
        name: "shop",
        formats: &[
            "User {person} logged in from {ip}",
            "Order {int} placed by customer {person} for {float} EUR",
            "User {person} logged out",
            "search for \"{title}\" returned {int} results",
            "Sent mail \"{title}\" to {user}@{host}",
            "Server environment:java.vendor={company}",
            "Company: {company}, invoices: {int}, open: {int}",
            "report '{title}' has {int} pages",
            "Cache {word} evicted {int} entries",
            "Deleted file '{title}' after {int} days",
        ],
    },
    Program {
        name: "phone",
        formats: &[
            "acquire lock={int}, flags={int}, tag=\"{title}\", name={task~}, uid={int}",
            "release lock={int}, flags={int}, tag=\"{title}\", name={task}, uid={int}",
            "wifi connected to \"{title}\" rssi={int}",
            "notification from {task} titled \"{title}\" posted with {int} actions",
            "contact \"{person}\" synced to account {user}@{host}",
            "activity {task} displayed after {int} ms",
            "process {int} of {task} died",
            "volume \"{title?}\" mounted at {path}",
            "Time since last interaction: {int} ms",
        ],
    },
    Program {
        name: "lease",
        formats: &[
            "offer of {ip} to {mac} ({word?}) via {interface}",
            "ack of {ip} to {mac} ({title}) via {interface}",
            "release of {ip} from {mac} ({word?}) via {interface}",
            "query of {host} by {ip}: type={word} flags={word?} view={word~}",
            "volume {pod} attached to node {word~}",
            "node {node} joined the cluster",
            "node {node} left the cluster after {int} s",
            "container {node} started by {user}",
            "zone {host} transferred serial {int}",
        ],
    },
];

//! Lines as services write them with many fields: some six hundred bytes each, of some templates.

use crate::matching::Chance;

/// Messages, each with fields of its own.
const MESSAGES: [&str; 12] = [
    "request finished",
    "request failed after retries",
    "upstream connection was reset",
    "cache entry was renewed",
    "payment was captured",
    "order was placed",
    "session was opened",
    "token is about to expire",
    "job was picked up",
    "index segment was merged",
    "queue is draining slowly",
    "replica caught up",
];
/// Names of fields; a message has those from some place on.
const FIELDS: [&str; 40] = [
    "method",
    "route",
    "status",
    "duration_ms",
    "bytes_in",
    "bytes_out",
    "user",
    "tenant",
    "trace_id",
    "span_id",
    "region",
    "zone",
    "host",
    "pod",
    "version",
    "attempt",
    "client_ip",
    "upstream",
    "pool",
    "shard",
    "partition",
    "offset",
    "lag_ms",
    "queue",
    "topic",
    "consumer",
    "db_time_ms",
    "rows",
    "cache",
    "ttl_s",
    "currency",
    "amount",
    "basket",
    "coupon",
    "agent",
    "protocol",
    "cipher",
    "country",
    "flags",
    "reason",
];
/// Fields of a line.
const COUNT: usize = 28;

/// So many of them, the same in every run.
pub(super) fn lines(count: usize) -> Vec<Vec<u8>> {
    let mut chance = Chance::new(4);
    let mut line = |_| {
        let message = chance.up_to(MESSAGES.len()) - 1;
        let mut text =
            format!("level=info component=service-{message} msg=\"{}\"", MESSAGES[message]);
        for place in 0..COUNT {
            let field = (message * 3 + place) % FIELDS.len();
            text += &format!(" {}={}", FIELDS[field], value(field, &mut chance));
        }
        text.into_bytes()
    };
    (0..count).map(&mut line).collect()
}

/// A value as its field has them.
fn value(field: usize, chance: &mut Chance) -> String {
    let number = chance.next();
    match field % 5 {
        0 => ["get", "primary", "default", "stable"][field / 5 % 4].to_owned(),
        1 => format!("/api/v2/items/{}", number % 100_000),
        2 => format!("{}", number % 1000),
        3 => format!("{number:016x}"),
        _ => {
            let [_, _, third, fourth, ..] = number.to_be_bytes();
            format!("10.2.{third}.{fourth}:8080")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_long_as_they_are_called() {
        let lines = lines(200);
        let mean = lines.iter().map(Vec::len).sum::<usize>() / lines.len();
        assert!((540..=660).contains(&mean), "{mean}");
    }
}

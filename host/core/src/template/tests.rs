//! Tests of the miner as a whole.

mod random;

use super::*;
use crate::batch::BatchBuilder;
use crate::record::Record;

const LIMITS: MinerLimits = MinerLimits { templates_max: 4096, window_ms: 60_000 };

/// Mines lines one second apart and returns the columns.
fn mine(miner: &mut Templates, lines: &[(&str, &str)], first_ms: i64) -> MinedColumns {
    mine_and_merge(miner, lines, first_ms).0
}

/// The same, with the ids that were given up.
fn mine_and_merge(
    miner: &mut Templates,
    lines: &[(&str, &str)],
    first_ms: i64,
) -> (MinedColumns, Vec<(usize, Merge)>) {
    let mut builder = BatchBuilder::default();
    for (number, (head, body)) in lines.iter().enumerate() {
        let record = Record { head: (*head).into(), body: (*body).into(), ..Record::default() };
        builder.push(1, first_ms + number as i64 * 1000, &record);
    }
    let batch = builder.seal();
    let mut columns = MinedColumns::default();
    let merges = miner.assign(&batch, 0..batch.len(), &mut columns);
    (columns, merges)
}

/// A miner that has seen a day of two messages.
fn seasoned() -> Templates {
    let mut miner = Templates::new(LIMITS);
    let lines = [
        ("web api", "receiving block 17 from peer"),
        ("web api", "connection closed by remote host"),
    ];
    for minute in 0..1440 {
        mine(&mut miner, &lines, minute * 60_000);
    }
    miner
}

#[test]
fn what_is_new_about_a_line() {
    let cases = [
        ("web api", "receiving block 99 from peer", NoveltyKind::None, ""),
        ("web api", "recieving block 99 from peer", NoveltyKind::Near, "recieving\treceiving"),
        ("web api", "disk quota exceeded", NoveltyKind::New, ""),
        ("web api", "receiving block 99 from peer twice", NoveltyKind::Extension, "twice"),
        ("web api", "connection closed by local host", NoveltyKind::Slot, "local"),
        ("db api", "receiving block 99 from peer", NoveltyKind::Slot, "db"),
    ];
    for (head, body, kind, words) in cases {
        let mut miner = seasoned();
        let columns = mine(&mut miner, &[(head, body), (head, body)], 86_400_000);
        assert_eq!(columns.novelty_kind, [kind as u8, 0], "{body}");
        assert_eq!(columns.novelty_words.row(0), words.as_bytes(), "{body}");
        assert_eq!(columns.novelty_bits[0] >= 5.0, kind != NoveltyKind::None, "{body}");
    }
}

#[test]
fn the_two_grains_tell_messages_and_places_apart() {
    let mut miner = Templates::new(LIMITS);
    let lines = [("db api", "disk full"), ("web api", "disk full"), ("db api", "disk full")];
    let columns = mine(&mut miner, &lines, 0);
    assert_eq!(columns.template, [1, 1, 1]);
    assert_eq!(columns.fine_template, [1, 2, 1]);
}

/// What is new about a last line, after a thousand of another.
fn news_after_many(miner: &mut Templates, many: (&str, &str), last: (&str, &str)) -> (u8, Vec<u8>) {
    mine(miner, &vec![many; 1000], 1_000_000);
    let columns = mine(miner, &[last], 3_000_000);
    let is_loud = columns.novelty_bits[0] >= 5.0;
    (columns.novelty_kind[0] * u8::from(is_loud), columns.novelty_words.row(0).to_vec())
}

#[test]
fn a_message_whose_kin_became_part_of_it_tells_unseen_words() {
    let text = |device: &str, person: &str| format!("server did mount {device} of {person} again");
    let pairs = [("disk", "ann"), ("tape", "bob"), ("tape", "eve"), ("film", "eve")];
    let texts = pairs.map(|(device, person)| text(device, person));
    let mut miner = Templates::new(LIMITS);
    mine(&mut miner, &texts.each_ref().map(|text| ("", text.as_str())), 0);
    assert_eq!(miner.len(), 1, "the last one, kin to the second, made all of them one");
    let news = news_after_many(&mut miner, ("", &texts[0]), ("", &text("drum", "ann")));
    assert_eq!(news, (NoveltyKind::Slot as u8, b"drum".to_vec()));
}

#[test]
fn a_message_whose_kin_made_room_tells_unseen_words() {
    let (kin, own) = ("the old server did stop again", "the old server did start again");
    let mut miner = Templates::new(MinerLimits { templates_max: 8, ..LIMITS });
    mine(&mut miner, &[("web", kin), ("web", own)], 0);
    mine(&mut miner, &vec![("web", own); 100], 10_000);
    for (number, word) in ["a", "b", "c", "d", "e", "f", "g"].iter().enumerate() {
        let other = format!("{word} {}", "x ".repeat(number + 1));
        mine(&mut miner, &vec![("web", other.as_str()); 10], 200_000);
    }
    assert!(miner.text(1).is_empty() && miner.text(2) == own.as_bytes(), "{:?}", miner.list());
    let news = news_after_many(&mut miner, ("web", own), ("db", own));
    assert_eq!(news, (NoveltyKind::Slot as u8, b"db".to_vec()));
}

#[test]
fn a_message_has_the_same_name_in_every_source() {
    let mut names = Vec::new();
    for warm_up in [&[][..], &[("", "another message first")][..]] {
        let mut miner = Templates::new(LIMITS);
        mine(&mut miner, warm_up, 0);
        names.push(mine(&mut miner, &[("", "took 12 ms")], 1000).message[0]);
    }
    assert_eq!(names[0], names[1]);
    assert!(names[0] > 0 && names[0] < 1 << 31);
}

#[test]
fn cutting_into_batches_changes_nothing() {
    let names = ["bob", "ann", "eve", "kim", "joe", "sue", "tim", "max", "lea", "ian", "amy"];
    let things = ["tape", "disk", "film", "card", "book", "note", "lamp", "desk", "door", "key"];
    let text = |n: usize| format!("user {} did {}", names[n * n % 11], things[n * 7 % 10]);
    let texts: Vec<String> = (0..500).map(text).collect();
    let lines: Vec<(&str, &str)> = texts.iter().map(|text| ("host", text.as_str())).collect();
    let run = |size: usize| {
        let mut miner = Templates::new(LIMITS);
        let (mut all, mut merged) = (MinedColumns::default(), Vec::new());
        for (part, chunk) in lines.chunks(size).enumerate() {
            let before = part * size;
            let (columns, merges) = mine_and_merge(&mut miner, chunk, before as i64 * 1000);
            all.template.extend(columns.template);
            all.fine_template.extend(columns.fine_template);
            all.message.extend(columns.message);
            all.novelty_kind.extend(columns.novelty_kind);
            all.novelty_bits.extend(columns.novelty_bits);
            (0..chunk.len()).for_each(|row| all.novelty_words.push(columns.novelty_words.row(row)));
            merged.extend(merges.into_iter().map(|(row, merge)| (before + row, merge)));
        }
        (all, merged)
    };
    let (whole, merged) = run(500);
    let [(row, first), ..] = merged[..] else { panic!("ids are given up") };
    assert!(
        whole.template[..row].contains(&first.old) && !whole.template[row..].contains(&first.old)
    );
    for size in [1, 7, 100] {
        assert_eq!(run(size), (whole.clone(), merged.clone()), "batches of {size}");
    }
}

#[test]
fn hostile_prose_stays_within_the_budget() {
    let limits = MinerLimits { templates_max: 64, window_ms: 60_000 };
    let mut miner = Templates::new(limits);
    let mut seed = 1u64;
    for line in 0..5000 {
        let mut text = String::new();
        for _ in 0..(seed >> 60) + 2 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let word: String =
                (0..6).map(|at| char::from(b'a' + (seed >> (at * 5 + 20) & 15) as u8)).collect();
            text = format!("{text} {word}");
        }
        mine(&mut miner, &[("", &text)], line * 1000);
    }
    assert!(miner.len() <= 64);
    assert!(miner.evicted() > 1000);
    assert!(miner.known.len() <= 2 * 64 + 17);
}

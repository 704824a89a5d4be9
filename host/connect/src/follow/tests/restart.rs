//! Followers that go on where an older one was saved.

use super::*;

const LOG: &str = "app.log";

/// Follows a file of two lines, and says where it was after the first `count` bytes.
fn save_after(stage: &mut Stage, count: usize) -> SavedStream {
    stage.append(LOG, "first\nsecond\n");
    let mut follower = stage.follow("app*");
    follower.poll_now();
    follower.poll_now();
    let id = follower.streams().next().expect("found");
    if count > 0 {
        assert_eq!(follower.read(id, &mut vec![0; count]), Chunk::Bytes(count));
    }
    follower.position(id).expect("followed")
}

/// What happens while nobody looks.
type Meanwhile = fn(&mut Stage);

/// Bytes handed out before, what happens then, the rest of the stream, and how many generations are lost.
const AWAY: &[(&str, usize, Meanwhile, &str, u64)] = &[
    ("nothing happened", 8, |_| {}, "cond\n", 0),
    ("nothing was read", 0, |_| {}, "first\nsecond\n", 0),
    ("more was written", 8, |stage| stage.append(LOG, "third\n"), "cond\nthird\n", 0),
    (
        "renamed",
        8,
        |stage| {
            stage.rename(LOG, "app.log.1");
            stage.append(LOG, "third\n");
        },
        "cond\nthird\n",
        0,
    ),
    (
        "nothing was read, and renamed",
        0,
        |stage| {
            stage.rename(LOG, "app.log.1");
            stage.append(LOG, "third\n");
        },
        "first\nsecond\nthird\n",
        0,
    ),
    ("renamed, and nothing new yet", 8, |stage| stage.rename(LOG, "app.log.1"), "cond\n", 0),
    (
        "renamed three times and compressed",
        8,
        |stage| {
            stage.rename(LOG, "app.log.3");
            stage.compress("app.log.3", "gz");
            stage.append("app.log.2", "third\n");
            stage.compress("app.log.2", "zst");
            stage.append("app.log.1", "fourth\n");
            stage.append(LOG, "fifth\n");
        },
        "cond\nthird\nfourth\nfifth\n",
        0,
    ),
    (
        "copied and truncated",
        8,
        |stage| {
            stage.append(LOG, "third");
            stage.copy(LOG, "app.log.1");
            stage.truncate(LOG);
            stage.append(LOG, "a fourth line that makes it longer than before\n");
        },
        "cond\nthird\na fourth line that makes it longer than before\n",
        0,
    ),
    (
        "in the middle of a line, which is never ended",
        3,
        |stage| {
            stage.truncate(LOG);
            stage.append(LOG, "third\n");
        },
        "\nthird\n",
        1,
    ),
    (
        "the same file with other bytes",
        8,
        |stage| {
            stage.truncate(LOG);
            stage.append(LOG, "other bytes of the same file\n");
        },
        "\nother bytes of the same file\n",
        1,
    ),
    (
        "deleted unread, with younger ones",
        6,
        |stage| {
            stage.delete(LOG);
            stage.append("app.log.2", "third\n");
            stage.append("app.log.1", "fourth\n");
            stage.append(LOG, "fifth\n");
        },
        "third\nfourth\nfifth\n",
        1,
    ),
    ("deleted", 13, |stage| stage.delete(LOG), "", 0),
    ("deleted unread", 6, |stage| stage.delete(LOG), "", 1),
];

#[test]
fn a_stream_goes_on_wherever_its_file_went() {
    for (title, count, meanwhile, rest, lost) in AWAY {
        let mut stage = Stage::new();
        stage.append("app.log.9", "");
        let saved = save_after(&mut stage, *count);
        assert_eq!(saved.position, *count as u64, "{title}");
        meanwhile(&mut stage);
        let mut follower = Follower::new(stage.options("app*"), &[saved]).expect("followed");
        let mut received = Received::default();
        received.settle(&mut follower);
        assert_eq!(received.text(LOG), *rest, "{title}");
        assert_eq!(follower.counters().lost_generations, *lost, "{title}");
        let id = follower.streams().next().expect("known");
        let position = follower.position(id).expect("known").position;
        assert_eq!(position, (count + rest.len()) as u64, "{title}");
        assert_eq!(follower.streams().count(), 1, "{title}");
        let known = |event: &StreamEvent| matches!(event, StreamEvent::Found { known: true, .. });
        assert!(received.events.len() == 1 && received.events.iter().all(known), "{title}");
    }
}

#[test]
fn where_a_new_stream_begins() {
    let cases: &[(&str, FollowFrom, bool, &str)] = &[
        ("all", FollowFrom::Beginning, true, "old\nlive\nnew\n"),
        ("without siblings", FollowFrom::Beginning, false, "live\nnew\n"),
        ("at the end", FollowFrom::End, true, "new\n"),
        ("at the end, without siblings", FollowFrom::End, false, "new\n"),
    ];
    for (title, from, older, expected) in cases {
        for is_killed in [false, true] {
            let mut stage = Stage::new();
            stage.append("app.log.1", "old\n");
            stage.append(LOG, "live\n");
            let options = FollowOptions { from: *from, older: *older, ..stage.options("*.log*") };
            let mut follower = Follower::new(options.clone(), &[]).expect("followed");
            follower.poll_now();
            if is_killed {
                let id = follower.streams().next().expect("found");
                let saved = follower.position(id).expect("followed");
                follower = Follower::new(options, &[saved]).expect("followed");
            }
            stage.append(LOG, "new\n");
            stage.append("later.log", "later\n");
            let mut received = Received::default();
            received.settle(&mut follower);
            assert_eq!(received.text(LOG), *expected, "{title}, killed: {is_killed}");
            assert_eq!(
                received.streams.len(),
                2 - usize::from(is_killed && *from == FollowFrom::End)
            );
        }
    }
}

#[test]
fn what_is_no_longer_matched_is_not_followed() {
    let mut stage = Stage::new();
    let saved = save_after(&mut stage, 6);
    let mut follower = Follower::new(stage.options("other*"), &[saved]).expect("followed");
    assert!(follower.poll_now().is_empty() && follower.streams().next().is_none());
}

#[test]
fn a_thousand_places_are_small() {
    let mut stage = Stage::new();
    let names: Vec<String> = (0..1000).map(|number| format!("service-{number:04}.log")).collect();
    for name in &names {
        stage.append(name, format!("{name} says hello\n").repeat(20));
    }
    let mut follower = stage.follow("*.log");
    let mut received = Received::default();
    received.settle(&mut follower);
    let save = |follower: &Follower| -> Vec<SavedStream> {
        follower.streams().filter_map(|id| follower.position(id)).collect()
    };
    let saved = save(&follower);
    let bytes = postcard::to_allocvec(&saved).expect("saved");
    assert!(bytes.len() < 150 * 1000, "{} bytes", bytes.len());
    let again: Vec<SavedStream> = postcard::from_bytes(&bytes).expect("loaded");
    assert_eq!(again, saved);
    for name in &names {
        stage.append(name, "more\n");
    }
    let mut follower = Follower::new(stage.options("*.log"), &again).expect("followed");
    let mut received = Received::default();
    received.settle(&mut follower);
    assert!(names.iter().all(|name| received.text(name) == "more\n"));
    assert!(lost_nothing(&follower));
}

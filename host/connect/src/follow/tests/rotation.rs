//! Every kind of rotation, seen live and seen afterwards.

use super::*;

/// What happens to the files; a poll reads all there is at that moment.
#[derive(Clone, Copy)]
enum Step {
    Append(&'static str, &'static str),
    Rename(&'static str, &'static str),
    Duplicate(&'static str, &'static str),
    Truncate(&'static str),
    Compress(&'static str, &'static str),
    Delete(&'static str),
    Poll,
}
use Step::{Append, Compress, Delete, Duplicate, Poll, Rename, Truncate};

const LOG: &str = "app.log";
const OLD: &str = "app.log.1";

impl Step {
    fn play(self, stage: &mut Stage) {
        match self {
            Append(name, text) => stage.append(name, text),
            Rename(from, to) => stage.rename(from, to),
            Duplicate(from, to) => stage.copy(from, to),
            Truncate(name) => stage.truncate(name),
            Compress(name, ending) => stage.compress(name, ending),
            Delete(name) => stage.delete(name),
            Poll => {}
        }
    }
}

/// Plays the steps before a follower, with all there is read at each poll.
fn follow(steps: &[Step]) -> (Stage, Follower, Received) {
    let (mut stage, mut received) = (Stage::new(), Received::default());
    let mut follower = stage.follow("app*");
    for step in steps {
        step.play(&mut stage);
        if matches!(step, Poll) {
            received.round(&mut follower);
        }
    }
    received.settle(&mut follower);
    (stage, follower, received)
}

/// What happens, and the stream of it, of which nothing is lost.
const CUT: &[(&str, &[Step], &str)] = &[
    ("no rotation", &[Append(LOG, "a\n"), Poll, Poll, Append(LOG, "b\n")], "a\nb\n"),
    ("no line end", &[Append(LOG, "a\nb"), Poll, Poll], "a\nb"),
    ("a line in two writes", &[Append(LOG, "a"), Poll, Poll, Append(LOG, "b\n")], "ab\n"),
    ("renamed", &[Append(LOG, "a\n"), Poll, Poll, Rename(LOG, OLD), Append(LOG, "b\n")], "a\nb\n"),
    (
        "renamed with a line cut",
        &[Append(LOG, "a"), Poll, Poll, Rename(LOG, OLD), Append(LOG, "b\n")],
        "a\nb\n",
    ),
    (
        "renamed, and written to until the writer notices",
        &[
            Append(LOG, "a\n"),
            Poll,
            Poll,
            Rename(LOG, OLD),
            Poll,
            Append(LOG, ""),
            Poll,
            Poll,
            Append(OLD, "late\n"),
            Poll,
            Append(LOG, "b\n"),
        ],
        "a\nlate\nb\n",
    ),
    (
        "renamed, and written to by two until the next look",
        &[
            Append(LOG, "a\n"),
            Poll,
            Poll,
            Rename(LOG, OLD),
            Append(LOG, "b\n"),
            Poll,
            Append(OLD, "late\n"),
        ],
        "a\nlate\nb\n",
    ),
    (
        "renamed twice between two polls",
        &[
            Append(LOG, "a\n"),
            Poll,
            Poll,
            Rename(LOG, OLD),
            Append(LOG, "b\n"),
            Rename(OLD, "app.log.2"),
            Rename(LOG, OLD),
            Append(LOG, "c\n"),
        ],
        "a\nb\nc\n",
    ),
    (
        "renamed and compressed unread",
        &[
            Append(LOG, "a\n"),
            Poll,
            Rename(LOG, OLD),
            Compress(OLD, "gz"),
            Append(LOG, "b\n"),
            Rename("app.log.1.gz", "app.log.2.gz"),
            Rename(LOG, OLD),
            Compress(OLD, "zst"),
            Append(LOG, "c\n"),
        ],
        "a\nb\nc\n",
    ),
    (
        "dated",
        &[
            Append(LOG, "a\n"),
            Poll,
            Rename(LOG, "app.log-20261120"),
            Append(LOG, "b\n"),
            Poll,
            Rename(LOG, "app.log-20261121"),
            Compress("app.log-20261120", "gz"),
            Append(LOG, "c\n"),
        ],
        "a\nb\nc\n",
    ),
    (
        "an empty generation",
        &[
            Append(LOG, "a"),
            Poll,
            Rename(LOG, OLD),
            Append(LOG, ""),
            Rename(OLD, "app.log.2"),
            Rename(LOG, OLD),
            Append(LOG, "b"),
        ],
        "a\nb",
    ),
    (
        "copied and truncated, read before",
        &[
            Append(LOG, "a\nb\n"),
            Poll,
            Poll,
            Duplicate(LOG, OLD),
            Truncate(LOG),
            Append(LOG, "c\n"),
        ],
        "a\nb\nc\n",
    ),
    (
        "copied and truncated unread",
        &[
            Append(LOG, "a\nb\n"),
            Poll,
            Duplicate(LOG, OLD),
            Truncate(LOG),
            Poll,
            Append(LOG, "c\n"),
        ],
        "a\nb\nc\n",
    ),
    (
        "copied and truncated, and longer again",
        &[
            Append(LOG, "a\n"),
            Poll,
            Poll,
            Append(LOG, "rest\n"),
            Duplicate(LOG, OLD),
            Truncate(LOG),
            Append(LOG, "much longer than before\n"),
        ],
        "a\nrest\nmuch longer than before\n",
    ),
    (
        "copied, truncated and compressed",
        &[
            Append(LOG, "a\n"),
            Poll,
            Poll,
            Append(LOG, "rest\n"),
            Duplicate(LOG, OLD),
            Truncate(LOG),
            Compress(OLD, "zst"),
            Append(LOG, "b\n"),
        ],
        "a\nrest\nb\n",
    ),
];

#[test]
fn where_files_were_cut_does_not_show() {
    for (title, steps, expected) in CUT {
        let (stage, follower, received) = follow(steps);
        assert_eq!(received.text(LOG), *expected, "{title}, live");
        assert_eq!(received.streams.len(), 1, "{title}, live");
        let counters = follower.counters();
        assert!(lost_nothing(&follower), "{title}: {counters:?}");
        let after = afterwards(&stage, "app*");
        assert_eq!(after.text(LOG), *expected, "{title}, afterwards");
        assert_eq!(after.streams.len(), 1, "{title}, afterwards");
    }
}

#[test]
fn what_vanished_is_counted() {
    type Lost = (u64, u64);
    let cases: &[(&str, &[Step], &str, Lost)] = &[
        (
            "truncated when all was read",
            &[Append(LOG, "a\n"), Poll, Poll, Truncate(LOG), Poll, Append(LOG, "b\n")],
            "a\nb\n",
            (0, 0),
        ),
        (
            "truncated and written anew, longer",
            &[Append(LOG, "a\n"), Poll, Poll, Truncate(LOG), Append(LOG, "longer\n")],
            "a\nlonger\n",
            (0, 0),
        ),
        (
            "deleted and written anew",
            &[Append(LOG, "a\n"), Poll, Poll, Delete(LOG), Append(LOG, "b\n")],
            "a\nb\n",
            (0, 0),
        ),
        (
            "written to after the next one had begun",
            &[
                Append(LOG, "a\n"),
                Poll,
                Poll,
                Rename(LOG, OLD),
                Append(LOG, "b\n"),
                Poll,
                Poll,
                Append(OLD, "late\n"),
            ],
            "a\nb\n",
            (1, 5),
        ),
    ];
    for (title, steps, expected, (generations, bytes)) in cases {
        let (_, follower, received) = follow(steps);
        let counters = follower.counters();
        assert_eq!(received.text(LOG), *expected, "{title}");
        let lost = (counters.lost_generations, counters.lost_bytes);
        assert_eq!(lost, (*generations, *bytes), "{title}");
    }
}

#[test]
fn a_damaged_generation_is_left_and_counted() {
    let whole = gzip("line\n".repeat(10_000).as_bytes());
    let garbage = [&[0x1f, 0x8b][..], &[7; 100]].concat();
    let cases: &[(&str, &[u8], usize)] =
        &[("cut", &whole[..whole.len() / 2], 5000), ("garbage", &garbage, 0)];
    for (title, content, least) in cases {
        let mut stage = Stage::new();
        stage.append("app.log.1.gz", content);
        stage.append(LOG, "end\n");
        let (mut follower, mut received) = (stage.follow("*"), Received::default());
        received.settle(&mut follower);
        let text = received.text(LOG);
        assert!(text.ends_with("end\n") && text.len() > *least, "{title}: {}", text.len());
        assert_eq!(follower.counters().lost_generations, 1, "{title}");
        assert_eq!(follower.counters().unreadable, 1, "{title}");
    }
}

#[test]
fn a_deleted_file_is_read_to_its_end_and_may_return() {
    let steps = [Append(LOG, "a\n"), Poll, Poll, Append(LOG, "b\n"), Delete(LOG)];
    let (mut stage, mut follower, mut received) = follow(&steps);
    assert_eq!(received.text(LOG), "a\nb\n");
    assert_eq!(received.ended, [LOG]);
    let id = follower.streams().next().expect("still known");
    received.settle(&mut follower);
    assert_eq!(received.ended, [LOG], "said once");
    assert_eq!(follower.read(id, &mut [0; 9]), Chunk::Ended);
    received.events.clear();
    stage.append(LOG, "c\n");
    received.settle(&mut follower);
    assert_eq!(received.text(LOG), "a\nb\nc\n");
    assert_eq!(received.events, [StreamEvent::Returned { id }]);
    assert!(lost_nothing(&follower));
}

#[test]
fn a_copy_that_misses_the_last_lines_is_no_loss() {
    let mut stage = Stage::new();
    stage.append(LOG, "a\n");
    let (mut follower, mut received) = (stage.follow("*"), Received::default());
    received.settle(&mut follower);
    stage.copy(LOG, OLD);
    stage.append(LOG, "between\n");
    received.round(&mut follower);
    // The copy is done only now.
    stage.stamp(OLD);
    stage.truncate(LOG);
    stage.append(LOG, "b\n");
    received.settle(&mut follower);
    assert_eq!(received.text(LOG), "a\nbetween\nb\n");
    assert!(lost_nothing(&follower));
    assert_eq!(follower.counters().truncations, 1);
}

#[test]
fn while_a_file_is_copied_the_copy_is_not_read() {
    let mut stage = Stage::new();
    let text = "a line that makes the file long enough to be told\n".repeat(40);
    stage.append(LOG, &text);
    stage.copy(LOG, OLD);
    let (mut follower, mut received) = (stage.follow("*"), Received::default());
    received.settle(&mut follower);
    assert_eq!(received.text(LOG), text);
    stage.truncate(LOG);
    stage.append(LOG, "b\n");
    received.settle(&mut follower);
    assert_eq!(received.text(LOG), text + "b\n");
    assert!(lost_nothing(&follower));
}

#[test]
fn a_link_to_another_file_is_a_rotation() {
    let mut stage = Stage::new();
    fs::create_dir(stage.path("pod")).expect("created");
    let link = |target: &str| {
        let target = stage.path(target);
        let path = stage.path("web.log");
        move || {
            fs::remove_file(&path).ok();
            std::os::unix::fs::symlink(target, path).expect("linked");
        }
    };
    let (first, second) = (link("pod/0.log"), link("pod/1.log"));
    stage.append("pod/0.log", "a\n");
    first();
    let (mut follower, mut received) = (stage.follow("*.log"), Received::default());
    received.settle(&mut follower);
    stage.rename("pod/0.log", "pod/0.log.20261121-101010");
    stage.append("pod/0.log", "b\n");
    received.settle(&mut follower);
    stage.append("pod/0.log", "c\n");
    // The process is away while the container starts again.
    let id = follower.streams().next().expect("followed");
    let saved = follower.position(id).expect("followed");
    stage.append("pod/1.log", "d\n");
    second();
    let mut follower = Follower::new(stage.options("*.log"), &[saved]).expect("followed");
    received.settle(&mut follower);
    assert_eq!(received.text("web.log"), "a\nb\nc\nd\n");
    assert!(lost_nothing(&follower));
}

#[test]
fn a_banner_that_comes_again_does_not_hide_a_truncation() {
    let banner = "the same words again\n".repeat(100);
    let mut stage = Stage::new();
    stage.append(LOG, format!("{banner}first\n"));
    let (mut follower, mut received) = (stage.follow("*"), Received::default());
    follower.poll_now();
    follower.poll_now();
    let id = follower.streams().next().expect("found");
    assert_eq!(follower.read(id, &mut [0; 3]), Chunk::Bytes(3));
    stage.truncate(LOG);
    stage.append(LOG, format!("{banner}second, and longer\n"));
    received.settle(&mut follower);
    assert_eq!(received.text(LOG), format!("\n{banner}second, and longer\n"));
    assert_eq!(follower.counters().truncations, 1);
    assert_eq!(follower.counters().lost_bytes, banner.len() as u64 + 6 - 3);
}

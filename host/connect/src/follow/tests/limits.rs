//! Limits, and what is no file to follow.

use super::*;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

fn names(follower: &Follower) -> Vec<String> {
    let mut names: Vec<String> = follower.streams().map(|id| name_of(follower, id)).collect();
    names.sort();
    names
}

#[test]
fn globs_find_files_and_no_rotated_ones() {
    let files = [
        "app.log",
        "app.log.1",
        "app.log.2.gz",
        "app.log-20261121",
        "app-2026-11-21.log",
        "web.log",
        "gone.log.1",
        "worker-1.log",
        "worker-2.log",
        "daily-2026-11-20.log",
        "daily-2026-11-21.log",
        ".hidden.log",
        "notes.txt",
        "deep/er/api.log",
        "deep/api.log",
    ];
    let all: &[&str] = &[
        "app.log",
        "daily-2026-11-20.log",
        "daily-2026-11-21.log",
        "gone.log",
        "web.log",
        "worker-1.log",
        "worker-2.log",
    ];
    let cases: &[(&[&str], &[&str], &[&str])] = &[
        (&["*.log*"], &[], all),
        (&["*.log"], &["worker-*", "daily-*"], &["app.log", "web.log"]),
        (&["app.log", "web.log", "missing.log"], &[], &["app.log", "web.log"]),
        (
            &["*.log"],
            &["/*/w*", "**/d*.log", "**/a*"],
            &["web.log", "worker-1.log", "worker-2.log"],
        ),
        (&["**/api.log"], &[], &["api.log", "api.log"]),
        (&["deep/*/*.log"], &[], &["api.log"]),
        (&["./deep/./*.log"], &[], &["api.log"]),
        (&[".hidden*", "?eb.log", "[n]otes.txt"], &[], &[".hidden.log", "notes.txt", "web.log"]),
        (&["nowhere/*.log", "web.log/*"], &[], &[]),
    ];
    for (include, exclude, expected) in cases {
        let mut stage = Stage::new();
        fs::create_dir_all(stage.path("deep/er")).expect("created");
        files.iter().for_each(|name| stage.append(name, "line\n"));
        let options = FollowOptions {
            include: include.iter().map(|glob| stage.glob(glob)).collect(),
            exclude: exclude.iter().map(|&glob| glob.to_owned()).collect(),
            ..FollowOptions::default()
        };
        let mut follower = Follower::new(options, &[]).expect("followed");
        follower.poll_now();
        assert_eq!(names(&follower), *expected, "{include:?} without {exclude:?}");
        assert_eq!(follower.counters().unreadable, 0, "{include:?}");
    }
}

#[test]
fn a_wrong_glob_is_named() {
    for (include, exclude) in [("/var/log/***", "a"), ("/var/log/a", "[")] {
        let options = FollowOptions {
            include: vec![include.into()],
            exclude: vec![exclude.into()],
            ..FollowOptions::default()
        };
        let Err(error) = Follower::new(options, &[]) else { panic!("{include} {exclude}") };
        let text = error.to_string();
        let wrong = if exclude == "a" { include } else { exclude };
        assert!(text.contains(&format!("`{wrong}`")), "{text}");
    }
}

#[test]
fn links_in_circles_and_second_names_are_followed_once() {
    let mut stage = Stage::new();
    fs::create_dir(stage.path("deep")).expect("created");
    stage.append("deep/app.log", "a\n");
    for name in ["deep/here", "deep/again"] {
        symlink(stage.path("deep"), stage.path(name)).expect("linked");
    }
    symlink(stage.path("deep/app.log"), stage.path("same.log")).expect("linked");
    let (mut follower, mut received) = (stage.follow("**/*.log"), Received::default());
    received.settle(&mut follower);
    assert_eq!(received.streams.values().collect::<Vec<_>>(), [b"a\n"]);
}

#[test]
fn what_is_no_file_is_told_once_and_followed_when_it_becomes_one() {
    let mut stage = Stage::new();
    fs::create_dir(stage.path("folder.log")).expect("created");
    symlink(stage.path("loop.log"), stage.path("loop.log")).expect("linked");
    symlink(stage.path("to-come"), stage.path("link.log")).expect("linked");
    let socket = UnixListener::bind(stage.path("socket.log")).expect("bound");
    let (mut follower, mut received) = (stage.follow("*.log"), Received::default());
    received.settle(&mut follower);
    assert!(names(&follower).is_empty());
    assert_eq!(follower.counters().unreadable, 2, "the loop and the socket");
    drop(socket);
    stage.delete("socket.log");
    stage.delete("loop.log");
    for name in ["socket.log", "loop.log", "to-come"] {
        stage.append(name, "a\n");
    }
    received.settle(&mut follower);
    assert_eq!(names(&follower), ["link.log", "loop.log", "socket.log"]);
    assert!(received.streams.values().all(|bytes| bytes == b"a\n"));
    assert_eq!(follower.counters().unreadable, 2);
}

#[test]
fn more_files_than_allowed_are_counted_and_get_the_place_of_ended_ones() {
    let mut stage = Stage::new();
    for name in ["a.log", "b.log", "c.log"] {
        stage.append(name, "line\n");
    }
    let options = FollowOptions { files_max: 2, ..stage.options("*.log") };
    let mut follower = Follower::new(options, &[]).expect("followed");
    let mut received = Received::default();
    received.settle(&mut follower);
    assert_eq!(names(&follower), ["a.log", "b.log"]);
    assert_eq!(follower.counters().beyond_files_max, 1);
    let first = follower.streams().next().expect("followed");
    stage.delete("a.log");
    received.settle(&mut follower);
    assert_eq!(names(&follower), ["b.log", "c.log"]);
    assert!(received.events.contains(&StreamEvent::Gone { id: first }));
    assert_eq!(received.text("c.log"), "line\n");
    assert_eq!(follower.read(first, &mut [0; 9]), Chunk::Ended);
    assert_eq!(follower.position(first), None);
}

#[test]
fn a_stream_that_ended_can_be_forgotten_and_comes_back_as_another() {
    let mut stage = Stage::new();
    stage.append("a.log", "line\n");
    let (mut follower, mut received) = (stage.follow("*.log"), Received::default());
    received.settle(&mut follower);
    let first = follower.streams().next().expect("followed");
    assert!(!follower.has_ended(first) && !follower.forget(first), "it is there");
    stage.delete("a.log");
    received.settle(&mut follower);
    assert!(follower.has_ended(first) && follower.forget(first));
    assert!(follower.has_ended(first) && !follower.forget(first), "once");
    assert_eq!((follower.streams().count(), follower.position(first)), (0, None));
    assert_eq!(follower.open_files, 0);
    stage.append("a.log", "other\n");
    received.settle(&mut follower);
    let second = follower.streams().next().expect("followed");
    assert_ne!(second, first);
    assert_eq!(
        follower.position(second).map(|saved| saved.position),
        Some(6),
        "from its beginning"
    );
}

#[test]
fn few_files_are_open_and_all_are_read() {
    let mut stage = Stage::new();
    let names: Vec<String> = (0..40).map(|number| format!("app-{number}.log")).collect();
    let options = FollowOptions { open_files_max: 3, ..stage.options("*.log") };
    let mut follower = Follower::new(options, &[]).expect("followed");
    let mut received = Received::default();
    for round in 0..6 {
        for name in &names {
            stage.append(name, format!("{name} {round}\n"));
        }
        if round == 3 {
            for name in &names {
                stage.rename(name, &format!("{name}.1"));
            }
        }
        received.round(&mut follower);
        assert!(follower.open_files <= 3, "{} open", follower.open_files);
    }
    received.settle(&mut follower);
    for name in &names {
        let expected: String = (0..6).map(|round| format!("{name} {round}\n")).collect();
        assert_eq!(received.text(name), expected);
    }
    assert!(lost_nothing(&follower) && follower.counters().reopened > 40);
}

#[test]
fn the_lag_is_what_was_not_handed_out() {
    let mut stage = Stage::new();
    stage.append("app.log.1", "12345\n");
    stage.append("app.log", "123\n");
    let mut follower = stage.follow("*.log");
    follower.poll_now();
    follower.poll_now();
    let id = follower.streams().next().expect("found");
    let mut lags = vec![follower.lag_bytes(id)];
    while let Chunk::Bytes(_) = follower.read(id, &mut [0; 3]) {
        lags.push(follower.lag_bytes(id));
    }
    assert_eq!(lags, [10, 7, 4, 1, 0]);
    stage.append("app.log", "more\n");
    follower.poll_now();
    assert_eq!(follower.lag_bytes(id), 5);
}

#[test]
fn the_system_says_when_files_come() {
    let mut stage = Stage::new();
    let mut wake = Wake::new();
    wake.watch(stage.folder.path());
    assert!(!wake.is_partial());
    stage.append("app.log", "a\n");
    let now = Instant::now();
    // The end is far away: it is there so that a failure does not hang.
    wake.wait(now, now + Duration::from_secs(60));
    assert!(wake.is_rung());
}

//! The commands and an API that answers them.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;

use bellwether_plugins::Limits;
use bellwether_store::{Reader, StoreOptions, Writer};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::super::Format;
use super::remove::Named;
use super::{Failure, audit, push, remove, sign, versions};
use crate::api::{ApiState, serve};
use crate::config::Config;
use crate::config::TrustedKey;
use crate::platform::{Base, Fits, Platform};
use crate::registry::{PrivateKey, Registry, digest_of};
use crate::watch::{Keeper, KeeperThread, Status};

const TOKEN: &str = "a-token-of-some-length";

/// A folder with a configuration and a component, and perhaps somebody who serves it.
struct Place {
    folder: TempDir,
    key: PrivateKey,
    status: Status,
    _thread: Option<KeeperThread>,
}

impl Place {
    fn new(is_served: bool) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let mut place = Place {
            folder,
            key: PrivateKey::generate().unwrap(),
            status: Status::default(),
            _thread: None,
        };
        let writer = Writer::open(&place.path("state.db"), StoreOptions::default()).unwrap();
        let listen = if is_served { place.serve(writer) } else { "127.0.0.1:1".parse().unwrap() };
        let text = format!(
            "builtin_patterns: false\nstore: {{path: state.db}}\napi: {{listen: \"{listen}\", token_file: token}}\n"
        );
        fs::write(place.path("b.yaml"), text).unwrap();
        fs::write(place.path("token"), format!("{TOKEN}\n")).unwrap();
        fs::write(place.path("x.wasm"), crate::shipped::component("drop-noise").unwrap()).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn serve(&mut self, writer: Writer) -> SocketAddr {
        let mut registry = Registry::on_trial(&self.path("plugins"), &Limits::default()).unwrap();
        registry.keys = vec![TrustedKey { name: "release".into(), key: self.key.public() }];
        let (keeper, thread) = Keeper::start(writer).unwrap();
        self._thread = Some(thread);
        let base = Arc::new(Base::new(&Arc::new(Config::default())).unwrap());
        let platform = Platform::new(keeper.clone(), self.status.clone(), base, Fits::new());
        let state = ApiState {
            keeper,
            platform,
            status: self.status.clone(),
            database: self.path("state.db"),
            token: Some(TOKEN.into()),
            metrics_sources_max: 1,
            started_ms: 0,
            window_ms: 60_000,
            registry: Arc::new(registry),
        };
        let (tell, address) = channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                serve(listener, state, std::future::pending()).await.unwrap();
            });
        });
        address.recv().unwrap()
    }

    fn push(&self, file: &str) -> String {
        let options = push::Options {
            file: self.path(file),
            config: self.path("b.yaml"),
            signature: None,
            by: Some("Ada".into()),
        };
        said(|out| push::push(&options, out))
    }

    fn list(&self, format: Format) -> String {
        let options = versions::Options { config: self.path("b.yaml"), name: None, format };
        said(|out| versions::list(&options, out))
    }

    fn remove(&self, named: &str) -> String {
        let options = remove::Options {
            named: Named::parse(named).unwrap(),
            config: self.path("b.yaml"),
            by: Some("Bob".into()),
        };
        said(|out| remove::remove(&options, out))
    }

    fn audit(&self, format: Format) -> String {
        let options = audit::Options {
            config: self.path("b.yaml"),
            tenant: None,
            plugin: None,
            limit: 50,
            format,
        };
        said(|out| audit::audit(&options, out))
    }
}

/// What a command says, or how it fails.
fn said(command: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> String {
    let mut out = Vec::new();
    match command(&mut out) {
        Ok(()) => String::from_utf8(out).unwrap(),
        Err(failure) => format!("{failure:?}"),
    }
}

fn expect(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
}

#[test]
fn a_plugin_is_pushed_listed_and_removed() {
    let place = Place::new(true);
    expect(&place.list(Format::Table), &["nothing was pushed; `bellwether plugin push FILE -c "]);
    let component = fs::read(place.path("x.wasm")).unwrap();
    let digest = digest_of(&component);
    fs::write(place.path("x.wasm.sig"), "AAAA\n").unwrap();
    expect(&place.push("x.wasm"), &["code: 65", "the signature cannot be read"]);
    fs::write(place.path("release"), place.key.to_pem().unwrap()).unwrap();
    sign::run(&sign::Options { file: place.path("x.wasm"), key: place.path("release") }).unwrap();
    let pushed = format!("pushed drop-noise 0.1.0: sha256:{digest}, signed by release\n");
    expect(&place.push("x.wasm"), &[&pushed, "is kept, and not at work yet"]);
    expect(&place.push("x.wasm"), &["drop-noise 0.1.0 was there already, and nothing has changed"]);

    place.status.update("shop", |tenant| tenant.digests = [digest.clone()].into());
    let table = place.list(Format::Table);
    expect(&table, &["drop-noise  0.1.0    filter", "Ada  release    shop         sha256:"]);
    let line = place.list(Format::Json);
    let version: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&version["name"], &version["at_work"][0]), (&"drop-noise".into(), &"shop".into()));

    expect(&place.remove("drop-noise@0.1.0"), &["code: 65", "in use by tenant shop"]);
    place.status.update("shop", |tenant| tenant.digests.clear());
    expect(
        &place.remove("drop-noise@0.1.0"),
        &[&format!("removed drop-noise 0.1.0: sha256:{digest}")],
    );
    expect(&place.remove("drop-noise@0.1.0"), &["code: 65", "no version `0.1.0`"]);

    place.status.update("shop", |tenant| tenant.digests = [digest.clone()].into());
    expect(&place.push("x.wasm"), &[&pushed, "at work already, from a file, for shop"]);

    let log = place.audit(Format::Json);
    let log: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let outcomes: Vec<_> = log.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["done", "done", "refused", "done", "refused"]);
    expect(&place.audit(Format::Table), &["Bob  remove  done     drop-noise  0.1.0    all"]);
}

#[test]
fn what_is_wrong_is_told_with_the_mend() {
    let place = Place::new(true);
    expect(&place.push("y.wasm"), &["code: 66", "y.wasm"]);
    fs::write(place.path("y.wasm"), "garbage").unwrap();
    expect(&place.push("y.wasm"), &["code: 65", "this is not WebAssembly"]);
    fs::write(place.path("y.wasm.sig"), "a\nb").unwrap();
    expect(&place.push("y.wasm"), &["code: 65", "holds no signature"]);
    fs::write(place.path("token"), "another-token-altogether").unwrap();
    expect(&place.push("x.wasm"), &["code: 69", "does not let us in"]);
    assert!(Reader::open(&place.path("state.db")).unwrap().plugin_digests().unwrap().is_empty());
    for text in ["rate", "@1.0.0", "rate@", ""] {
        assert!(Named::parse(text).is_err(), "{text}");
    }
}

#[test]
fn without_a_daemon_the_store_is_read_and_nothing_is_written() {
    let place = Place::new(false);
    let nobody = &["code: 69", "no bellwether answers at 127.0.0.1:1", "start `bellwether run`"];
    expect(&place.push("x.wasm"), nobody);
    expect(&place.remove("drop-noise@0.1.0"), nobody);
    expect(&place.list(Format::Table), &["nothing was pushed"]);
    assert_eq!(place.audit(Format::Table), "nobody did anything to plugins\n");
}

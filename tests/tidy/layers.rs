//! Which package may depend on which: crates follow who may know what.

use std::collections::BTreeMap;

use super::manifest::{self, Dependency, Manifest, Purpose};
use super::tree::File;
use super::{Expected, Offence, check, demand_none};

/// Compiles guests; build scripts and tests may call it, and the daemon, which does so for authors of plugins.
const GUEST_BUILD: &str = "guests/build";
const DAEMON: &str = "host/daemon";

/// What the packages below a folder may depend on; the first that fits counts.
const LAYERS: &[Layer] = &[
    Layer {
        folder: "host/core",
        knows: &[],
        mend: "core knows nobody; turn the dependency around",
    },
    Layer { folder: "host/daemon", knows: &["host"], mend: "only host crates make the daemon" },
    Layer {
        folder: "host",
        knows: &["host/core"],
        mend: "crates beside core know core only; let the daemon bring them together",
    },
    Layer {
        folder: "guests",
        knows: &["guests"],
        mend: "guests know the contract, never the host",
    },
    Layer { folder: "tests/guests", knows: &["guests"], mend: "guests never know the host" },
    Layer {
        folder: "tests",
        knows: &["host", "guests", "tests"],
        mend: "keep it in the workspace",
    },
];

struct Layer {
    folder: &'static str,
    /// Folders whose packages it may depend on.
    knows: &'static [&'static str],
    mend: &'static str,
}

fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a package in one folder may depend on one in another; else the mend.
fn permit(from: &str, to: &str, purpose: Purpose) -> Result<(), &'static str> {
    let is_host = is_within(from, "host");
    if is_host && to == GUEST_BUILD && (purpose != Purpose::Program || from == DAEMON) {
        return Ok(());
    }
    let Some(layer) = LAYERS.iter().find(|layer| is_within(from, layer.folder)) else {
        return Err("no layer has this folder; put the package below host, guests or tests");
    };
    if layer.knows.iter().any(|folder| is_within(to, folder)) { Ok(()) } else { Err(layer.mend) }
}

fn layer_offences(manifests: &[Manifest]) -> Vec<Offence> {
    let packages = manifests.iter().filter_map(|one| Some((one.package()?, one.folder())));
    let folders: BTreeMap<&str, &str> = packages.collect();
    let mut offences = Vec::new();
    for manifest in manifests {
        for Dependency { package, purpose, line } in manifest.dependencies() {
            let Some(to) = folders.get(package.as_str()) else { continue };
            if let Err(mend) = permit(manifest.folder(), to, purpose) {
                let message = format!("depends on `{package}`; {mend}");
                offences.push(Offence::new(&manifest.file, line, message));
            }
        }
    }
    offences
}

fn feature_offences(manifest: &Manifest) -> Vec<Offence> {
    if !manifest.table.contains_key("features") {
        return Vec::new();
    }
    let line = manifest.file.line_of("features");
    vec![Offence::new(&manifest.file, line, "has features; make it a setting or a plugin")]
}

#[test]
fn packages_depend_downwards() {
    demand_none(&layer_offences(&manifest::read()));
}

#[test]
fn no_package_has_features() {
    demand_none(&manifest::read().iter().flat_map(feature_offences).collect::<Vec<_>>());
}

#[test]
fn a_dependency_on_the_wrong_layer_is_seen() {
    let cases: &[(&str, &str, &str, Result<(), &str>)] = &[
        ("host/core", "dependencies", "host/plugins", Err("core knows nobody")),
        ("host/core", "dev-dependencies", "host/plugins", Err("core knows nobody")),
        ("host/core", "dependencies", "guests/sdk", Err("core knows nobody")),
        ("host/plugins", "dependencies", "host/core", Ok(())),
        ("host/plugins", "dependencies", "host/store", Err("know core only")),
        ("host/store", "dependencies", "host/daemon", Err("know core only")),
        ("host/aws", "dependencies", "host/connect", Err("know core only")),
        ("host/daemon", "dependencies", "host/aws", Ok(())),
        ("host/daemon", "dependencies", "guests/detectors/rate", Err("only host crates")),
        ("host/daemon", "build-dependencies", "guests/build", Ok(())),
        ("host/daemon", "dependencies", "guests/build", Ok(())),
        ("host/plugins", "dependencies", "guests/build", Err("know core only")),
        ("host/plugins", "dev-dependencies", "guests/build", Ok(())),
        ("host/plugins", "dev-dependencies", "guests/sdk", Err("know core only")),
        ("guests/detectors/rate", "dependencies", "guests/sdk", Ok(())),
        ("guests/detectors/rate", "dependencies", "host/core", Err("never the host")),
        ("guests/sdk", "dev-dependencies", "host/core", Err("never the host")),
        ("tests/guests/hostile", "dependencies", "host/core", Err("never know the host")),
        ("tests/bench", "dependencies", "host/daemon", Ok(())),
        ("extra", "dependencies", "host/core", Err("no layer")),
    ];
    for (from, table, to, expected) in cases {
        let package = |folder: &str, rest: &str| {
            let text = format!("[package]\nname = \"{folder}\"\n{rest}");
            Manifest::new(File::new(&format!("{folder}/Cargo.toml"), &text))
        };
        let own = package(from, &format!("[{table}]\n\"{to}\" = \"1\"\nserde = \"1\"\n"));
        let offences = layer_offences(&[own, package(to, "")]);
        let expected: Vec<_> = expected.err().map(|part| (4, part)).into_iter().collect();
        check(&format!("{from} -> {to} in [{table}]"), &offences, &expected);
    }
}

#[test]
fn features_are_seen() {
    let cases: &[(&str, Expected<'_>)] = &[
        ("[package]\nname = \"a\"\n[features]\nfast = []\n", &[(3, "has features")]),
        ("[dependencies]\na = { version = \"1\", features = [\"b\"] }\n", &[]),
    ];
    for (text, expected) in cases {
        let manifest = Manifest::new(File::new("a/Cargo.toml", text));
        check(text, &feature_offences(&manifest), expected);
    }
}

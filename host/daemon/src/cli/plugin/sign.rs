//! `bellwether plugin keygen` and `bellwether plugin sign`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{Failure, read};
use crate::cli::stdout;
use crate::registry::{PrivateKey, digest_of};

/// Options of `plugin keygen`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct KeyOptions {
    /// The file of the private key; the public one is written beside it, with `.pub` at its end
    pub(super) file: PathBuf,
}

/// Options of `plugin sign`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// The component; its signature is written beside it, with `.sig` at its end
    pub(super) file: PathBuf,
    /// The file of the private key
    #[arg(long, value_name = "FILE")]
    pub(super) key: PathBuf,
}

/// Makes a key. One that is there is never overwritten: what it signed could not be signed again.
pub(super) fn keygen(options: &KeyOptions) -> Result<(), Failure> {
    let failed = |error| Failure::our_fault(format!("cannot make a key: {error}"));
    let key = PrivateKey::generate().map_err(failed)?;
    let public = beside(&options.file, "pub");
    create(&options.file, &key.to_pem().map_err(failed)?, 0o600)?;
    create(&public, &key.public().to_pem(), 0o644)?;
    let mut out = stdout();
    writeln!(out, "private key: {} (keep it to yourself)", options.file.display())?;
    writeln!(out, "public key:  {}", public.display())?;
    writeln!(out, "next: name the public key under `plugins.keys` of the configuration")?;
    Ok(out.flush()?)
}

/// Signs a component.
pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let component = read(&options.file)?;
    let text = String::from_utf8_lossy(&read(&options.key)?).into_owned();
    let key = PrivateKey::parse(&text)
        .map_err(|error| Failure::data(vec![format!("`{}`: {error}", options.key.display())]))?;
    let path = beside(&options.file, "sig");
    let signature = format!("{}\n", key.sign(&component).to_base64());
    std::fs::write(&path, signature).map_err(|error| Failure::write(&path, &error))?;
    let mut out = stdout();
    writeln!(out, "signed sha256:{} in {}", digest_of(&component), path.display())?;
    Ok(out.flush()?)
}

/// The file with an ending more.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    name.into()
}

fn create(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Failure::write(path, &error))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::registry::{PublicKey, Signature};

    #[test]
    fn a_key_that_was_made_signs() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        keygen(&KeyOptions { file: path("release") }).unwrap();
        let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("release"), 0o600);
        let error = keygen(&KeyOptions { file: path("release") }).unwrap_err();
        assert!(format!("{error:?}").contains("code: 74"), "no key is overwritten: {error:?}");

        fs::write(path("x.wasm"), "component").unwrap();
        let sign = |file: &str, key: &str| run(&Options { file: path(file), key: path(key) });
        sign("x.wasm", "release").unwrap();
        let public = PublicKey::parse(&fs::read_to_string(path("release.pub")).unwrap()).unwrap();
        let signature = fs::read_to_string(path("x.wasm.sig")).unwrap();
        assert!(public.verifies(b"component", &Signature::parse(&signature).unwrap()));

        let cases = [("y.wasm", "release", "code: 66"), ("x.wasm", "no", "code: 66")];
        let cases = cases.into_iter().chain([("x.wasm", "release.pub", "code: 65")]);
        for (file, key, code) in cases {
            let error = format!("{:?}", sign(file, key).unwrap_err());
            assert!(error.contains(code), "{error}");
        }
    }
}

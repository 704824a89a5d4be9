//! `bellwether plugin push`.

use std::io::Write;
use std::path::PathBuf;

use reqwest::{Method, StatusCode};

use super::super::load_config;
use super::super::running::{Answer, Running};
use super::sign::beside;
use super::{Failure, person, read};
use crate::cli::stdout;
use crate::output::terminal::safe;

/// Options of `plugin push`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// The component
    pub(super) file: PathBuf,
    /// The configuration with which bellwether runs
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Its signature (default: the file beside it that ends in `.sig`, if there is one)
    #[arg(long, value_name = "FILE")]
    pub(super) signature: Option<PathBuf>,
    /// Who pushes it (default: the user of the system)
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
}

/// Runs the command.
pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let mut out = stdout();
    push(options, &mut out)?;
    Ok(out.flush()?)
}

pub(super) fn push(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let config = load_config(Some(&options.config))?;
    let component = read(&options.file)?;
    let signature = signature(options)?;
    let by = person(options.by.as_deref())?;
    let running = Running::of(&config.api)?;
    let answer =
        running.ask(Method::POST, &["plugins", "versions"], &[("by", &by)], |request| {
            let request = request.header("content-type", "application/wasm").body(component);
            match signature {
                Some(signature) => request.header("bellwether-signature", signature),
                None => request,
            }
        })?;
    Ok(tell(&answer, options, out)?)
}

/// The signature that was named, or the one that lies beside the component.
fn signature(options: &Options) -> Result<Option<String>, Failure> {
    let usual = beside(&options.file, "sig");
    let path = match &options.signature {
        Some(path) => path,
        None if usual.is_file() => &usual,
        None => return Ok(None),
    };
    let text = String::from_utf8_lossy(&read(path)?).trim().to_owned();
    if text.chars().any(|letter| !letter.is_ascii_graphic()) {
        let line = format!("`{}` holds no signature; write one with `plugin sign`", path.display());
        return Err(Failure::data(vec![line]));
    }
    Ok(Some(text))
}

fn tell(answer: &Answer, options: &Options, out: &mut dyn Write) -> std::io::Result<()> {
    let word = |field: &str| safe(answer.body[field].as_str().unwrap_or_default());
    let (name, version, digest) = (word("name"), word("version"), word("digest"));
    if answer.status != StatusCode::CREATED {
        return writeln!(
            out,
            "{name} {version} was there already, and nothing has changed: {digest}"
        );
    }
    let signed = match answer.body["signed_by"].as_str() {
        Some(key) => format!("signed by {}", safe(key)),
        None => "not signed".to_owned(),
    };
    writeln!(out, "pushed {name} {version}: {digest}, {signed}")?;
    let tenants = answer.body["at_work"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !tenants.is_empty() {
        let tenants: Vec<&str> = tenants.iter().filter_map(|tenant| tenant.as_str()).collect();
        return writeln!(
            out,
            "it is at work already, from a file, for {}",
            safe(&tenants.join(" "))
        );
    }
    let config = options.config.display();
    writeln!(
        out,
        "it is kept, and not at work yet; `bellwether plugin list -c {config}` shows what is"
    )
}

//! `bellwether templates`: the messages of a log.

use super::input::Inputs;
use super::{Failure, stdout};
use crate::output::table::Table;
use bellwether_core::assemble::{Assembler, AssemblerLimits};
use bellwether_core::batch::{Batch, BatchBuilder};
use bellwether_core::envelope::Envelope;
use bellwether_core::form::Reference;
use bellwether_core::frame::{FrameLimits, Line, LineSplitter};
use bellwether_core::record::Record;
use bellwether_core::settings::Settings;
use bellwether_core::template::{MinedColumns, MinerLimits, Templates};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// Options of `templates`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Log file, plain or compressed; `-` reads standard input
    file: PathBuf,
    /// Take each line as a message, without looking for time stamps, levels and stack traces
    #[arg(long)]
    raw: bool,
    /// Write the template of each record to this file, as line,template_id,template
    #[arg(long, value_name = "FILE")]
    assign: Option<PathBuf>,
    /// Templates shown, the most frequent first
    #[arg(long, value_name = "N", default_value_t = 50)]
    top: usize,
}

/// Mines batch after batch.
struct Miner {
    templates: Templates,
    builder: BatchBuilder,
    /// Line on which each record begins, and its template.
    assigned: Option<Vec<(u64, u32)>>,
    /// The successors of ids that were given up.
    successors: HashMap<u32, u32>,
    batch_lines: Vec<u64>,
    batch_rows_max: usize,
}

impl Miner {
    fn new(settings: &Settings, assigns: bool) -> Self {
        let limits =
            MinerLimits { templates_max: settings.templates_max, window_ms: settings.window_ms };
        Miner {
            templates: Templates::new(limits),
            builder: BatchBuilder::default(),
            assigned: assigns.then(Vec::new),
            successors: HashMap::new(),
            batch_lines: Vec::new(),
            batch_rows_max: settings.batch_rows_max,
        }
    }

    fn push(&mut self, line: u64, record: &Record) {
        self.batch_lines.push(line);
        self.builder.push(0, record.time_ms.unwrap_or(0), record);
        if self.builder.len() >= self.batch_rows_max {
            self.mine();
        }
    }

    fn mine(&mut self) {
        let batch: Batch = self.builder.seal();
        let mut columns = MinedColumns::default();
        let merges = self.templates.assign(&batch, 0..batch.len(), &mut columns);
        self.successors.extend(merges.iter().map(|(_, merge)| (merge.old, merge.new)));
        let lines = self.batch_lines.drain(..).zip(columns.template);
        if let Some(assigned) = &mut self.assigned {
            assigned.extend(lines);
        }
    }
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let settings = Settings::default();
    let mut inputs = Inputs::open(std::slice::from_ref(&options.file))?;
    let mut miner = Miner::new(&settings, options.assign.is_some());
    let mut splitter = LineSplitter::new(FrameLimits { line_bytes_max: settings.line_bytes_max });
    let mut shaper = Shaper::new(options.raw);
    inputs.read_bytes(|chunk| match chunk {
        Some(bytes) => splitter.push(bytes, &mut |line| shaper.line(line, &mut miner)),
        None => splitter.finish(&mut |line| shaper.line(line, &mut miner)),
    });
    shaper.finish(&mut miner);
    miner.mine();
    let mut out = stdout();
    write_table(&mut out, &miner.templates, options.top)?;
    out.flush()?;
    if let (Some(path), Some(assigned)) = (&options.assign, &miner.assigned) {
        write_assigned(path, assigned, &miner).map_err(|error| Failure::write(path, &error))?;
    }
    inputs.verdict()
}

/// Makes records of lines, or takes each line as a message.
struct Shaper {
    envelope: Envelope,
    assembler: Option<Assembler>,
    raw: Record,
    lines: u64,
    /// Line on which the record under way begins.
    begin: u64,
}

impl Shaper {
    fn new(raw: bool) -> Self {
        let assembler =
            Assembler::new(AssemblerLimits::default(), Reference { time_ms: super::now_ms() });
        Shaper {
            envelope: Envelope::default(),
            assembler: (!raw).then_some(assembler),
            raw: Record::default(),
            lines: 0,
            begin: 1,
        }
    }

    fn line(&mut self, line: Line<'_>, miner: &mut Miner) {
        self.lines += 1;
        let Some(assembler) = &mut self.assembler else {
            self.raw.clear();
            self.raw.body.extend_from_slice(line.bytes);
            miner.push(self.lines, &self.raw);
            return;
        };
        let begin = self.begin;
        let mut complete = false;
        let Some(opened) = self.envelope.open(line, FrameLimits::default().line_bytes_max) else {
            return;
        };
        assembler.opened(opened, &mut |record| {
            complete = true;
            miner.push(begin, record);
        });
        if complete || begin == 1 && assembler.pending_time_ms().is_none() {
            self.begin = self.lines;
        }
    }

    fn finish(&mut self, miner: &mut Miner) {
        let begin = self.begin;
        if let Some(assembler) = &mut self.assembler {
            assembler.flush(&mut |record| miner.push(begin, record));
        }
    }
}

fn write_table(out: &mut dyn Write, templates: &Templates, top: usize) -> io::Result<()> {
    let mut list = templates.list();
    list.sort_by_key(|template| (std::cmp::Reverse(template.lines), template.id));
    let mut table = Table::new(&["lines", "id", "template"]);
    for template in list.iter().take(top) {
        let text = if template.text.is_empty() { "(empty)".into() } else { template.text.clone() };
        table.push(&[template.lines.to_string(), format!("{:08x}", template.message), text]);
    }
    table.write(out)?;
    let hidden = list.len().saturating_sub(top);
    if hidden > 0 {
        writeln!(out, "… and {hidden} more; see them with --top {}", list.len())?;
    }
    Ok(())
}

/// A template's final id and text, since merging may have changed both since the line was read.
fn write_assigned(path: &PathBuf, assigned: &[(u64, u32)], miner: &Miner) -> io::Result<()> {
    let successor = |id: &u32| miner.successors.get(id).copied();
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "line,template_id,template")?;
    for (line, template) in assigned {
        let template =
            std::iter::successors(Some(*template), successor).last().unwrap_or(*template);
        let text = String::from_utf8_lossy(&miner.templates.text(template)).replace('"', "\"\"");
        writeln!(file, "{line},{template},\"{text}\"")?;
    }
    file.flush()
}

//! The truth about the incidents of a run, as a table for an evaluation.

use super::incident::Incident;
use std::io::{self, Write};

/// Writes the incidents as comma-separated values with a head line; times are in epoch seconds.
pub(crate) fn write(incidents: &[Incident], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "id,type,level,start_epoch,end_epoch,lines_changed,detail")?;
    for incident in incidents {
        let Incident { id, level, lines_changed, .. } = incident;
        let start_s = incident.start_ms.div_euclid(1_000);
        let end_s = -(-incident.end_ms).div_euclid(1_000);
        let (name, detail) = (incident.kind.name(), quoted(&incident.detail));
        writeln!(out, "{id},{name},{level},{start_s},{end_s},{lines_changed},{detail}")?;
    }
    Ok(())
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::incident::Kind;
    use super::*;

    #[test]
    fn times_are_rounded_outwards_and_odd_details_quoted() {
        let incident = Incident {
            id: 3,
            kind: Kind::TokenLeak,
            level: 2,
            service: 0,
            start_ms: 1_772_446_272_345,
            end_ms: 1_772_446_300_001,
            lines_changed: 17,
            detail: "mail says \"a\", twice".to_owned(),
        };
        let plain = Incident { detail: "queue crashes once".to_owned(), ..incident };
        let mut out = Vec::new();
        write(&[incident, plain], &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "id,type,level,start_epoch,end_epoch,lines_changed,detail\n\
             3,token-leak,2,1772446272,1772446301,17,\"mail says \"\"a\"\", twice\"\n\
             3,token-leak,2,1772446272,1772446301,17,queue crashes once\n"
        );
    }
}

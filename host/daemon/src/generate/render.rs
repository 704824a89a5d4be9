//! Turns events into the lines of their services.

use super::disturbance::Rule;
use super::event::Event;
use super::form::{Form, Head, WORKER};
use super::message::{Message, When};
use super::random::{Random, mix};
use super::shop::Shop;
use super::slot::{Scene, decimal, hexadecimal};

/// What a service is like at the moment.
#[derive(Debug, Clone)]
struct Version {
    generation: u64,
    reworded: Vec<bool>,
}

/// Writes lines; knows which versions run.
#[derive(Debug)]
pub(crate) struct Renderer {
    seed: u64,
    versions: Vec<Version>,
    body: Vec<u8>,
}

impl Renderer {
    /// Begins with the first version of every service.
    pub(crate) fn new(seed: u64, shop: &Shop) -> Self {
        let version = |service| {
            let reworded = vec![false; shop.catalogue(service).messages.len()];
            Version { generation: 0, reworded }
        };
        let versions = (0..shop.services.len()).map(version).collect();
        Self { seed, versions, body: Vec::new() }
    }

    /// Replaces a service's version by a new one; it may word one message differently.
    pub(crate) fn deploy(&mut self, service: usize, reworded: Option<usize>) {
        let version = &mut self.versions[service];
        version.generation += 1;
        if let Some(message) = reworded {
            version.reworded[message] = true;
        }
    }

    /// The key of everything that varies in a line.
    pub(crate) fn line_key(&self, event: &Event) -> u64 {
        let Event { service, message, copy, .. } = *event;
        let place = ((service as u64) << 48) | ((message as u64) << 32) | u64::from(copy);
        mix(mix(self.seed, event.request), place)
    }

    /// Writes the record of an event, altered by a rule if one concerns it.
    pub(crate) fn write(
        &mut self,
        shop: &Shop,
        event: &Event,
        rule: Option<&Rule>,
        out: &mut Vec<u8>,
    ) {
        let line_key = self.line_key(event);
        let service = &shop.services[event.service];
        let catalogue = shop.catalogue(event.service);
        let message = &catalogue.messages[event.message];
        let version = &self.versions[event.service];
        let mut scene = Scene {
            seed: self.seed,
            request: event.request,
            time_ms: event.time_ms,
            service: &service.name,
            service_key: service.key,
            generation: version.generation,
            slowness: if let Some(Rule::Slow { factor, .. }) = rule { *factor } else { 1.0 },
            random: Random::new(line_key),
        };
        let template = match (rule, &message.reworded) {
            (Some(Rule::Misspell { template, .. }), _) => template,
            (_, Some(reworded)) if version.reworded[event.message] => reworded,
            _ => &message.template,
        };
        self.body.clear();
        template.write(&mut scene, &mut self.body);
        if let Some(Rule::Leak { style, .. }) = rule {
            leak(catalogue.form, *style, line_key, &mut self.body);
        }
        let Message { when, level, source, .. } = *message;
        let thread = match when {
            When::Start { .. } | When::Stop { .. } | When::Death => "main",
            When::Every { .. } | When::Night { .. } => "scheduler",
            _ => WORKER,
        };
        let head = Head { level, source, thread, program: catalogue.program };
        catalogue.form.write(head, &self.body, &mut scene, out);
    }
}

/// Puts something that looks like a secret into the first line of a message. It is drawn, so it
/// opens nothing anywhere.
fn leak(form: Form, style: usize, line_key: u64, body: &mut Vec<u8>) {
    let mut random = Random::new(mix(line_key, 0x7043));
    let mut token = Vec::new();
    match style {
        0 => {
            token.extend_from_slice(b"token=");
            letters(&mut random, 32, &mut token);
        }
        1 => {
            token.extend_from_slice(b"digest=");
            hexadecimal(&mut random, 40, &mut token);
        }
        2 => {
            token.extend_from_slice(b"key=shop_");
            letters(&mut random, 28, &mut token);
        }
        _ => {
            token.extend_from_slice(b"auth=");
            letters(&mut random, 20, &mut token);
            token.push(b'.');
            letters(&mut random, 43, &mut token);
            decimal(random.below(10) as u64, &mut token);
        }
    }
    let first_end = body.iter().position(|byte| *byte == b'\n').unwrap_or(body.len());
    let first = &body[..first_end];
    let (at, separator) = match form {
        // In an access log it is a parameter of the path, in front of the status and the size.
        Form::Combined => {
            let blanks = first.iter().enumerate().rev().filter(|(_, byte)| **byte == b' ');
            let end = blanks.map(|(at, _)| at).nth(1).unwrap_or(first_end);
            (end, if first.contains(&b'?') { b'&' } else { b'?' })
        }
        _ => (first_end, b' '),
    };
    token.insert(0, separator);
    body.splice(at..at, token);
}

fn letters(random: &mut Random, count: usize, out: &mut Vec<u8>) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    for _ in 0..count {
        out.push(LETTERS[random.below(LETTERS.len())]);
    }
}

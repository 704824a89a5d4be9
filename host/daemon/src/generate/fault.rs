//! How each kind of incident shows in the lines. Every factor has three levels, as strong as real
//! faults are: level 1 is easily overlooked, level 3 hardly.

use super::calendar::MINUTE_MS;
use super::disturbance::{Rule, Stage, Window};
use super::incident::Kind;
use super::message::{Message, When};
use super::random::Random;

/// How often a flooding message comes, relative to before.
const FLOOD_FACTORS: [f64; 3] = [4.0, 8.0, 20.0];
/// Lines of a new error a minute.
const NEW_ERRORS_PER_MINUTE: [f64; 3] = [1.0, 5.0, 20.0];
/// Share of misspelt lines; as many words are wrong as the level says.
const NEAR_MISS_SHARES: [f64; 3] = [0.05, 0.20, 0.50];
/// What a shifting message reaches in the end, as a share of all lines of its service.
const SHIFT_SHARES: [f64; 3] = [0.25, 0.50, 1.00];
/// Share of lines with a token.
const LEAK_SHARES: [f64; 3] = [0.01, 0.05, 0.20];
/// Retries relative to a good day.
const RETRY_FACTORS: [f64; 3] = [30.0, 80.0, 200.0];
/// Seconds that a crashed service is away.
const AWAY_S: [(i64, i64); 3] = [(20, 40), (30, 80), (60, 120)];
/// By how much durations grow.
const SLOW_FACTORS: [f64; 3] = [3.0, 6.0, 15.0];
/// Share of a flapping message's lines that moves from its low to its high times.
const FLAP_SHARES: [f64; 3] = [0.30, 0.60, 0.90];
/// Half a period of flapping.
const FLAP_HALF_MS: i64 = 2 * MINUTE_MS;

/// Where and when something is to go wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The service.
    pub(crate) service: usize,
    /// How badly, from 1 to 3.
    pub(crate) level: u8,
    /// Begin.
    pub(crate) start_ms: i64,
    /// Latest end.
    pub(crate) end_ms: i64,
}

/// What goes wrong there.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What happens to lines of the undisturbed traffic.
    pub(crate) rule: Rule,
    /// What happens to lines of other services.
    pub(crate) elsewhere: Vec<(usize, Rule)>,
    /// End.
    pub(crate) end_ms: i64,
    /// What happens, in a short phrase.
    pub(crate) detail: String,
    /// The message concerned, if it is one that others should not use again.
    pub(crate) unseen: Option<usize>,
}

impl Place {
    /// Plans a fault and adds its lines; `None` if the service is too quiet for it at that time.
    ///
    /// `used` says of which messages an earlier incident has made use already.
    pub(crate) fn plan(
        self,
        stage: &mut Stage<'_>,
        kind: Kind,
        used: &dyn Fn(usize) -> bool,
        random: &mut Random,
    ) -> Option<Fault> {
        match kind {
            Kind::Flood => self.flood(stage, random),
            Kind::Silence => self.silence(stage),
            Kind::NewError => self.new_error(stage, used, random),
            Kind::NearMiss => self.near_miss(stage, random),
            Kind::SlowShift => self.slow_shift(stage, random),
            Kind::TokenLeak => self.token_leak(stage, random),
            Kind::RetryStorm => self.retry_storm(stage, random),
            Kind::Crash => self.crash(stage, random),
            Kind::LatencyRise => self.latency(stage, random),
            Kind::Flapping => self.flapping(stage, random),
        }
    }

    fn flood(self, stage: &mut Stage<'_>, random: &mut Random) -> Option<Fault> {
        let message = self.choose(stage, 15.0, random, &|what| !is_timer(what))?;
        let factor = FLOOD_FACTORS[self.grade()];
        let key = (self.service, message);
        let span = (self.start_ms, self.end_ms);
        stage.add_at_random(key, span, random, &|stage, time_ms| {
            // It takes a minute to build up.
            let build_up = ((time_ms - self.start_ms) as f64 / MINUTE_MS as f64 + 0.2).min(1.0);
            stage.lines_per_s(self.service, message, time_ms) * (factor - 1.0) * build_up
        });
        let text = shorten(stage.shop.message(self.service, message).text);
        self.fault(Rule::Keep, format!("{} writes \"{text}\" x{factor}", self.name(stage)))
    }

    fn silence(self, stage: &Stage<'_>) -> Option<Fault> {
        let main = self
            .expected(stage, 40.0)
            .max_by(|left, right| left.1.total_cmp(&right.1))
            .map(|(message, _)| message)?;
        let name = self.name(stage);
        let text = shorten(stage.shop.message(self.service, main).text);
        let (message, share, detail) = match self.level {
            1 => (Some(main), 0.9, format!("{name} loses 90% of \"{text}\"")),
            2 => (Some(main), 1.0, format!("{name} no longer writes \"{text}\"")),
            _ => (None, 1.0, format!("{name} writes nothing")),
        };
        let windows = vec![Window { from_ms: self.start_ms, to_ms: self.end_ms, share }];
        self.fault(Rule::Lose { message, windows }, detail)
    }

    fn new_error(
        self,
        stage: &mut Stage<'_>,
        used: &dyn Fn(usize) -> bool,
        random: &mut Random,
    ) -> Option<Fault> {
        let mut fresh = stage.shop.catalogue(self.service).select(|when| when == When::Unseen);
        fresh.retain(|message| !used(*message));
        let message = *fresh.get(random.below(fresh.len()))?;
        let per_minute = NEW_ERRORS_PER_MINUTE[self.grade()];
        stage.add(self.service, message, self.start_ms, random);
        let span = (self.start_ms, self.end_ms);
        stage.add_at_random((self.service, message), span, random, &|_, _| per_minute / 60.0);
        let text = shorten(stage.shop.message(self.service, message).text);
        let name = self.name(stage);
        let detail = format!("{name} writes \"{text}\" for the first time, {per_minute} a minute");
        let fault = self.fault(Rule::Keep, detail)?;
        Some(Fault { unseen: Some(message), ..fault })
    }

    fn near_miss(self, stage: &Stage<'_>, random: &mut Random) -> Option<Fault> {
        let share = NEAR_MISS_SHARES[self.grade()];
        let message = self.choose(stage, (5.0 / share).max(50.0), random, &|_| true)?;
        let wording = stage.wording(self.service, message, self.start_ms);
        let (template, changes) = wording.misspell(usize::from(self.level), random)?;
        let percent = share * 100.0;
        let detail = format!("{} misspells {changes} in {percent}%", self.name(stage));
        self.fault(Rule::Misspell { message, share, template }, detail)
    }

    fn slow_shift(self, stage: &mut Stage<'_>, random: &mut Random) -> Option<Fault> {
        let message = self.choose(stage, 30.0, random, &|what| !is_timer(what))?;
        let share = SHIFT_SHARES[self.grade()];
        let span = (self.start_ms, self.end_ms);
        stage.add_at_random((self.service, message), span, random, &|stage, time_ms| {
            let passed = (time_ms - self.start_ms) as f64 / (self.end_ms - self.start_ms) as f64;
            stage.all_lines_per_s(self.service, time_ms) * share * passed
        });
        let text = shorten(stage.shop.message(self.service, message).text);
        let percent = share * 100.0;
        let name = self.name(stage);
        self.fault(Rule::Keep, format!("{name}: \"{text}\" grows to +{percent}% of all lines"))
    }

    fn token_leak(self, stage: &Stage<'_>, random: &mut Random) -> Option<Fault> {
        let share = LEAK_SHARES[self.grade()];
        let seconds = (self.end_ms - self.start_ms) as f64 / 1_000.0;
        if stage.all_lines_per_s(self.service, self.start_ms) * seconds * share < 5.0 {
            return None;
        }
        let style = random.below(4);
        let percent = share * 100.0;
        let detail = format!("{} writes tokens into {percent}% of its lines", self.name(stage));
        self.fault(Rule::Leak { share, style }, detail)
    }

    fn retry_storm(self, stage: &mut Stage<'_>, random: &mut Random) -> Option<Fault> {
        let retries = stage.shop.catalogue(self.service).select(is_retry);
        let usual: f64 = retries
            .iter()
            .map(|&message| stage.lines_per_s(self.service, message, self.start_ms))
            .sum();
        let seconds = (self.end_ms - self.start_ms) as f64 / 1_000.0;
        let factor = RETRY_FACTORS[self.grade()];
        let lines = (usual * seconds * factor).max(8.0);
        let callers = stage.shop.callers(self.service);
        let bursts = backing_off(self.start_ms, self.end_ms, random);
        let in_burst = lines / bursts.len() as f64;
        for (from_ms, to_ms) in bursts {
            self.add_retries(stage, self.service, (from_ms, to_ms), in_burst, random);
            for &caller in &callers {
                let later = (from_ms + 400, (to_ms + 900).min(self.end_ms));
                self.add_retries(stage, caller, later, in_burst * 0.35, random);
            }
        }
        self.fault(Rule::Keep, format!("{} retries x{factor} in bursts", self.name(stage)))
    }

    fn crash(self, stage: &mut Stage<'_>, random: &mut Random) -> Option<Fault> {
        let last_words = stage.shop.catalogue(self.service).select(|when| when == When::Death);
        let callers = stage.shop.callers(self.service);
        if callers.is_empty() {
            return None;
        }
        let (least_s, greatest_s) = AWAY_S[self.grade()];
        let asked_per_s = stage.shop.needed_per_s(self.service).max(0.2);
        let mut windows = Vec::new();
        let mut time_ms = self.start_ms;
        for _ in 0..self.level {
            let from_ms = time_ms;
            for &message in &last_words {
                stage.add(self.service, message, time_ms, random);
                time_ms += random.time_between(20, 700);
            }
            let start_ms = time_ms + random.time_between(least_s * 1_000, greatest_s * 1_000);
            let ready_ms = stage.add_start(self.service, start_ms, random);
            windows.push(Window { from_ms, to_ms: ready_ms, share: 1.0 });
            for &caller in &callers {
                // Each request that needs the service ends in about one complaint of a caller.
                let seconds = (ready_ms - from_ms) as f64 / 1_000.0;
                let lines = seconds * asked_per_s * stage.rhythm.traffic(from_ms);
                self.add_retries(stage, caller, (from_ms + 300, ready_ms), lines, random);
            }
            time_ms = ready_ms + random.time_between(25_000, 90_000);
        }
        let end_ms = windows.last().map_or(self.end_ms, |window| window.to_ms);
        let times = ["once", "twice", "three times"][self.grade()];
        let detail = format!("{} crashes {times}", self.name(stage));
        let others = (0..stage.shop.services.len()).filter(|&other| other != self.service);
        let elsewhere = others
            .map(|other| {
                let windows = windows.clone();
                (other, Rule::Unreached { missing: self.service, windows })
            })
            .collect();
        let fault = self.fault(Rule::Lose { message: None, windows }, detail)?;
        Some(Fault { end_ms, elsewhere, ..fault })
    }

    fn latency(self, stage: &Stage<'_>, random: &mut Random) -> Option<Fault> {
        let message = self.choose(stage, 30.0, random, &|what| what.template.has_duration())?;
        let factor = SLOW_FACTORS[self.grade()];
        let text = shorten(stage.shop.message(self.service, message).text);
        let detail = format!("{}: durations in \"{text}\" x{factor}", self.name(stage));
        self.fault(Rule::Slow { message, factor }, detail)
    }

    fn flapping(self, stage: &mut Stage<'_>, random: &mut Random) -> Option<Fault> {
        let message = self.choose(stage, 60.0, random, &|what| !is_timer(what))?;
        let share = FLAP_SHARES[self.grade()];
        let mut windows = Vec::new();
        let mut time_ms = self.start_ms;
        while time_ms + 2 * FLAP_HALF_MS <= self.end_ms {
            let span = (time_ms, time_ms + FLAP_HALF_MS);
            stage.add_at_random((self.service, message), span, random, &|stage, time_ms| {
                stage.lines_per_s(self.service, message, time_ms) * share
            });
            time_ms += 2 * FLAP_HALF_MS;
            windows.push(Window { from_ms: span.1, to_ms: time_ms, share });
        }
        let text = shorten(stage.shop.message(self.service, message).text);
        let percent = share * 100.0;
        let detail = format!("{}: \"{text}\" comes and goes by {percent}%", self.name(stage));
        self.fault(Rule::Lose { message: Some(message), windows }, detail)
    }

    /// Adds a mean number of lines about calls that are tried again.
    fn add_retries(
        self,
        stage: &mut Stage<'_>,
        service: usize,
        (from_ms, to_ms): (i64, i64),
        mean: f64,
        random: &mut Random,
    ) {
        let retries = stage.shop.catalogue(service).select(is_retry);
        // At least one line of the service itself shows that something happened.
        let least = usize::from(service == self.service);
        for _ in 0..random.poisson(mean).max(least) {
            let message = retries[random.zipf(retries.len())];
            let time_ms = random.time_between(from_ms, to_ms.min(self.end_ms));
            stage.add(service, message, time_ms, random);
        }
    }

    /// Draws one of the messages with enough expected lines.
    fn choose(
        self,
        stage: &Stage<'_>,
        lines_min: f64,
        random: &mut Random,
        condition: &dyn Fn(&Message) -> bool,
    ) -> Option<usize> {
        let fitting: Vec<usize> = self
            .expected(stage, lines_min)
            .map(|(message, _)| message)
            .filter(|&message| condition(stage.shop.message(self.service, message)))
            .collect();
        fitting.get(random.below(fitting.len())).copied()
    }

    /// The messages of the service with at least so many expected lines in the span.
    fn expected(self, stage: &Stage<'_>, lines_min: f64) -> impl Iterator<Item = (usize, f64)> {
        let seconds = (self.end_ms - self.start_ms) as f64 / 1_000.0;
        (0..stage.shop.catalogue(self.service).messages.len())
            .map(move |message| {
                let per_s = stage.lines_per_s(self.service, message, self.start_ms);
                (message, per_s * seconds)
            })
            .filter(move |(_, lines)| *lines >= lines_min)
    }

    fn fault(self, rule: Rule, detail: String) -> Option<Fault> {
        Some(Fault { rule, elsewhere: Vec::new(), end_ms: self.end_ms, detail, unseen: None })
    }

    fn grade(self) -> usize {
        usize::from(self.level.clamp(1, 3)) - 1
    }

    fn name<'a>(self, stage: &'a Stage<'_>) -> &'a str {
        &stage.shop.services[self.service].name
    }
}

fn is_timer(message: &Message) -> bool {
    matches!(message.when, When::Every { .. })
}

fn is_retry(when: When) -> bool {
    matches!(when, When::Retry { .. })
}

/// Bursts of some seconds whose distance doubles up to a minute.
fn backing_off(start_ms: i64, end_ms: i64, random: &mut Random) -> Vec<(i64, i64)> {
    let mut bursts = Vec::new();
    let mut time_ms = start_ms;
    let mut pause_ms = 2_000;
    while time_ms < end_ms {
        let burst_ms = random.time_between(1_500, 4_500);
        bursts.push((time_ms, (time_ms + burst_ms).min(end_ms)));
        time_ms += burst_ms + random.time_between(pause_ms * 4 / 5, pause_ms * 6 / 5);
        pause_ms = (pause_ms * 2).min(64_000);
    }
    bursts
}

/// The beginning of a message with the bare names of its slots.
fn shorten(text: &str) -> String {
    let mut short = String::new();
    for (part, piece) in text.split(['{', '}']).enumerate() {
        match part % 2 {
            0 => short.push_str(piece),
            _ => short.extend(["<", piece.split(':').next().unwrap_or(piece), ">"]),
        }
        if short.len() > 60 {
            short.truncate(60);
            short.push_str("...");
            break;
        }
    }
    short
}

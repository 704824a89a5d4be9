//! The variable parts of a message, as a catalogue names them in braces.

use super::people;
use super::random::{Random, mix};
use std::io::Write as _;

/// A variable part of a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Slot {
    /// `{order}`: the order's number; one per request.
    Order,
    /// `{user}`: the visitor's login name; one per visit, as are the next four.
    User,
    /// `{userid}`: the visitor's number.
    UserNumber,
    /// `{email}`: the visitor's mail address.
    Email,
    /// `{ip}`: the visitor's address.
    Client,
    /// `{session}`: the visitor's session.
    Session,
    /// `{cart}`: the visitor's cart.
    Cart,
    /// `{sku}`: the article the request is about; one per request, as are the next five.
    Article,
    /// `{id:12}`: an identifier of the request, as hexadecimal digits.
    Identifier(usize),
    /// `{trace}`: the trace id of the request, as 32 hexadecimal digits.
    Trace,
    /// `{amount}`: the sum of the order in euros.
    Amount,
    /// `{card}`: the last digits of the card.
    Card,
    /// `{term}`: what the visitor searches for.
    Term,
    /// `{ms:40}`: a duration in whole milliseconds around a median.
    Milliseconds(f64),
    /// `{msf:2.5}`: a duration in milliseconds with three decimals.
    FineMilliseconds(f64),
    /// `{s:1.2}`: a duration in seconds with three decimals.
    Seconds(f64),
    /// `{size:4000}`: a whole number around a median.
    Size(f64),
    /// `{int:1-500}`: a whole number of a range.
    Integer(u64, u64),
    /// `{dec:0.5-9.5}`: a number of a range with two decimals.
    Decimal(f64, f64),
    /// `{hex:16}`: hexadecimal digits.
    Hex(usize),
    /// `{uuid}`: a random UUID.
    Uuid,
    /// `{pick:a|b|c}`: one of some words, the first ones more often.
    Pick(Vec<String>),
    /// `{one:a|b|c}`: one of some words, the same in all lines of the request.
    One(Vec<String>),
    /// `{inner}`: the address of another machine of the shop.
    Inner,
    /// `{public}`: an address of somebody who is no visitor.
    Public,
    /// `{self}`: the name of the service.
    Own,
    /// `{pod}`: the name of the running instance; changes with a deployment, as do the next three.
    Pod,
    /// `{pid}`: the process number.
    Process,
    /// `{version}`: the version of the program.
    Version,
    /// `{build}`: the digest of the build.
    Build,
    /// `{lsn}`: a position in the database's journal, growing with time.
    Journal,
    /// `{seq:0.5}`: a counter that grows by one every so many seconds, the same in all lines of the
    /// request.
    Counter(f64),
}

/// What a slot may need to know about the line it stands in.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    /// Seed of the whole run.
    pub(crate) seed: u64,
    /// Number of the request; without its lowest byte it is the number of the visit, which counts
    /// milliseconds.
    pub(crate) request: u64,
    /// Time of the line.
    pub(crate) time_ms: i64,
    /// Name of the service.
    pub(crate) service: &'a str,
    /// Key of the service.
    pub(crate) service_key: u64,
    /// Deployments of the service before the line.
    pub(crate) generation: u64,
    /// Factor on all durations, 1 unless something is wrong.
    pub(crate) slowness: f64,
    /// Numbers that belong to this line alone.
    pub(crate) random: Random,
}

impl Slot {
    /// Reads what stands between the braces; `None` if no such slot exists.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, argument) = text.split_once(':').unwrap_or((text, ""));
        let number = || argument.parse().ok();
        Some(match name {
            "ms" => Self::Milliseconds(number()?),
            "msf" => Self::FineMilliseconds(number()?),
            "s" => Self::Seconds(number()?),
            "size" => Self::Size(number()?),
            "int" => {
                let (low, high) = argument.split_once('-')?;
                Self::Integer(low.parse().ok()?, high.parse().ok()?)
            }
            "dec" => {
                let (low, high) = argument.split_once('-')?;
                Self::Decimal(low.parse().ok()?, high.parse().ok()?)
            }
            "hex" => Self::Hex(argument.parse().ok()?),
            "id" => Self::Identifier(argument.parse().ok()?),
            "seq" => Self::Counter(argument.parse().ok().filter(|seconds| *seconds > 0.0)?),
            "pick" => Self::Pick(argument.split('|').map(str::to_owned).collect()),
            "one" => Self::One(argument.split('|').map(str::to_owned).collect()),
            _ if argument.is_empty() => Self::parse_bare(name)?,
            _ => return None,
        })
    }

    fn parse_bare(name: &str) -> Option<Self> {
        Some(match name {
            "order" => Self::Order,
            "user" => Self::User,
            "userid" => Self::UserNumber,
            "email" => Self::Email,
            "ip" => Self::Client,
            "session" => Self::Session,
            "cart" => Self::Cart,
            "sku" => Self::Article,
            "trace" => Self::Trace,
            "amount" => Self::Amount,
            "card" => Self::Card,
            "term" => Self::Term,
            "uuid" => Self::Uuid,
            "inner" => Self::Inner,
            "public" => Self::Public,
            "self" => Self::Own,
            "pod" => Self::Pod,
            "pid" => Self::Process,
            "version" => Self::Version,
            "build" => Self::Build,
            "lsn" => Self::Journal,
            _ => return None,
        })
    }

    /// Whether it tells how long something took.
    pub(crate) fn is_duration(&self) -> bool {
        matches!(self, Self::Milliseconds(_) | Self::FineMilliseconds(_) | Self::Seconds(_))
    }

    /// Writes a value.
    pub(crate) fn write(&self, scene: &mut Scene<'_>, out: &mut Vec<u8>) {
        let random = &mut scene.random;
        match self {
            Self::Milliseconds(median) => {
                let value = random.around(*median, 0.55) * scene.slowness;
                decimal(value.max(1.0) as u64, out);
            }
            Self::FineMilliseconds(median) => {
                thousandths(random.around(*median, 0.6) * scene.slowness, out);
            }
            Self::Seconds(median) => thousandths(random.around(*median, 0.4) * scene.slowness, out),
            Self::Size(median) => decimal(random.around(*median, 0.8) as u64, out),
            Self::Integer(low, high) => {
                decimal(low + random.below((high - low + 1) as usize) as u64, out);
            }
            Self::Decimal(low, high) => hundredths(random.between(*low, *high), out),
            Self::Hex(digits) => hexadecimal(random, *digits, out),
            Self::Uuid => uuid(random, out),
            Self::Pick(words) => out.extend_from_slice(words[random.zipf(words.len())].as_bytes()),
            Self::Inner => inner_address(random, out),
            Self::Public => people::address(random.bits(), out),
            _ => self.write_shared(scene, out),
        }
    }

    /// Slots whose value is the same in all lines of a visit, a request or an instance.
    fn write_shared(&self, scene: &Scene<'_>, out: &mut Vec<u8>) {
        let visit = || Random::new(mix(scene.seed, scene.request >> 8));
        let request = |salt| Random::new(mix(mix(scene.seed, scene.request), salt));
        let instance = || Random::new(mix(scene.service_key, scene.generation));
        match self {
            Self::User => people::login(&mut visit(), out),
            Self::UserNumber => people::number(&mut visit(), out),
            Self::Email => people::email(&mut visit(), out),
            Self::Client => people::client(&mut visit(), out),
            Self::Session => hexadecimal(&mut visit(), 24, out),
            Self::Cart => {
                out.extend_from_slice(b"c-");
                hexadecimal(&mut visit(), 10, out);
            }
            Self::Order => {
                decimal(4_210_000 + (scene.request >> 8) / 300 + (scene.request & 0xFF), out)
            }
            Self::Article => people::article(scene.seed, &mut request(1), out),
            Self::Identifier(digits) => hexadecimal(&mut request(6), *digits, out),
            Self::One(words) => {
                let chosen = request(7 + words.len() as u64).zipf(words.len());
                out.extend_from_slice(words[chosen].as_bytes());
            }
            Self::Trace => hexadecimal(&mut request(2), 32, out),
            Self::Amount => hundredths(request(3).around(46.0, 0.8), out),
            Self::Card => {
                let digits = 1_000 + request(4).below(9_000) as u64;
                decimal(digits, out);
            }
            Self::Term => out.extend_from_slice(people::term(&mut request(5)).as_bytes()),
            Self::Own => out.extend_from_slice(scene.service.as_bytes()),
            Self::Pod => {
                out.extend_from_slice(scene.service.as_bytes());
                let mut random = instance();
                out.push(b'-');
                hexadecimal(&mut random, 9, out);
                out.push(b'-');
                hexadecimal(&mut random, 5, out);
            }
            Self::Process => decimal(200 + instance().below(3_800) as u64, out),
            Self::Version => {
                let base = Random::new(mix(scene.service_key, 99)).below(40) as u64;
                out.extend_from_slice(b"3.");
                decimal(7 + base, out);
                out.push(b'.');
                decimal(scene.generation, out);
            }
            Self::Build => hexadecimal(&mut instance(), 8, out),
            Self::Journal => {
                // A database of this size writes about 57 kB a second.
                let bytes = (scene.time_ms as u64) % 8_000_000_000 * 57;
                let (high, low) = (26 + (bytes >> 32), bytes & 0xFFFF_FFFF);
                write!(out, "{high:X}/{low:08X}").expect("writing into memory cannot fail");
            }
            Self::Counter(seconds) => {
                let start = mix(scene.service_key, seconds.to_bits()) % 900_000;
                let passed_s = (scene.request >> 8) as f64 / 1_000.0;
                decimal(start + (passed_s / seconds) as u64, out);
            }
            _ => {}
        }
    }
}

/// Writes a whole number.
pub(crate) fn decimal(value: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    let mut rest = value;
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// Writes hexadecimal digits.
pub(crate) fn hexadecimal(random: &mut Random, digits: usize, out: &mut Vec<u8>) {
    let mut bits = 0;
    for digit in 0..digits {
        if digit % 16 == 0 {
            bits = random.bits();
        }
        out.push(b"0123456789abcdef"[(bits & 15) as usize]);
        bits >>= 4;
    }
}

fn hundredths(value: f64, out: &mut Vec<u8>) {
    let whole = (value * 100.0) as u64;
    decimal(whole / 100, out);
    out.extend_from_slice(&[b'.', b'0' + (whole / 10 % 10) as u8, b'0' + (whole % 10) as u8]);
}

fn thousandths(value: f64, out: &mut Vec<u8>) {
    let whole = (value * 1_000.0) as u64;
    decimal(whole / 1_000, out);
    let digit = |divisor: u64| b'0' + (whole / divisor % 10) as u8;
    out.extend_from_slice(&[b'.', digit(100), digit(10), digit(1)]);
}

fn uuid(random: &mut Random, out: &mut Vec<u8>) {
    for (part, digits) in [8, 4, 3, 3, 12].into_iter().enumerate() {
        match part {
            0 => {}
            2 => out.extend_from_slice(b"-4"),
            3 => out.extend_from_slice(b"-a"),
            _ => out.push(b'-'),
        }
        hexadecimal(random, digits, out);
    }
}

fn inner_address(random: &mut Random, out: &mut Vec<u8>) {
    out.extend_from_slice(b"10.42.");
    decimal(random.below(4) as u64, out);
    out.push(b'.');
    decimal(2 + random.zipf(60) as u64, out);
}

//! Who visits the shop and what they look for.

use super::random::{Random, mix};
use super::slot::decimal;

const VISITORS: usize = 6_000;
const ARTICLES: usize = 900;

const NAMES: &[&str] = &[
    "anna", "jonas", "mehmet", "olga", "piotr", "lucia", "henrik", "fatima", "jan", "chloe",
    "marta", "david", "sofia", "emil", "nadia", "tomas", "ines", "paul", "greta", "yusuf", "karin",
    "leon", "maria", "viktor", "elena", "noah", "hanna", "marco", "ida", "samir",
];

const FAMILIES: &[&str] = &[
    "berg", "keller", "novak", "rossi", "lind", "yilmaz", "haas", "moreau", "kowal", "silva",
    "vogt", "peters", "marin", "olsen", "weiss", "fischer", "popov", "garcia", "brandt", "dubois",
];

const MAIL_HOSTS: &[&str] =
    &["gmail.com", "outlook.com", "web.de", "gmx.net", "icloud.com", "proton.me", "example.org"];

const TERMS: &[&str] = &[
    "rain+jacket",
    "trail+shoes",
    "backpack",
    "tent",
    "sleeping+bag",
    "headlamp",
    "water+bottle",
    "hiking+poles",
    "merino+shirt",
    "gloves",
    "stove",
    "kids+boots",
    "rope",
    "map",
    "dry+bag",
    "sunglasses",
    "thermos",
    "camping+chair",
    "hammock",
    "climbing+chalk",
    "ski+wax",
    "gaiters",
    "compass",
    "fleece",
    "wool+socks",
    "bike+light",
    "first+aid",
    "poncho",
    "knife",
    "cooler",
];

const AGENTS: &[&str] = &[
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:135.0) Gecko/20100101 Firefox/135.0",
    "ShopApp/5.14.2 (Android 14; SM-A546B)",
    "ShopApp/5.14.1 (iOS 18.2; iPhone14,5)",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 Edg/132.0.0.0",
];

const REFERERS: &[&str] = &[
    "https://www.example-outdoor.com/",
    "-",
    "https://www.example-outdoor.com/search",
    "https://www.google.com/",
    "https://www.example-outdoor.com/cart",
    "https://m.facebook.com/",
];

/// Writes the address of the visitor.
pub(crate) fn client(visit: &mut Random, out: &mut Vec<u8>) {
    let visitor = visitor(visit) as u64;
    address(mix(0xC11E, visitor), out);
}

/// Writes an address of the public net.
pub(crate) fn address(bits: u64, out: &mut Vec<u8>) {
    const FIRST: [u64; 12] = [84, 91, 93, 77, 46, 178, 188, 212, 79, 5, 95, 217];
    decimal(FIRST[(bits % 12) as usize], out);
    for shift in [8, 16, 24] {
        out.push(b'.');
        decimal(1 + (bits >> shift) % 254, out);
    }
}

/// Writes the visitor's login name.
pub(crate) fn login(visit: &mut Random, out: &mut Vec<u8>) {
    let visitor = visitor(visit);
    out.extend_from_slice(NAMES[visitor % NAMES.len()].as_bytes());
    match visitor % 3 {
        0 => out.push(b'.'),
        1 => out.push(b'_'),
        _ => {}
    }
    out.extend_from_slice(FAMILIES[visitor / NAMES.len() % FAMILIES.len()].as_bytes());
    if visitor % 4 > 1 {
        decimal((visitor / 7 % 99) as u64, out);
    }
}

/// Writes the visitor's number.
pub(crate) fn number(visit: &mut Random, out: &mut Vec<u8>) {
    decimal(10_000 + mix(0x1D, visitor(visit) as u64) % 89_000, out);
}

/// Writes the visitor's mail address, the middle of it hidden as privacy rules want.
pub(crate) fn email(visit: &mut Random, out: &mut Vec<u8>) {
    let visitor = visitor(visit);
    out.extend_from_slice(&NAMES[visitor % NAMES.len()].as_bytes()[..2]);
    out.extend_from_slice(b"***@");
    out.extend_from_slice(MAIL_HOSTS[visitor % MAIL_HOSTS.len()].as_bytes());
}

/// Writes an article number; few articles are asked for very often.
pub(crate) fn article(seed: u64, request: &mut Random, out: &mut Vec<u8>) {
    let key = mix(seed ^ 0xA271_C1E5, request.zipf(ARTICLES) as u64);
    const LINES: [&[u8]; 8] = [b"TR", b"JK", b"BP", b"SH", b"TN", b"CK", b"LM", b"AC"];
    out.extend_from_slice(LINES[(key % 8) as usize]);
    out.push(b'-');
    decimal(10_000 + (key >> 8) % 90_000, out);
}

/// What somebody searches for.
pub(crate) fn term(request: &mut Random) -> &'static str {
    TERMS[request.zipf(TERMS.len())]
}

/// The browser of a visit.
pub(crate) fn agent(visit: &mut Random) -> &'static str {
    AGENTS[visit.zipf(AGENTS.len())]
}

/// The page a visitor came from.
pub(crate) fn referer(request: &mut Random) -> &'static str {
    REFERERS[request.zipf(REFERERS.len())]
}

fn visitor(visit: &mut Random) -> usize {
    // Half of the visits come from a few hundred regular customers.
    if visit.chance(0.5) { visit.zipf(VISITORS) } else { visit.below(VISITORS) }
}

//! Ids that templates of different shapes share, because they are one message.

use super::bridge::bridge;
use super::groups::{Groups, Merge};
use super::place::Place;
use super::template::Template;
use std::cmp::Reverse;

/// Templates that are compared place by place with a new one: hostile text must not make all of them alike.
const BRIDGEABLE_MAX: usize = 16;

impl Groups {
    /// Lets all templates that show one of these ids show the oldest of them.
    pub(super) fn show(&mut self, ids: &[u32]) {
        let oldest = ids.iter().copied().min().unwrap_or(0);
        let mut given_up: Vec<u32> = ids.iter().copied().filter(|id| *id != oldest).collect();
        given_up.sort_unstable();
        given_up.dedup();
        if given_up.is_empty() {
            return;
        }
        let message = self.get(oldest).map_or(0, |template| template.message);
        let mut is_shared = false;
        for (_, template) in self.templates.iter_mut() {
            if given_up.contains(&template.shown) {
                (template.shown, template.message) = (oldest, message);
                is_shared = true;
            }
        }
        if let Some(template) = self.templates.get_mut(oldest) {
            template.is_shared |= is_shared;
        }
        self.merges.extend(given_up.into_iter().map(|old| Merge { old, new: oldest }));
    }

    /// Shares an id with templates of other shapes that have the same reduced form.
    pub(super) fn share(&mut self, id: u32) {
        let Some(template) = self.get(id).filter(|template| template.reduced != 0) else { return };
        let alike = |other: &Template| other.reduced == template.reduced;
        let alike = self.templates.iter().map(|(_, other)| other).filter(|other| alike(other));
        let (mut shown, mut is_shared) = (Vec::new(), false);
        for other in alike {
            is_shared |= other.shape != template.shape;
            shown.push(other.shown);
        }
        if is_shared {
            self.show(&shown);
        }
    }

    /// Shares an id with templates of other shapes that are one with this but for the shape of values; what became of it.
    pub(super) fn bridge(&mut self, mut id: u32) -> u32 {
        let Some(own) = self.get(id) else { return id };
        let (mut wider, mut narrower) = (Vec::new(), Vec::new());
        for other_id in self.bridgeable(own) {
            let Some(other) = self.get(other_id) else { continue };
            if let Some(found) = bridge(&other.places, &own.places, &self.words) {
                wider.push((other.constants(), Reverse(other_id), found));
            } else if let Some(found) = bridge(&own.places, &other.places, &self.words) {
                narrower.push((other_id, found));
            }
        }
        // The one that says most of it; of equals, the oldest.
        if let Some((_, wide, found)) = wider.into_iter().max_by_key(|(most, id, _)| (*most, *id)) {
            id = self.open(id, &found.other);
            let wide = self.open(wide.0, &found.own);
            self.show_alike(&[id, wide]);
        }
        narrower.sort_unstable_by_key(|(id, _)| *id);
        for (narrow, found) in narrower {
            let narrow = self.open(narrow, &found.other);
            id = self.open(id, &found.own);
            self.show_alike(&[id, narrow]);
        }
        id
    }

    /// Templates of other shapes with the same words, but for those in values: those with most lines.
    fn bridgeable(&self, own: &Template) -> Vec<u32> {
        let others = self.templates.iter().filter(|(_, other)| {
            other.shape != own.shape
                && other.shown != own.shown
                && (own.marks.may_bridge(&other.marks) || other.marks.may_bridge(&own.marks))
        });
        let mut others: Vec<(Reverse<u64>, u32)> =
            others.map(|(id, other)| (Reverse(other.lines), id)).collect();
        others.sort_unstable();
        others.into_iter().take(BRIDGEABLE_MAX).map(|(_, id)| id).collect()
    }

    fn show_alike(&mut self, ids: &[u32]) {
        let shown: Vec<u32> =
            ids.iter().filter_map(|id| self.get(*id)).map(|template| template.shown).collect();
        self.show(&shown);
    }

    /// Lets words of a template be values, which others of its shape may then be, too; what became of it.
    fn open(&mut self, id: u32, values: &[usize]) -> u32 {
        let Some(own) = self.get(id).filter(|_| !values.is_empty()) else { return id };
        let mut places = own.places.to_vec();
        values.iter().for_each(|place| places[*place] = places[*place].learnt());
        let fits = |other: &Template| {
            let pairs = places.iter().zip(&other.places);
            places.len() == other.places.len() && { pairs }
                .all(|(a, b): (&Place, &Place)| a.fits(b))
        };
        let same = self.templates.of_shape(own.shape).filter(|(_, other)| fits(other));
        let same: Vec<u32> = same.map(|(id, _)| id).collect();
        self.merge(&same, places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::miner::lexer::Lexer;

    /// How many messages these lines are, and the text of the first.
    fn messages(lines: &[&str]) -> (usize, String) {
        let (mut lexer, mut groups) = (Lexer::default(), Groups::new(100));
        for line in lines.iter().map(|line| line.as_bytes()) {
            let mut tokens = lexer.tokens(line).clone();
            let mut sentence = groups.sentence(&mut tokens, line);
            let known = groups.find(&sentence, &tokens, line);
            let id = known.or_else(|| groups.insert(&mut sentence, &tokens, line));
            groups.touch(id.expect("there is credit"), 1);
        }
        let text = groups.text(1);
        (groups.shown().len(), String::from_utf8_lossy(&text).into_owned())
    }

    fn check(lines: &[&str], expected: usize, text: &str) {
        assert_eq!(messages(lines), (expected, text.to_owned()), "{lines:?}");
        let backwards: Vec<&str> = lines.iter().rev().copied().collect();
        assert_eq!(messages(&backwards).0, expected, "backwards: {lines:?}");
    }

    #[test]
    fn odd_values_split_no_message() {
        let rows = ["host=bob port=1", "host=ann port=2"];
        for odd in ["(null)", "<unknown>", "?", "[local]", "a:b", "web-1", ""] {
            let odd = format!("host={odd} port=3");
            check(&[rows[0], rows[1], &odd], 1, "host=<*> port=<*>");
        }
        let rows = ["lost node bob of rack", "lost node ann of rack", "lost node eve of rack"];
        check(&[rows[0], rows[1], rows[2], "lost node web-1 of rack"], 1, "lost node <*> of rack");
        check(
            &[rows[0], rows[1], rows[2], "lost node by fire of rack"],
            2,
            "lost node <*> of rack",
        );
    }

    #[test]
    fn values_of_several_words_are_values() {
        let cases = [
            (&["find \"tent\" now", "find \"red shoes\" now"][..], 1, "find \"<*>\" now"),
            (&["find \"a tent\" now", "find \"one red tent\" now"], 1, "find \"<*> <*>\" now"),
            (&["near \"from\" at", "near \"to\" at", "near \")\" at"], 1, "near \"<*>\" at"),
            (&["x name=bob id=7", "x name=bob d. id=7"], 1, "x name=<*> id=<*>"),
            (&["got msg=\"up\" now", "got msg=\"went down\" now"], 2, "got msg=\"up\" now"),
            (&["\"GET /a 1\" of x", "\"PUT /a b 1\" of x"], 2, "\"GET /a <*>\" of x"),
            (&["a=\"x\", b=\"y\" end", "a=\"x\", b=\"y\", c=\"z\" end"], 2, "a=\"x\", b=\"y\" end"),
            (&["uid=7 at last", "uid=7 user=bob at last"], 2, "uid=<*> at last"),
        ];
        for (lines, expected, text) in cases {
            check(lines, expected, text);
        }
    }

    #[test]
    fn persons_have_one_name_or_more() {
        let one = ["hello bob went out", "hello ann went out", "hello eve went out"];
        let two = ["hello bob a went out", "hello ann b went out", "hello eve c went out"];
        let more =
            ["hello bob of a went out", "hello ann of b went out", "hello eve of c went out"];
        check(&[one, two, more].concat(), 1, "hello <*> went out");
        let other = ["hello old bob went out", "hello old ann went out", "hello old eve went out"];
        check(&[one, other].concat(), 2, "hello <*> went out");
    }

    #[test]
    fn an_empty_value_between_two_blanks_is_one() {
        let lines = ["user bob from here", "user  from here", "user ann from here"];
        check(&lines[..], 1, "user <*> from here");
    }
}

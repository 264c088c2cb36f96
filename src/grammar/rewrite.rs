//! Neighbouring words that become others where they meet: elision (`le` before a vowel: `l'`), contraction (`de le`: `du`),
//! `a` and `an`. It is done to the finished sentence, and the places of slots go with it.

use std::ops::Range;

/// One rule: these words, before such a word, become those.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rewrite {
    /// The words, each in small letters; of every list one.
    pub from: Vec<Vec<String>>,
    /// What the next word begins with, in small letters; anything, or nothing, where that is empty.
    pub before: Vec<String>,
    /// Next words that are left alone, in small letters, whatever they begin with.
    pub except: Vec<String>,
    /// What the words become; what ends in an apostrophe stands close to the next word.
    pub to: String,
}

/// A sentence after the rules.
pub(super) struct Rewritten {
    pub text: String,
    pub n_chars: u32,
    /// How many words there are more than before; a word that stands close to the next one counts.
    pub more_words: i64,
    pieces: Vec<Piece>,
}

/// Words of the sentence before and after.
struct Piece {
    /// In characters.
    old: Range<u32>,
    new: Range<u32>,
    changed: bool,
}

/// `text` with `rules` applied one after the other, from left to right; `None` where none applies.
pub(super) fn apply(rules: &[Rewrite], text: &str) -> Option<Rewritten> {
    let mut words: Vec<Word> = Vec::new();
    let mut at = 0;
    for word in text.split(' ') {
        let n = word.chars().count() as u32;
        words.push(Word { old: at..at + n, text: word.to_owned(), changed: false, close: false });
        at += n + 1;
    }
    let mut more_words = 0;
    for rule in rules {
        let mut i = 0;
        while i + rule.from.len() <= words.len() {
            if rule.holds(&words[i..]) {
                let n = rule.from.len();
                let first = words[i].text.chars().next();
                let mut to = rule.to.clone();
                if i == 0 && first.is_some_and(char::is_uppercase) {
                    to = capital(&to);
                }
                let made = Word {
                    old: words[i].old.start..words[i + n - 1].old.end,
                    close: to.ends_with(['\'', '\u{2019}']),
                    changed: true,
                    text: to,
                };
                more_words += made.text.split(' ').count() as i64 - n as i64;
                words.splice(i..i + n, [made]);
            }
            i += 1;
        }
    }
    if words.iter().all(|word| !word.changed) {
        return None;
    }
    let mut out = String::new();
    let (mut pieces, mut n_chars, mut blank) = (Vec::new(), 0, false);
    for word in words {
        if blank {
            out.push(' ');
            n_chars += 1;
        }
        let n = word.text.chars().count() as u32;
        out.push_str(&word.text);
        pieces.push(Piece { old: word.old, new: n_chars..n_chars + n, changed: word.changed });
        n_chars += n;
        blank = !word.close;
    }
    Some(Rewritten { text: out, n_chars, more_words, pieces })
}

struct Word {
    old: Range<u32>,
    text: String,
    changed: bool,
    /// Whether the next word follows without a blank.
    close: bool,
}

impl Rewrite {
    /// Whether it applies to the first of `words`.
    fn holds(&self, words: &[Word]) -> bool {
        let same = |(word, any): (&Word, &Vec<String>)| any.contains(&word.text.to_lowercase());
        if !words.iter().zip(&self.from).all(same) {
            return false;
        }
        if self.before.is_empty() {
            return true;
        }
        let Some(next) = words.get(self.from.len()) else { return false };
        let next = next.text.to_lowercase();
        let bare = next.trim_matches(|c: char| !c.is_alphanumeric());
        self.before.iter().any(|start| bare.starts_with(start.as_str()))
            && !self.except.iter().any(|word| word == bare)
    }
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    let first: String = rest.by_ref().take(1).flat_map(char::to_uppercase).collect();
    first + rest.as_str()
}

impl Rewritten {
    /// Where what stood at the characters `start..end` stands now.
    pub(super) fn place(&self, start: u32, end: u32) -> (u32, u32) {
        let first =
            self.pieces.iter().find(|piece| piece.old.end > start || piece.old.end == start && start == end);
        let last = self.pieces.iter().rev().find(|piece| piece.old.start < end);
        let inside = |piece: &Piece, at: u32| piece.new.start + at.saturating_sub(piece.old.start);
        let from = first
            .map_or(self.n_chars, |piece| if piece.changed { piece.new.start } else { inside(piece, start) });
        let to = last.map_or(from, |piece| {
            if piece.changed { piece.new.end } else { inside(piece, end).min(piece.new.end) }
        });
        (from, to.max(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(from: &[&[&str]], before: &[&str], to: &str) -> Rewrite {
        let texts = |of: &[&str]| of.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        Rewrite {
            from: from.iter().map(|any| texts(any)).collect(),
            before: texts(before),
            except: vec!["hibou".to_owned()],
            to: to.to_owned(),
        }
    }

    fn at(text: &str, span: (u32, u32)) -> String {
        text.chars().skip(span.0 as usize).take((span.1 - span.0) as usize).collect()
    }

    #[test]
    fn words_meet_and_slots_keep_their_places() {
        let rules =
            [rule(&[&["de"], &["le"]], &[], "du"), rule(&[&["le", "la"]], &["a", "e", "h", "o"], "l'")];
        let text = "Le homme voit la amie de le roi et le hibou.";
        let found = apply(&rules, text).unwrap();
        assert_eq!(found.text, "L'homme voit l'amie du roi et le hibou.");
        assert_eq!(found.n_chars as usize, found.text.chars().count());
        assert_eq!(found.more_words, -1);
        let slot = |word: &str| {
            let start = text[..text.find(word).unwrap()].chars().count() as u32;
            let (a, b) = found.place(start, start + word.chars().count() as u32);
            at(&found.text, (a, b))
        };
        for word in ["homme", "voit", "amie", "roi", "hibou"] {
            assert_eq!(slot(word), word);
        }
        assert_eq!(slot("la amie"), "l'amie");
        assert_eq!(slot("de"), "du");
        assert!(apply(&rules, "rien ne change").is_none());
    }

    #[test]
    fn an_article_goes_by_the_next_word() {
        let rules = [rule(&[&["a"]], &["a", "e", "i", "o", "u"], "an")];
        assert_eq!(
            apply(&rules, "A owl sees a dog and a \"old\" man.").unwrap().text,
            "An owl sees a dog and an \"old\" man."
        );
    }
}

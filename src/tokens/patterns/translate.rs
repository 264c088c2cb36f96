//! One pattern of Oniguruma becomes one of fancy-regex that means the same.

use super::set::{self, Member, by_number};

/// How deep groups and classes may be nested.
const DEEPEST: usize = 64;

/// A pattern for the engine here.
pub(super) struct Translated {
    pub(super) text: String,
    /// Whether the engine would have read the written one in another way, or not at all.
    pub(super) otherwise: bool,
}

/// Translates a pattern; says which part of it cannot be.
pub(super) fn translate(pattern: &str) -> Result<Translated, String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut translator = Translator {
        chars,
        at: 0,
        out: String::new(),
        otherwise: false,
        ignore_case: false,
        dot_all: false,
        depth: 0,
        inside: 0,
        folded: None,
    };
    translator.alternatives()?;
    match translator.peek() {
        None => Ok(Translated { text: translator.out, otherwise: translator.otherwise }),
        Some(_) => Err("a `)` without a `(`".to_owned()),
    }
}

/// A pattern on its way.
pub(super) struct Translator {
    pub(super) chars: Vec<char>,
    pub(super) at: usize,
    pub(super) out: String,
    pub(super) otherwise: bool,
    /// Under `(?i)`.
    pub(super) ignore_case: bool,
    /// Under `(?m)`, where the dot is any character.
    dot_all: bool,
    pub(super) depth: usize,
    /// In how many brackets.
    pub(super) inside: usize,
    /// The letter before, under `(?i)`.
    folded: Option<char>,
}

/// What can follow a part of a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Repeatable,
    /// A place in the text; it has no length.
    Place,
    /// The rest of a group, up to its end.
    Rest,
}

impl Translator {
    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    /// Goes past `text` if it stands here.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = text.chars().enumerate().all(|(k, c)| self.chars.get(self.at + k) == Some(&c));
        if found {
            self.at += text.chars().count();
        }
        found
    }

    /// Writes what means something else, or nothing, where it stands.
    fn write_otherwise(&mut self, text: &str) {
        self.out.push_str(text);
        self.otherwise = true;
    }

    pub(super) fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(format!("more than {DEEPEST} groups in each other")) } else { Ok(()) }
    }

    /// Up to the end of the group, or of the pattern.
    fn alternatives(&mut self) -> Result<(), String> {
        self.deeper()?;
        self.folded = None;
        while let Some(c) = self.peek() {
            match c {
                ')' => break,
                '|' => {
                    self.at += 1;
                    self.folded = None;
                    self.out.push('|');
                }
                _ => {
                    let start = self.out.len();
                    let part = self.part()?;
                    if part != Part::Rest {
                        self.repeated(start, part)?;
                    }
                }
            }
        }
        self.depth -= 1;
        self.folded = None;
        Ok(())
    }

    /// One part of a sequence.
    fn part(&mut self) -> Result<Part, String> {
        let Some(c) = self.next() else { return Ok(Part::Place) };
        if !c.is_ascii_alphabetic() {
            self.folded = None;
        }
        match c {
            '(' => return self.group(),
            '[' => {
                if self.ignore_case && self.peek() == Some('^') {
                    return Err("`[^…]` under (?i)".to_owned());
                }
                self.class()?;
            }
            '\\' => return self.escaped(),
            '.' if self.dot_all => self.write_otherwise("(?s:.)"),
            '.' => self.out.push('.'),
            // Every line has a beginning and an end; after a last line feed none begins.
            '^' => {
                self.write_otherwise(r"(?:\A|(?<=\n)(?!\z))");
                return Ok(Part::Place);
            }
            '$' => {
                self.write_otherwise(r"(?=\n|\z)");
                return Ok(Part::Place);
            }
            '*' | '+' | '?' => return Err(format!("a `{c}` with nothing before it")),
            '{' | '}' | ']' => {
                self.out.push('\\');
                self.out.push(c);
            }
            c => self.letter(c)?,
        }
        Ok(Part::Repeatable)
    }

    /// A character that stands for itself.
    fn letter(&mut self, c: char) -> Result<(), String> {
        if self.ignore_case {
            if !c.is_ascii() {
                return Err(format!("`{c}` under (?i)"));
            }
            // There these two are one letter of other scripts too: ß, ﬁ, ﬆ.
            let c = c.to_ascii_lowercase();
            if let Some(before) = self.folded
                && matches!((before, c), ('s', 's' | 't') | ('f', 'f' | 'i' | 'l'))
            {
                return Err(format!("`{before}{c}` under (?i)"));
            }
            self.folded = Some(c);
        }
        if r"\.+*?()|[]{}^$".contains(c) {
            self.out.push('\\');
        }
        self.out.push(c);
        Ok(())
    }

    /// What follows `(`.
    fn group(&mut self) -> Result<Part, String> {
        let (case, dot) = (self.ignore_case, self.dot_all);
        let mut part = Part::Repeatable;
        if self.eat("?#") {
            while let Some(c) = self.next() {
                if c == ')' {
                    return Ok(Part::Rest);
                }
            }
            return Err("a comment without an end".to_owned());
        } else if self.eat("?:") {
            self.out.push_str("(?:");
        } else if self.eat("?>") {
            self.out.push_str("(?>");
        } else if let Some(look) = ["?=", "?!", "?<=", "?<!"].into_iter().find(|look| self.eat(look)) {
            self.out.push('(');
            self.out.push_str(look);
            part = Part::Place;
        } else if self.eat("?<") || self.eat("?'") {
            while let Some(c) = self.next() {
                if matches!(c, '>' | '\'') {
                    break;
                }
            }
            self.out.push_str("(?:");
        } else if self.eat("?") {
            return self.flagged();
        } else {
            self.out.push('(');
        }
        self.alternatives()?;
        if self.next() != Some(')') {
            return Err("a `(` without a `)`".to_owned());
        }
        self.out.push(')');
        (self.ignore_case, self.dot_all) = (case, dot);
        Ok(part)
    }

    /// What follows `(?`: flags, for this group or for the rest of the one that it stands in.
    fn flagged(&mut self) -> Result<Part, String> {
        let (case, dot) = (self.ignore_case, self.dot_all);
        let (mut flags, mut on) = (String::new(), true);
        let end = loop {
            match self.next() {
                Some(c @ (':' | ')')) => break c,
                Some(c) => flags.push(c),
                None => return Err("a `(` without a `)`".to_owned()),
            }
        };
        for flag in flags.chars() {
            match flag {
                '-' => on = false,
                'i' => self.ignore_case = on,
                'm' => self.dot_all = on,
                _ => return Err(format!("`(?{flags}`")),
            }
        }
        let rest = end == ')';
        self.otherwise |= rest || flags.contains('m');
        self.out.push_str(if self.ignore_case { "(?i:" } else { "(?-i:" });
        self.alternatives()?;
        self.out.push(')');
        (self.ignore_case, self.dot_all) = (case, dot);
        if rest {
            return Ok(Part::Rest);
        }
        if self.next() == Some(')') { Ok(Part::Repeatable) } else { Err("a `(` without a `)`".to_owned()) }
    }

    /// How often the part that was written from `start` on stands there.
    fn repeated(&mut self, start: usize, part: Part) -> Result<(), String> {
        let mut times = 0;
        loop {
            let quantifier = match self.peek() {
                Some(c @ ('*' | '+' | '?')) => {
                    self.at += 1;
                    c.to_string()
                }
                Some('{') => match self.interval()? {
                    Some(interval) => interval,
                    None => return Ok(()),
                },
                _ => return Ok(()),
            };
            self.folded = None;
            if part == Part::Place {
                return Err(format!("`{quantifier}` after what has no length"));
            }
            let interval = quantifier.starts_with('{');
            let exact = interval && !quantifier.contains(',');
            // A second one is about the whole of the first, as is `+` after an interval: there it is not possessive.
            if times > 0 {
                self.out.insert_str(start, "(?:");
                self.out.push(')');
                self.otherwise = true;
            }
            self.out.push_str(&quantifier);
            times += 1;
            match self.peek() {
                Some('?') if !exact => {
                    self.at += 1;
                    self.out.push('?');
                }
                Some('+') if !interval => {
                    self.at += 1;
                    self.out.push('+');
                }
                _ => {}
            }
            if times > 8 {
                return Err("more than 8 signs of repetition in a row".to_owned());
            }
        }
    }

    /// What follows a backslash outside a class.
    fn escaped(&mut self) -> Result<Part, String> {
        let Some(c) = self.next() else { return Err("a `\\` at its end".to_owned()) };
        self.folded = None;
        let word = set::WORD_LETTER;
        match c {
            'A' | 'z' => {
                self.out.push('\\');
                self.out.push(c);
                return Ok(Part::Place);
            }
            'Z' => {
                self.write_otherwise(r"(?=\n?\z)");
                return Ok(Part::Place);
            }
            'b' => {
                self.write_otherwise(&format!("(?:(?<=[{word}])(?![{word}])|(?<![{word}])(?=[{word}]))"));
                return Ok(Part::Place);
            }
            'B' => {
                self.write_otherwise(&format!("(?:(?<=[{word}])(?=[{word}])|(?<![{word}])(?![{word}]))"));
                return Ok(Part::Place);
            }
            'R' => self.write_otherwise(r"(?>\r\n|[\n-\r\x{85}\x{2028}\x{2029}])"),
            'N' => self.write_otherwise(r"[^\n]"),
            'O' => self.write_otherwise(r"(?s:.)"),
            _ => match self.one_of(c)? {
                Member::Set { negated: false, members, as_is: true } => self.out.push_str(&members),
                Member::Set { negated, members, as_is } => {
                    let not = if negated { "^" } else { "" };
                    self.out.extend(["[", not, &members, "]"]);
                    self.otherwise |= !as_is;
                }
                Member::Letter(c) if c.is_control() => self.out.push_str(&by_number(c)),
                Member::Letter(c) => self.letter(c)?,
            },
        }
        Ok(Part::Repeatable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pattern: &str) -> String {
        translate(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}")).text
    }

    #[test]
    fn the_patterns_of_published_tokenizers_stay_or_are_rewritten() {
        let kept = [
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s+",
            r" {2,}",
            r"\s{2,}|[\n\r\t]",
            r" ?[^(\s|[.,!?…。，、।۔،])]+",
        ];
        for pattern in kept {
            let found = translate(pattern).unwrap();
            assert_eq!((found.text.as_str(), found.otherwise), (pattern, false));
        }
        assert_eq!(text(r"\p{N}{1,3}+"), r"(?:\p{N}{1,3})+");
        assert_eq!(text(r"[[:alpha:]]+"), r"[\p{Alphabetic}]+");
        assert_eq!(text(r"\w+"), format!("[{}]+", set::WORD_LETTER));
        assert_eq!(text("a(?i)b|c"), "a(?i:b|c)");
        assert_eq!(text(r"a{2}?"), "(?:a{2})?");
        assert_eq!(text("[]a-c-]"), r"[\]a-c\-]");
        assert_eq!(text(r"\p{letter}\P{ L }\p{^Nd}"), r"\p{L}\P{L}\P{Nd}");
    }

    #[test]
    fn what_has_no_equal_is_refused_by_name() {
        for (pattern, why) in [
            (r"\X", r"`\X`"),
            (r"(a)\1", r"`\1`"),
            ("(?s).", "`(?s`"),
            (r"\p{Script=Han}", r"`\p{Script=Han}`"),
            (r"(?i)ß", "`ß` under (?i)"),
            ("(?i)miss", "`ss` under (?i)"),
            (r"(?i)\p{Lu}", r"`\p{Lu}` under (?i)"),
            ("a)", "a `)` without a `(`"),
            ("(a", "a `(` without a `)`"),
            ("[a", "a `[` without a `]`"),
            ("*a", "a `*` with nothing before it"),
            ("a{3,1}", "`{3,1}`"),
            ("(?=a)*", "`*` after what has no length"),
            ("[c-a]", "a range that ends in `a` before it begins"),
        ] {
            assert_eq!(translate(pattern).err().as_deref(), Some(why), "{pattern}");
        }
        assert!(translate(&"(".repeat(500)).is_err());
        assert!(translate(&"[".repeat(500)).is_err());
    }
}

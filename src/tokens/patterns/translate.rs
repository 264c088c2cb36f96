//! One pattern of Oniguruma becomes one of fancy-regex that means the same.

use super::set;

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
        folded: None,
    };
    translator.alternatives()?;
    match translator.peek() {
        None => Ok(Translated { text: translator.out, otherwise: translator.otherwise }),
        Some(_) => Err("a `)` without a `(`".to_owned()),
    }
}

struct Translator {
    chars: Vec<char>,
    at: usize,
    out: String,
    otherwise: bool,
    /// Under `(?i)`.
    ignore_case: bool,
    /// Under `(?m)`, where the dot is any character.
    dot_all: bool,
    depth: usize,
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
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    /// Goes past `text` if it stands here.
    fn eat(&mut self, text: &str) -> bool {
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

    fn deeper(&mut self) -> Result<(), String> {
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

    /// `{n}`, `{n,}`, `{n,m}` or `{,m}`, if that is what stands here; any other brace stands for itself.
    fn interval(&mut self) -> Result<Option<String>, String> {
        let rest = &self.chars[self.at + 1..];
        let Some(length) = rest.iter().position(|c| *c == '}') else { return Ok(None) };
        let inside: String = rest[..length].iter().collect();
        let (least, most) = inside.split_once(',').unwrap_or((&inside, &inside));
        let is_number =
            |text: &str| !text.is_empty() && text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
        let open = inside.contains(',');
        if !(is_number(least) || least.is_empty() && is_number(most) && open)
            || !(is_number(most) || most.is_empty() && open)
        {
            return Ok(None);
        }
        let number = |text: &str| text.parse::<u32>().ok();
        if let (Some(least), Some(most)) = (number(least), number(most))
            && (least > most || most > 1000)
        {
            return Err(format!("`{{{inside}}}`"));
        }
        self.at += length + 2;
        let least = if least.is_empty() { "0" } else { least };
        Ok(Some(if open { format!("{{{least},{most}}}") } else { format!("{{{least}}}") }))
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
                    self.out.push_str(&format!("[{not}{members}]"));
                    self.otherwise |= !as_is;
                }
                Member::Letter(c) if c.is_control() => self.out.push_str(&format!("\\x{{{:X}}}", c as u32)),
                Member::Letter(c) => self.letter(c)?,
            },
        }
        Ok(Part::Repeatable)
    }

    /// A character, or a set of them, that is written with a backslash; alike inside a class and outside.
    fn one_of(&mut self, c: char) -> Result<Member, String> {
        let set = |negated, members: &str, as_is| Member::Set { negated, members: members.to_owned(), as_is };
        Ok(match c {
            'd' => set(false, r"\d", true),
            'D' => set(false, r"\D", true),
            's' => set(false, r"\s", true),
            'S' => set(false, r"\S", true),
            'w' => set(false, set::WORD_LETTER, false),
            'W' => set(true, set::WORD_LETTER, false),
            'h' => set(false, "0-9A-Fa-f", false),
            'H' => set(true, "0-9A-Fa-f", false),
            'p' | 'P' => return self.property(c == 'P'),
            'n' => Member::Letter('\n'),
            't' => Member::Letter('\t'),
            'r' => Member::Letter('\r'),
            'f' => Member::Letter('\u{c}'),
            'v' => Member::Letter('\u{b}'),
            'a' => Member::Letter('\u{7}'),
            'e' => Member::Letter('\u{1b}'),
            'x' if self.eat("{") => {
                let mut digits = String::new();
                while let Some(c) = self.next().filter(|c| *c != '}') {
                    digits.push(c);
                }
                Member::Letter(letter_of(&digits, 8)?)
            }
            'x' => {
                let digits = self.digits(2);
                let letter = letter_of(&digits, 2)?;
                if !letter.is_ascii() {
                    return Err(format!("`\\x{digits}`, a byte"));
                }
                Member::Letter(letter)
            }
            'u' => {
                let digits = self.digits(4);
                if digits.len() != 4 {
                    return Err(format!("`\\u{digits}`"));
                }
                Member::Letter(letter_of(&digits, 4)?)
            }
            c if c.is_alphanumeric() => return Err(format!("`\\{c}`")),
            c => Member::Letter(c),
        })
    }

    /// Up to `most` hexadecimal digits.
    fn digits(&mut self, most: usize) -> String {
        let mut digits = String::new();
        while digits.len() < most
            && let Some(c) = self.peek().filter(char::is_ascii_hexdigit)
        {
            digits.push(c);
            self.at += 1;
        }
        digits
    }

    /// `\p{NAME}` and its kin.
    fn property(&mut self, negated: bool) -> Result<Member, String> {
        let start = self.at;
        if !self.eat("{") {
            return Err("`\\p` without a name in braces".to_owned());
        }
        let negated = negated != self.eat("^");
        let mut name = String::new();
        loop {
            match self.next() {
                Some('}') => break,
                Some(c) => name.push(c),
                None => return Err("a `{` without a `}`".to_owned()),
            }
        }
        if self.ignore_case {
            return Err(format!("`\\p{{{name}}}` under (?i)"));
        }
        let members = set::property(&name).ok_or_else(|| format!("`\\p{{{name}}}`"))?;
        let single =
            members.starts_with(r"\p{") && members.matches('{').count() == 1 && members.ends_with('}');
        if single {
            // As it was written, if the name is one that both have.
            let written: String = self.chars[start..self.at].iter().collect();
            let plain = members == format!(r"\p{written}");
            let members = if negated { members.replacen('p', "P", 1) } else { members };
            self.otherwise |= !plain && !negated;
            return Ok(Member::Set { negated: false, members, as_is: true });
        }
        Ok(Member::Set { negated, members, as_is: false })
    }

    /// What follows `[`.
    fn class(&mut self) -> Result<(), String> {
        self.deeper()?;
        self.out.push('[');
        if self.eat("^") {
            self.out.push('^');
        }
        let mut first = true;
        // The letter before, as long as a range can begin with it.
        let mut before: Option<char> = None;
        loop {
            let Some(c) = self.next() else { return Err("a `[` without a `]`".to_owned()) };
            let member = match c {
                ']' if !first => break,
                '[' if self.peek() == Some(':') => {
                    let members = self.posix()?;
                    Some(members)
                }
                '[' => {
                    if self.ignore_case {
                        return Err("a class in a class under (?i)".to_owned());
                    }
                    self.class()?;
                    None
                }
                '&' if self.peek() == Some('&') => {
                    self.at += 1;
                    if first || self.peek() == Some(']') {
                        return Err("`&&` with nothing beside it".to_owned());
                    }
                    self.out.push_str("&&");
                    None
                }
                '\\' => {
                    let Some(c) = self.next() else { return Err("a `\\` at its end".to_owned()) };
                    Some(if c == 'b' { Member::Letter('\u{8}') } else { self.one_of(c)? })
                }
                '-' if before.is_some() && !matches!(self.peek(), Some(']') | None) => {
                    self.range(before)?;
                    before = None;
                    first = false;
                    continue;
                }
                c => Some(Member::Letter(c)),
            };
            first = false;
            before = None;
            match member {
                Some(Member::Letter(c)) => {
                    if self.ignore_case && !c.is_ascii() {
                        return Err(format!("`{c}` under (?i)"));
                    }
                    self.out.push_str(&in_class(c));
                    before = Some(c);
                }
                Some(Member::Set { negated, members, as_is }) => {
                    if self.ignore_case && !as_is {
                        return Err("a class of letters under (?i)".to_owned());
                    }
                    self.otherwise |= !as_is;
                    if negated {
                        self.out.push_str(&format!("[^{members}]"));
                    } else {
                        self.out.push_str(&members);
                    }
                }
                None => {}
            }
        }
        self.out.push(']');
        self.depth -= 1;
        Ok(())
    }

    /// The end of a range, after its `-`.
    fn range(&mut self, from: Option<char>) -> Result<(), String> {
        let to = match self.next() {
            Some('\\') => match self.next() {
                Some(c) => match self.one_of(c)? {
                    Member::Letter(c) => c,
                    Member::Set { .. } => return Err("a range that ends in a class".to_owned()),
                },
                None => return Err("a `\\` at its end".to_owned()),
            },
            Some('[') => return Err("a range that ends in a class".to_owned()),
            Some('&') if self.peek() == Some('&') => return Err("a range that ends in `&&`".to_owned()),
            Some(c) => c,
            None => return Err("a `[` without a `]`".to_owned()),
        };
        if from.is_some_and(|from| from > to) {
            return Err(format!("a range that ends in `{to}` before it begins"));
        }
        if self.ignore_case && !to.is_ascii() {
            return Err(format!("`{to}` under (?i)"));
        }
        self.out.push('-');
        self.out.push_str(&in_class(to));
        Ok(())
    }

    /// `[:NAME:]`, after its first bracket.
    fn posix(&mut self) -> Result<Member, String> {
        self.at += 1;
        let negated = self.eat("^");
        let mut name = String::new();
        while let Some(c) = self.peek().filter(char::is_ascii_alphabetic) {
            name.push(c);
            self.at += 1;
        }
        let members = set::posix(&name).filter(|_| self.eat(":]"));
        let members = members.ok_or_else(|| format!("`[:{name}`"))?;
        Ok(Member::Set { negated, members: members.to_owned(), as_is: false })
    }
}

/// What a backslash or a bracket stands for.
enum Member {
    Letter(char),
    Set {
        negated: bool,
        /// As they stand inside a class.
        members: String,
        /// Whether that is how it was written.
        as_is: bool,
    },
}

/// The character of a number in hexadecimal digits.
fn letter_of(digits: &str, most: usize) -> Result<char, String> {
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() <= most);
    number.and_then(char::from_u32).ok_or_else(|| format!("`{digits}`, which is no character"))
}

/// A character as it stands for itself inside a class.
fn in_class(c: char) -> String {
    match c {
        '\\' | ']' | '[' | '^' | '-' | '&' | '~' => format!("\\{c}"),
        '\n' => r"\n".to_owned(),
        '\r' => r"\r".to_owned(),
        '\t' => r"\t".to_owned(),
        c if c.is_control() => format!("\\x{{{:X}}}", c as u32),
        c => c.to_string(),
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

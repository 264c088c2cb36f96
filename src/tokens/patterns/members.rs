//! Characters and sets of them: what stands in brackets and braces, or after a backslash.

use super::set::{self, Member, by_number};
use super::translate::Translator;

impl Translator {
    /// `{n}`, `{n,}`, `{n,m}` or `{,m}`, if that is what stands here; any other brace stands for itself.
    pub(super) fn interval(&mut self) -> Result<Option<String>, String> {
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

    /// A character, or a set of them, that is written with a backslash; alike inside a class and outside.
    pub(super) fn one_of(&mut self, c: char) -> Result<Member, String> {
        let set = |negated, members: &str, as_is| Member::Set { negated, members: members.to_owned(), as_is };
        Ok(match c {
            'd' => set(false, r"\d", true),
            'D' => set(false, r"\D", true),
            's' => set(false, r"\s", true),
            'S' => set(false, r"\S", true),
            'w' => set(false, self.word(), false),
            'W' => set(true, self.word(), false),
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

    /// The members of `\w`, which has six more outside of brackets.
    fn word(&self) -> &'static str {
        if self.inside > 0 { set::WORD } else { set::WORD_LETTER }
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
        let members = set::property(&name).filter(|members| self.inside == 0 || members != set::WORD_LETTER);
        let members = members.ok_or_else(|| format!("`\\p{{{name}}}`"))?;
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
    pub(super) fn class(&mut self) -> Result<(), String> {
        self.deeper()?;
        self.inside += 1;
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
                        self.out.extend(["[^", &members, "]"]);
                    } else {
                        self.out.push_str(&members);
                    }
                }
                None => {}
            }
        }
        self.out.push(']');
        self.inside -= 1;
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
        c if c.is_control() => by_number(c),
        c => c.to_string(),
    }
}

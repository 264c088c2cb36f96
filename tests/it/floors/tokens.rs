//! A Rust text as its words and signs, without comments and literals.

/// A word or a sign, and the line where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// Words, `::`, and all other signs one by one.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut reader = Reader { chars: text.chars().collect(), at: 0, line: 1 };
    let mut found = Vec::new();
    loop {
        let line = reader.line;
        match reader.next() {
            Some(Piece::Sign(text)) => found.push(Token { text, line }),
            Some(Piece::Nothing) => {}
            None => return found,
        }
    }
}

enum Piece {
    Sign(String),
    /// White space, a comment, a literal or a lifetime.
    Nothing,
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    line: usize,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn advance(&mut self, count: usize) {
        let end = (self.at + count).min(self.chars.len());
        self.line += self.chars[self.at..end].iter().filter(|&&c| c == '\n').count();
        self.at = end;
    }

    fn begins(&self, with: &str) -> bool {
        with.chars().enumerate().all(|(ahead, c)| self.peek(ahead) == Some(c))
    }

    fn next(&mut self) -> Option<Piece> {
        let first = self.peek(0)?;
        if self.begins("//") {
            while self.peek(0).is_some_and(|c| c != '\n') {
                self.advance(1);
            }
        } else if self.begins("/*") {
            self.block_comment();
        } else if first == '"' {
            self.text();
        } else if first == '\'' {
            self.letter_or_lifetime();
        } else if first.is_alphanumeric() || first == '_' {
            return Some(self.word());
        } else if self.begins("::") {
            self.advance(2);
            return Some(Piece::Sign("::".to_owned()));
        } else {
            self.advance(1);
            if !first.is_whitespace() {
                return Some(Piece::Sign(first.to_string()));
            }
        }
        Some(Piece::Nothing)
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.peek(0).is_some() {
            if self.begins("/*") {
                depth += 1;
                self.advance(2);
            } else if self.begins("*/") {
                depth -= 1;
                self.advance(2);
                if depth == 0 {
                    return;
                }
            } else {
                self.advance(1);
            }
        }
    }

    /// A text in quotes, in which a backslash hides what follows it.
    fn text(&mut self) {
        self.advance(1);
        while let Some(c) = self.peek(0) {
            self.advance(if c == '\\' { 2 } else { 1 });
            if c == '"' {
                return;
            }
        }
    }

    fn letter_or_lifetime(&mut self) {
        if self.peek(1) == Some('\\') {
            self.advance(3);
            while self.peek(0).is_some_and(|c| c != '\'') {
                self.advance(1);
            }
            self.advance(1);
        } else if self.peek(2) == Some('\'') {
            self.advance(3);
        } else {
            self.advance(1);
            while self.peek(0).is_some_and(|c| c.is_alphanumeric() || c == '_') {
                self.advance(1);
            }
        }
    }

    /// A word or a number; a text with a prefix (`b"…"`, `r#"…"#`) is a literal, `r#type` the word `type`.
    fn word(&mut self) -> Piece {
        let start = self.at;
        while self.peek(0).is_some_and(|c| c.is_alphanumeric() || c == '_') {
            self.advance(1);
        }
        let word: String = self.chars[start..self.at].iter().collect();
        let hashes = self.chars[self.at..].iter().take_while(|&&c| c == '#').count();
        let quoted = self.peek(hashes) == Some('"');
        if ["r", "br", "cr"].contains(&word.as_str()) && quoted {
            self.advance(hashes + 1);
            let end = format!("\"{}", "#".repeat(hashes));
            while self.peek(0).is_some() && !self.begins(&end) {
                self.advance(1);
            }
            self.advance(hashes + 1);
            return Piece::Nothing;
        }
        if ["b", "c"].contains(&word.as_str()) && self.peek(0) == Some('"') {
            self.text();
            return Piece::Nothing;
        }
        if word == "b" && self.peek(0) == Some('\'') {
            self.letter_or_lifetime();
            return Piece::Nothing;
        }
        if word == "r" && hashes == 1 {
            self.advance(1);
            return self.word();
        }
        Piece::Sign(word)
    }
}

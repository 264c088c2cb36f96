//! Texts of files on their way to a terminal: what would steer it is shown, not done.

use std::fmt::Write as _;

/// `text` with what would disturb a terminal or a line (control and direction characters) made visible.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || steers(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// As [`visible`], for a text whose lines stand.
#[must_use]
pub fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// A message for people: its lines stand, nothing in it steers a terminal, and no address in it shows a password.
#[must_use]
pub fn message(text: &str) -> String {
    text.split('\n')
        .map(|line| without_passwords(line).split('\t').map(visible).collect::<Vec<_>>().join("\t"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The longest line of a message, in characters, and the most lines.
const LONGEST: usize = 1200;
const LINES: usize = 36;

/// As [`message`], and no longer than a screen: what a file holds may be of any length.
#[must_use]
pub fn brief(text: &str) -> String {
    let whole = message(text);
    let lines: Vec<&str> = whole.split('\n').collect();
    let mut shown: Vec<String> = lines.iter().take(LINES).map(|line| shortened(line)).collect();
    if lines.len() > LINES {
        shown.push(format!("… and {} more lines", lines.len() - LINES));
    }
    shown.join("\n")
}

/// `line` without its middle where it is too long.
fn shortened(line: &str) -> String {
    let length = line.chars().count();
    if length <= LONGEST {
        return line.to_owned();
    }
    let (start, end) = (LONGEST * 3 / 4, LONGEST / 4);
    let begin: String = line.chars().take(start).collect();
    let rest: String = line.chars().skip(length - end).collect();
    format!("{begin} … ({} characters) … {rest}", super::count((length - start - end) as u128))
}

/// JSON, in whose strings what serde leaves (`U+007F` and above) is escaped too.
#[must_use]
pub fn inert_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && (c.is_control() || steers(c)) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a character turns the direction of what follows it.
fn steers(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `line` with `***` for what stands before the host of an address.
fn without_passwords(line: &str) -> String {
    let mut parts = line.split("://");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("://");
        let end = part.find(|c: char| "/?# \"'`".contains(c)).unwrap_or(part.len());
        match part[..end].rfind('@') {
            Some(at) => {
                out.push_str("***");
                out.push_str(&part[at..]);
            }
            None => out.push_str(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        assert_eq!(visible("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\u{a}");
        assert_eq!(message("a\u{9b}2J\tb\n\u{202e}c"), "a\\u{9b}2J\tb\n\\u{202e}c");
        let json = inert_json(&serde_json::json!({"a\u{1b}": "\u{9b}\u{7f}é\u{202e}"}).to_string());
        assert_eq!(json, "{\"a\\u001b\":\"\\u009b\\u007fé\\u202e\"}");
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    }

    #[test]
    fn no_message_is_longer_than_a_screen() {
        let long = format!("`{}` is no value of `x`\n", "y".repeat(1 << 20)).repeat(50);
        let brief = brief(&long);
        let lines = LINES + 1;
        assert!(brief.chars().count() < lines * 1300 && brief.lines().count() == lines, "{}", brief.len());
        assert!(brief.starts_with("`yyy") && brief.contains("` is no value of `x`\n"));
        assert_eq!(super::brief("short"), "short");
    }

    #[test]
    fn no_password_is_shown() {
        let line = "cannot reach https://me:secret@hub.org/x?a@b (http://one, ftp://u@h) mail@home";
        assert_eq!(
            message(line),
            "cannot reach https://***@hub.org/x?a@b (http://one, ftp://***@h) mail@home"
        );
        assert_eq!(message("https://a:p@ss@host/"), "https://***@host/");
    }
}

//! Files that are text: grammars, tables, treebanks, and what stands in the place of a file.

use std::borrow::Cow;

use super::binary::looks_like_text;
use super::head::Head;
use super::names::Kind;
use super::{delimited, json};

/// What a text is, and what tells it; `None` where it is no text.
pub(super) fn kind(head: &Head) -> Option<(Kind, String)> {
    let text = match decoded(head)? {
        Ok(text) => text,
        Err(what) => return Some((Kind::ForeignText, what)),
    };
    let text = text.as_ref();
    let said = |kind: Kind, what: &str| Some((kind, what.to_owned()));
    let start = text.trim_start();
    if start.is_empty() {
        return said(Kind::Empty, "it has nothing but white space");
    }
    let lower: String = start.chars().take(64).collect::<String>().to_ascii_lowercase();
    if text.starts_with("version https://git-lfs") {
        return said(Kind::LfsPointer, "its first line");
    }
    if head.length < 4096 && lower.starts_with("/annex/objects/") {
        return said(Kind::AnnexPointer, "its first line");
    }
    if ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| lower.starts_with(tag)) {
        return said(Kind::Html, "its first tag");
    }
    if lower.starts_with("<?xml") {
        let html = start.chars().take(500).collect::<String>().to_ascii_lowercase().contains("<html");
        return said(if html { Kind::Html } else { Kind::Xml }, "its first line");
    }
    if lower.starts_with("{\\rtf") {
        return said(Kind::Rtf, "its first word");
    }
    if lower.starts_with("brain vision data exchange header") {
        return said(Kind::BrainVision, "its first line");
    }
    if lower.starts_with("model_checkpoint_path:") {
        return said(Kind::TensorFlowIndex, "the name of its newest checkpoint");
    }
    if start.starts_with(['{', '['])
        && let Some(found) = json::kind(start, head.is_whole(), head.ends(&["jsonl", "ndjson"]))
    {
        return Some(found);
    }
    // A line that is cut off says nothing.
    let lines: Vec<&str> = match text.rfind('\n') {
        Some(end) if !head.is_whole() => text[..end].lines().collect(),
        _ => text.lines().collect(),
    };
    let found = conllu(&lines).or_else(|| grammar(&lines, head)).or_else(|| trees(&lines));
    if found.is_some() {
        return found;
    }
    if head.ends(&["yaml", "yml"]) {
        return said(Kind::Yaml, "its name");
    }
    let rule =
        |line: &&str| line.contains("---") && line.contains('|') && line.chars().all(|c| "|-: ".contains(c));
    if lines.get(1).is_some_and(|line| rule(&line.trim_end())) {
        return said(Kind::Markdown, "its second line is a rule");
    }
    let declared = head.ends(&["csv", "tsv", "tab"]);
    let table = delimited::kind(text, head.is_whole(), declared);
    Some(table.unwrap_or_else(|| (Kind::Text, format!("{} lines looked at", lines.len()))))
}

/// The text, or how it is written if not in UTF-8; `None` where it is none.
fn decoded(head: &Head) -> Option<Result<Cow<'_, str>, String>> {
    let bytes = head.bytes.as_slice();
    for (mark, name) in [
        (b"\xff\xfe\0\0".as_slice(), "UTF-32"),
        (b"\0\0\xfe\xff", "UTF-32"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
    ] {
        if bytes.starts_with(mark) {
            return Some(Err(format!("its first bytes are the mark of {name}")));
        }
    }
    let (pairs, _) = bytes.as_chunks::<2>();
    let halves = |at: usize| pairs.iter().filter(|pair| pair[at] == 0 && pair[1 - at] != 0).count();
    if pairs.len() >= 4 && [0, 1].into_iter().any(|at| halves(at) * 10 >= pairs.len() * 9) {
        return Some(Err("every second byte is zero, as in UTF-16".to_owned()));
    }
    if !looks_like_text(bytes) {
        return None;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(Ok(Cow::Borrowed(text))),
        // The last character is cut off with the rest of the file.
        Err(error) if error.error_len().is_none() && !head.is_whole() => {
            Some(Ok(String::from_utf8_lossy(&bytes[..error.valid_up_to()])))
        }
        Err(error) => {
            let at = error.valid_up_to();
            let line = bytes[..at].split(|&byte| byte == b'\n').count();
            let high = bytes.iter().filter(|&&byte| byte >= 0x80).count();
            // Random bytes have these too: of a text, most are letters.
            (high * 2 < bytes.len())
                .then(|| Err(format!("byte {:#04x} in line {line} is not UTF-8", bytes[at])))
        }
    }
}

/// Ten columns, of which the first counts words; `# newdoc`, `# sent_id` and the like before.
fn conllu(lines: &[&str]) -> Option<(Kind, String)> {
    let mut words = lines.iter().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let is_word = |line: &&str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let counts = |id: &str| !id.is_empty() && id.chars().all(|c| c.is_ascii_digit() || ".-".contains(c));
        fields.len() == 10 && counts(fields[0])
    };
    let first = words.next()?;
    let plus = lines[0].starts_with("# global.columns");
    (plus || is_word(first) && words.take(20).all(is_word))
        .then(|| (Kind::Conllu, "ten columns, of which the first counts words".to_owned()))
}

/// A grammar or a plan: by its headers (TOML) or its arrows.
fn grammar(lines: &[&str], head: &Head) -> Option<(Kind, String)> {
    let code =
        || lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let arrows = code().filter(|line| line.contains("->")).count();
    if code().any(|line| line.starts_with("% start")) || arrows > 0 && arrows * 2 >= code().count() {
        return Some((Kind::Fcfg, "productions with ->".to_owned()));
    }
    let names = |line: &str, name: &str| {
        let inside = line.trim_start_matches('[').trim_start();
        let inside = inside.strip_prefix(name);
        inside.is_some_and(|rest| rest.trim_start().starts_with([']', '.']))
    };
    let table = |name: &str| code().any(|line| line.starts_with('[') && names(line, name));
    let key = |name: &str| {
        code().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('=')))
    };
    if ["lexicon", "template", "slots", "computed"].into_iter().any(table) {
        return Some((Kind::TomlGrammar, "tables of a grammar's".to_owned()));
    }
    if key("grammars") {
        return Some((Kind::SweepPlan, "the key `grammars`".to_owned()));
    }
    let first = code().next()?;
    let is_header = first.starts_with('[') && first.ends_with(']');
    let is_pair = first
        .split_once('=')
        .is_some_and(|(name, _)| name.trim().chars().all(|c| c.is_alphanumeric() || "_-.\"".contains(c)));
    (head.ends(&["toml"])
        || is_header && code().skip(1).all(|line| line.starts_with('[') || line.contains('=')))
    .then_some(is_header || is_pair)
    .filter(|&toml| toml)
    .map(|_| (Kind::Toml, "its first line".to_owned()))
}

/// Lines that open with a bracket and a label: `(S (NP …`, or `( (S …`.
fn trees(lines: &[&str]) -> Option<(Kind, String)> {
    let first = lines.iter().find(|line| !line.trim().is_empty())?.trim_start();
    let inside = first.strip_prefix('(')?.trim_start().trim_start_matches('(').trim_start();
    let label: String = inside.chars().take_while(|c| !c.is_whitespace() && !"()".contains(*c)).collect();
    let opens = lines.iter().map(|line| line.matches('(').count()).sum::<usize>();
    (opens > 1 && !label.is_empty() && label.chars().all(|c| c.is_ascii_uppercase() || "-=|$".contains(c)))
        .then(|| (Kind::BracketedTrees, "brackets with labels".to_owned()))
}

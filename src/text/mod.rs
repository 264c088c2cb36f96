//! Words for people: near matches for a mistyped name, lists, counts, and mistakes in a file with their place.

use std::cmp::Ordering;

mod problem;
mod visible;

pub use problem::Problem;
pub use visible::{brief, inert_json, message, visible, visible_lines};

/// The names of `known` that someone who typed `name` may have meant, nearest first, at most three.
#[must_use]
pub fn near_matches<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = name.to_lowercase();
    let allowed = (lower.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let distance = edit_distance(&lower, &other);
            // A part of a longer name is near too: `clause` for `relative_clause`.
            let part = lower.len() >= 3 && (other.contains(&lower) || lower.contains(&other));
            (distance <= allowed || part).then_some((distance, candidate))
        })
        .collect();
    near.sort_unstable();
    near.truncate(3);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// `did you mean …?`, or the list of what there is, which `are` leads in; none where there is nothing.
#[must_use]
pub fn suggest<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
    are: &str,
) -> Option<String> {
    let near = near_matches(name, known.clone());
    if !near.is_empty() {
        return Some(format!("did you mean {}?", near.join(" or ")));
    }
    let known: Vec<&str> = known.into_iter().collect();
    (!known.is_empty()).then(|| format!("{are} {}", join_and(&known)))
}

/// `a`, `b` and `c`: a list as a sentence has it.
#[must_use]
pub fn join_and(items: &[impl AsRef<str>]) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// `a`, `b` or `c`: a choice as a sentence has it.
#[must_use]
pub fn join_or(items: &[impl AsRef<str>]) -> String {
    match items {
        [first @ .., last] if !first.is_empty() => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} or {}", first.join(", "), last.as_ref())
        }
        _ => join_and(items),
    }
}

/// `word` as a shell takes it for one argument.
#[must_use]
pub fn argument(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-.,/:=+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The first `n` of a list, and how many there are beside them: `a, b and 3 more`.
#[must_use]
pub fn some(items: &[impl AsRef<str>], n: usize) -> String {
    if items.len() <= n {
        return join_and(items);
    }
    let mut shown: Vec<String> = items.iter().take(n).map(|item| item.as_ref().to_owned()).collect();
    shown.push(format!("{} more", count((items.len() - n) as u128)));
    join_and(&shown)
}

/// A count with thousands separated: `26,880`.
#[must_use]
pub fn count(number: u128) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `text` with blanks after it, `width` characters in all: a width of any size, which a format string does not take.
#[must_use]
pub fn padded(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(blanks))
}

/// A count with its noun: `1 fold`, `5 folds`.
#[must_use]
pub fn counted(number: u128, noun: &str) -> String {
    match noun.strip_suffix("us") {
        Some(stem) if number != 1 => format!("{} {stem}i", count(number)),
        _ => format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" }),
    }
}

/// The order of names that people expect, where runs of digits are numbers: `conv2` before `conv10`.
#[must_use]
pub fn naturally(a: &str, b: &str) -> Ordering {
    let parts = |name: &str| {
        let mut parts: Vec<(u64, String)> = Vec::new();
        let mut rest = name;
        while !rest.is_empty() {
            let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let digits = rest[text..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - text);
            let number = rest[text..text + digits].parse().unwrap_or(u64::MAX);
            parts.push((number, rest[..text].to_owned()));
            rest = &rest[text + digits..];
        }
        parts
    };
    let by_text = |a: &(u64, String), b: &(u64, String)| a.1.cmp(&b.1).then(a.0.cmp(&b.0));
    let (left, right) = (parts(a), parts(b));
    let unequal = left.iter().zip(&right).map(|(a, b)| by_text(a, b)).find(|order| order.is_ne());
    unequal.unwrap_or(left.len().cmp(&right.len())).then_with(|| a.cmp(b))
}

/// How many insertions, deletions, substitutions and swaps of neighbours turn `a` into `b` (optimal string alignment).
fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_name() {
        let known = ["relative_clause", "long_range_agreement", "short_sentence"];
        assert_eq!(near_matches("relative_cluase", known), ["relative_clause"]);
        assert_eq!(near_matches("short", known), ["short_sentence"]);
        assert!(near_matches("zebra", known).is_empty());
    }

    #[test]
    fn counts_and_lists_read_well() {
        assert_eq!(count(26_880), "26,880");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!((counted(1, "fold"), counted(5, "fold")), ("1 fold".to_owned(), "5 folds".to_owned()));
        assert_eq!(join_and(&["a", "b", "c"]), "a, b and c");
        assert_eq!(join_or(&["a", "b", "c"]), "a, b or c");
        assert_eq!(join_or(&["a"]), "a");
        assert_eq!(some(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(some(&["a", "b"], 2), "a and b");
        assert_eq!((argument("a_b"), argument("it's")), ("a_b".to_owned(), r"'it'\''s'".to_owned()));
    }
}

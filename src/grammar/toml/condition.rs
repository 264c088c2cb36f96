//! Conditions of computed features: comparisons and presence, joined by `and`, `or`, `not` and brackets.

use super::constraint::{Operand, Scope, split_equation};
use super::reader::Text;
use super::slot::slot_named;
use crate::grammar::columns::Condition;
use crate::grammar::error::Result;

/// What follows the name of a slot that may be absent: `neg.present`.
const PRESENT: &str = "present";

/// A condition on slots by their names.
pub(super) type Read = Condition<Operand, String>;

/// Whether `text` is a condition at all, and not the path of a feature.
pub(super) fn is_condition(scope: &Scope<'_>, text: &str) -> bool {
    let joined = split(text, "or").len() > 1 || split(text, "and").len() > 1;
    joined || negated(text).is_some() || split_equation(text).is_some() || present(scope, text).is_some()
}

/// The condition in `text`; `None` where a lenient scope lacks one of its slots.
pub(super) fn read(scope: &Scope<'_>, text: &Text<'_>) -> Result<Option<Read>> {
    either(scope, text, text.text)
}

fn either(scope: &Scope<'_>, whole: &Text<'_>, part: &str) -> Result<Option<Read>> {
    let parts = split(part, "or");
    if let [only] = parts.as_slice() {
        return both(scope, whole, only);
    }
    let read: Result<Option<Vec<Read>>> = parts.into_iter().map(|part| both(scope, whole, part)).collect();
    Ok(read?.map(Condition::Any))
}

fn both(scope: &Scope<'_>, whole: &Text<'_>, part: &str) -> Result<Option<Read>> {
    let parts = split(part, "and");
    if let [only] = parts.as_slice() {
        return single(scope, whole, only);
    }
    let read: Result<Option<Vec<Read>>> = parts.into_iter().map(|part| single(scope, whole, part)).collect();
    Ok(read?.map(Condition::All))
}

fn single(scope: &Scope<'_>, whole: &Text<'_>, part: &str) -> Result<Option<Read>> {
    let part = part.trim();
    if let Some(rest) = negated(part) {
        return Ok(single(scope, whole, rest)?.map(|inner| Condition::Not(Box::new(inner))));
    }
    if let Some(inner) = part.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return either(scope, whole, inner);
    }
    let text = scope.part(whole, part);
    if let Some(slot) = present(scope, part) {
        return Ok(Some(Condition::Present(slot.to_owned())));
    }
    if part.is_empty() || part.contains(['(', ')']) {
        let hint = "write such as \"neg.present and not (subj.number = pl or obj.number = pl)\"".to_owned();
        let message =
            if part.is_empty() { "a condition is missing here" } else { "brackets that do not match" };
        return Err(scope.source.error(text.span, message, hint));
    }
    Ok(scope.equation(&text)?.map(|(a, same, b)| Condition::Compare { a, b, same }))
}

/// What stands after `not`.
fn negated(text: &str) -> Option<&str> {
    let rest = text.trim().strip_prefix("not")?;
    (rest.is_empty() || rest.starts_with([' ', '('])).then_some(rest.trim_start())
}

/// The slot whose presence `text` asks for. A feature of that name comes first.
fn present<'t>(scope: &Scope<'_>, text: &'t str) -> Option<&'t str> {
    let (name, feature) = text.trim().split_once('.')?;
    let slot = slot_named(scope.slots, name.trim())?;
    let is_feature = slot.all_features(scope.lexicons).contains(&PRESENT);
    (feature.trim() == PRESENT && !is_feature).then_some(name.trim())
}

/// The parts of `text` between the word `joint`, outside brackets and quotes.
fn split<'t>(text: &'t str, joint: &str) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let (mut depth, mut quote, mut from) = (0_usize, None, 0);
    for (at, c) in text.char_indices() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            ('(', None) => depth += 1,
            (')', None) => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_edge = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || c == '(' || c == ')');
        let found = depth == 0
            && quote.is_none()
            && text[at..].starts_with(joint)
            && is_edge(text[..at].chars().next_back())
            && is_edge(text[at + joint.len()..].chars().next());
        if found {
            parts.push(&text[from..at]);
            from = at + joint.len();
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn joints_are_words_outside_brackets_and_quotes() {
        assert_eq!(split("a = b and c = d", "and"), ["a = b ", " c = d"]);
        assert_eq!(split("(a and b) and c", "and"), ["(a and b) ", " c"]);
        assert_eq!(split("a = 'x and y'", "and"), ["a = 'x and y'"]);
        assert_eq!(split("brand.sand = island", "and").len(), 1);
        assert_eq!(split("a = b and", "and"), ["a = b ", ""]);
        assert_eq!(split("and a = b", "and"), ["", " a = b"]);
        assert_eq!(split("(not) and", "and"), ["(not) ", ""]);
    }
}

//! What the files of a checkpoint call the tensors of its model, where that is not what the family calls them.
//!
//! Wrappers put words before every name (`module.`, `_orig_mod.`) or inside of it, classes of one's own put the name of their
//! member, and of tensors that are shared only one name is stored. Where the tensors that a family must have stand under exactly one
//! beginning, that beginning is meant; where they stand under two, nobody can say which.

use std::collections::{BTreeMap, BTreeSet};

use crate::models::declarations::names::{Names, Tied};

/// What compilers and trainers call the module that they wrap around one of a model's, wherever it stands.
const WRAPPERS: [&str; 3] = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

/// How many beginnings of names a message shows.
const SHOWN: usize = 6;

/// The names that tensors can be asked for by, beside those they are stored under.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The name that is stored, by the other name.
    stored: BTreeMap<String, String>,
    /// Those of the stored names that are read without their wrappers alone.
    wrapped: BTreeSet<String>,
}

/// How a family's names are to be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// They stand behind `prefix`; `table` is the stored name of the table of tokens, where it is none of the family's.
    Found { prefix: String, tokens: &'static str, table: Option<String> },
    /// They stand behind each of these.
    Several(Vec<String>),
    /// All are there but the table of tokens; this one is, which the configuration says is another.
    Untied(String),
    /// They are not all there.
    Missing,
}

impl Layout {
    /// The other names of `names`: those without wrappers, and `aliases`, a name that was left out and the one that was kept.
    pub(super) fn of(names: &[String], aliases: Vec<(String, String)>) -> Self {
        let all: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let mut stored: BTreeMap<String, Option<String>> = BTreeMap::new();
        for name in names {
            let bare: Vec<&str> = name.split('.').filter(|part| !WRAPPERS.contains(part)).collect();
            let bare = bare.join(".");
            if bare != *name && !all.contains(bare.as_str()) {
                // Of two that come to the same name, neither is it.
                stored.entry(bare).and_modify(|other| *other = None).or_insert_with(|| Some(name.clone()));
            }
        }
        let mut stored: BTreeMap<String, String> =
            stored.into_iter().filter_map(|(bare, name)| Some((bare, name?))).collect();
        let wrapped = stored.values().cloned().collect();
        for (absent, kept) in aliases {
            if !all.contains(absent.as_str()) && all.contains(kept.as_str()) {
                stored.entry(absent).or_insert(kept);
            }
        }
        Self { stored, wrapped }
    }

    /// The name under which `name` is stored, if it is another.
    pub(super) fn stored(&self, name: &str) -> Option<&str> {
        self.stored.get(name).map(String::as_str)
    }

    /// Lets `name` be asked for, which is stored as `stored`.
    pub(super) fn add(&mut self, name: String, stored: String) {
        let stored = self.stored.get(&stored).cloned().unwrap_or(stored);
        self.stored.insert(name, stored);
    }

    /// Where the tensors of a family stand among `names`. A part of a model that was saved by itself lacks the part's name before
    /// every name of its own: then these are added.
    pub(super) fn read(&mut self, names: &[String], of: &Names, tied: Tied) -> Reading {
        let landmarks = of.landmarks();
        let all = self.all(names);
        let found = read(&all, &landmarks, of, tied);
        if found != Reading::Missing {
            return found;
        }
        let Some((part, inner)) = alone(&all, &landmarks) else { return found };
        for name in all.iter().filter(|name| name.starts_with(&inner)) {
            self.add(format!("{part}{}", &name[inner.len()..]), name.clone());
        }
        read(&self.all(names), &landmarks, of, tied)
    }

    fn all(&self, names: &[String]) -> BTreeSet<String> {
        let names = names.iter().filter(|name| !self.wrapped.contains(*name));
        names.chain(self.stored.keys()).cloned().collect()
    }
}

fn read(all: &BTreeSet<String>, landmarks: &[String], of: &Names, tied: Tied) -> Reading {
    let tables = || [Some(of.tokens), of.other_tokens].into_iter().flatten();
    let table = |prefix: &str| {
        tables()
            .find(|name| all.contains(&format!("{prefix}{name}.weight")))
            .map(|name| (prefix.to_owned(), name))
    };
    let is_there = |prefix: &&str| fits(all, landmarks, prefix);
    let found = |(prefix, tokens)| Reading::Found { prefix, tokens, table: None };
    // What the family itself writes counts first, whatever stands beside it.
    if let Some(whole) = of.prefixes.iter().copied().filter(is_there).find_map(table) {
        return found(whole);
    }
    let before: BTreeSet<&str> =
        tables().flat_map(|name| beginnings(all, &format!("{name}.weight"))).filter(is_there).collect();
    match before.into_iter().collect::<Vec<_>>().as_slice() {
        [] => {}
        [one] => return table(one).map_or(Reading::Missing, found),
        several => return Reading::Several(several.iter().map(|&prefix| prefix.to_owned()).collect()),
    }
    // No table under a name of its own.
    let own: Vec<&str> = of.prefixes.iter().copied().filter(is_there).take(1).collect();
    let first = landmarks.first().map(String::as_str).unwrap_or_default();
    let before: BTreeSet<&str> = beginnings(all, first).into_iter().filter(is_there).collect();
    let before = if own.is_empty() { before.into_iter().collect() } else { own };
    let prefix = match before.as_slice() {
        [] => return Reading::Missing,
        [one] => *one,
        several => return Reading::Several(several.iter().map(|&prefix| prefix.to_owned()).collect()),
    };
    for (head, needs) in of.heads() {
        let Some(name) =
            shorter(prefix).map(|start| format!("{start}{head}.weight")).find(|name| all.contains(name))
        else {
            continue;
        };
        return match (needs, tied) {
            (false, _) | (true, Tied::Yes) => {
                Reading::Found { prefix: prefix.to_owned(), tokens: of.tokens, table: Some(name) }
            }
            (true, Tied::No) => Reading::Untied(name),
        };
    }
    Reading::Missing
}

/// A beginning, and what is left of it without its last parts: `a.b.`, `a.`, nothing.
pub(super) fn shorter(prefix: &str) -> impl Iterator<Item = &str> {
    let ends = prefix.match_indices('.').map(|(at, _)| at + 1).rev();
    ends.chain([0]).map(move |end| &prefix[..end])
}

/// Whether every one of `landmarks` stands behind `prefix`; one that ends in a point is a beginning itself.
fn fits(all: &BTreeSet<String>, landmarks: &[String], prefix: &str) -> bool {
    landmarks.iter().all(|landmark| {
        let name = format!("{prefix}{landmark}");
        if landmark.ends_with('.') {
            all.range(name.clone()..).next().is_some_and(|next| next.starts_with(&name))
        } else {
            all.contains(&name)
        }
    })
}

/// What stands before `landmark` in names, whole parts only.
fn beginnings<'a>(all: &'a BTreeSet<String>, landmark: &str) -> BTreeSet<&'a str> {
    let is_whole = |before: &&str| before.is_empty() || before.ends_with('.');
    let mut found = BTreeSet::new();
    for name in all {
        if landmark.ends_with('.') {
            found.extend(name.match_indices(landmark).map(|(at, _)| &name[..at]).filter(is_whole));
        } else {
            found.extend(name.strip_suffix(landmark).filter(is_whole));
        }
    }
    found
}

/// The part that all of `landmarks` begin with, and what stands in its place before the names of it alone.
fn alone(all: &BTreeSet<String>, landmarks: &[String]) -> Option<(String, String)> {
    let (first, _) = landmarks.first()?.split_once('.')?;
    let part = format!("{first}.");
    let inside: Vec<String> =
        landmarks.iter().map(|name| name.strip_prefix(&part).map(str::to_owned)).collect::<Option<_>>()?;
    // A decoder has the same names, and what it reads of the encoder besides.
    let is_decoder = |prefix: &str| {
        prefix.contains("decoder")
            || all.iter().any(|name| {
                name.starts_with(prefix)
                    && ["encoder_attn", "EncDecAttention", "cross_attn"]
                        .iter()
                        .any(|cross| name.contains(cross))
            })
    };
    let before = beginnings(all, inside.first()?);
    let mut before = before.into_iter().filter(|prefix| fits(all, &inside, prefix) && !is_decoder(prefix));
    let one = before.next()?;
    before.next().is_none().then(|| (part, one.to_owned()))
}

/// How names begin, up to the number of a block, with how many do: `model.layers.` (18) and `lm_head.` (1). The most frequent come
/// first.
pub(super) fn shown(names: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        let parts: Vec<&str> = name.split('.').collect();
        let is_number = |part: &&str| part.chars().all(|letter| letter.is_ascii_digit());
        let end = parts.iter().position(is_number).unwrap_or(parts.len().saturating_sub(1)).min(3);
        let beginning: String = parts[..end].iter().flat_map(|part| [part, "."]).collect();
        *counts.entry(if end == 0 { name.clone() } else { beginning }).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let more = counts.len().saturating_sub(SHOWN);
    let mut shown: Vec<String> =
        counts.into_iter().take(SHOWN).map(|(beginning, count)| format!("`{beginning}` ({count})")).collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown
}

#[cfg(test)]
mod tests;

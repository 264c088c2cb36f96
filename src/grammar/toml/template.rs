//! Templates: a text with slots, the sentence's own features, and what ties the slots together.

use std::collections::BTreeSet;

use super::constraint::{Constraint, Kind, Operand, Scope, lists, split_equation};
use super::lexicon::Lexicon;
use super::reader::{Bytes, Entry, Table, Text};
use super::slot::{Slot, slot_named};
use super::text::{Part, parse};
use crate::grammar::error::{Mistakes, Result, SourceText, suggest};
use crate::grammar::rules::Value;

/// A template, its names resolved.
#[derive(Debug, Clone)]
pub(super) struct Template {
    /// For messages: its name, or `template 2`.
    pub label: String,
    pub parts: Vec<Part>,
    /// The slots of its text, in the order of the text.
    pub slots: Vec<Slot>,
    pub features: Vec<(String, Value, Bytes)>,
    pub constraints: Vec<Constraint>,
    pub capitalize: bool,
}

/// Reads the templates of a grammar with these lexicons and slots.
pub(super) fn read_all(
    table: &Table<'_>,
    lexicons: &[Lexicon],
    slots: &[Slot],
    mistakes: &mut Mistakes,
) -> Result<Vec<Template>> {
    let capitalize =
        mistakes.keep(table.get("capitalize").map(Entry::flag).transpose())?.flatten().unwrap_or(false);
    let shared = table.get("constraints").map(|entry| entry.table("`constraints`".to_owned())).transpose();
    let shared = mistakes.keep(shared)?.flatten();
    if let Some(shared) = &shared {
        mistakes.keep(shared.only(&["agree", "where", "distinct", "at_most_one"]))?;
    }
    let hint = "write one under [[template]]: text = \"the {subj} {verb}.\"";
    let templates = table.require("template", hint)?;
    let items = templates.items().map_err(|_| {
        templates.error("`template` must be a list", "write [[template]], with two brackets".to_owned())
    })?;
    let mut all = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let number = index + 1;
        let Some(content) = item.get_ref().as_table() else {
            let message = "a template is a table with a `text`";
            mistakes.push(table.source.problem(item.span(), message, hint.to_owned()));
            continue;
        };
        let own = Table::new(table.source, format!("template {number}"), item.span(), content);
        let template = read((lexicons, slots), &own, number, shared.as_ref(), capitalize);
        all.extend(mistakes.keep(template)?);
    }
    if all.is_empty() && mistakes.is_empty() {
        return Err(templates.error("no template", hint.to_owned()));
    }
    if let (Some(shared), true) = (&shared, mistakes.is_empty()) {
        idle(shared, lexicons, &all, mistakes)?;
    }
    Ok(all)
}

/// Refuses features in constraints for all templates that the words of the slot have in none of them: what passes over every template
/// ties nothing.
fn idle(
    shared: &Table<'_>,
    lexicons: &[Lexicon],
    templates: &[Template],
    mistakes: &mut Mistakes,
) -> Result<()> {
    let mut paths: Vec<(&str, Text<'_>)> = Vec::new();
    for entry in &shared.entries {
        if entry.key == "agree" {
            for entry in &entry.table("`agree`".to_owned())?.entries {
                for text in entry.texts()? {
                    if let Some((slot, feature)) = text.text.split_once('.') {
                        let feature = || Text { text: feature.trim(), span: text.span.clone() };
                        paths.extend([(slot.trim(), feature()), (entry.key, feature())]);
                    }
                }
            }
            continue;
        }
        let texts = match entry.key {
            "where" => entry.texts()?,
            _ => lists(entry)?.into_iter().flatten().collect(),
        };
        for text in texts {
            let sides =
                split_equation(text.text).map_or(vec![text.text], |(left, _, right)| vec![left, right]);
            for (slot, feature) in sides.into_iter().filter_map(|side| side.split_once('.')) {
                paths.push((slot.trim(), Text { text: feature.trim(), span: text.span.clone() }));
            }
        }
    }
    for (name, feature) in paths {
        let slots = || templates.iter().filter_map(|template| slot_named(&template.slots, name));
        let check = |slot: &Slot| slot.check_feature(shared.source, lexicons, &feature);
        if slots().all(|slot| check(slot).is_err())
            && let Some(slot) = slots().next()
        {
            mistakes.keep(check(slot))?;
        }
    }
    Ok(())
}

fn read(
    (lexicons, slots): (&[Lexicon], &[Slot]),
    own: &Table<'_>,
    number: usize,
    shared: Option<&Table<'_>>,
    capitalize: bool,
) -> Result<Template> {
    let source = own.source;
    let mut mistakes = Mistakes::default();
    mistakes.keep(own.only(&[
        "name",
        "text",
        "features",
        "slots",
        "agree",
        "where",
        "distinct",
        "at_most_one",
        "capitalize",
    ]))?;
    let mut declared = slots.to_vec();
    if let Some(entry) = own.get("slots") {
        for entry in &entry.table("`slots`".to_owned())?.entries {
            let slot = mistakes.keep(Slot::read(entry, lexicons))?;
            let mut slot = slot.unwrap_or_else(|| Slot::unread(entry, lexicons));
            match declared.iter_mut().find(|other| other.name == slot.name) {
                Some(other) => {
                    slot.features = slot.features.or_else(|| other.features.take());
                    *other = slot;
                }
                None => declared.push(slot),
            }
        }
    }
    let text = own.require("text", "write its text: text = \"the {subj} {verb}.\"")?.text()?;
    let parts = mistakes.keep(parse(source, text.text, &text.span))?;
    // Without its text nothing is known of what ties its slots together.
    let Some(parts) = parts else {
        mistakes.require_none()?;
        return Err(own.source.error(text.span, "no text", None));
    };
    if parts.is_empty() {
        let hint = "write the sentence, its slots in braces".to_owned();
        mistakes.push(source.problem(text.span, "an empty template", hint));
    }
    let mut slots = Vec::new();
    let clean = mistakes.is_empty();
    used(source, &parts, &declared, &mut BTreeSet::new(), (&mut slots, &mut mistakes));
    // Where a slot of the text is mistyped, it may be any that the text seems to lack.
    let complete = clean && mistakes.is_empty();
    let mut constraints = Vec::new();
    for (table, lenient) in shared.map(|table| (table, true)).into_iter().chain([(own, false)]) {
        let lenient = lenient || !complete;
        let scope = Scope { source, lexicons, slots: &slots, elsewhere: &declared, lenient };
        for entry in &table.entries {
            let read = match entry.key {
                "agree" => scope.agree(entry),
                "where" => scope.equations(entry),
                "distinct" => scope.distinct(entry),
                "at_most_one" => scope.at_most_one(entry),
                _ => continue,
            };
            constraints.extend(mistakes.keep(read)?.into_iter().flatten());
        }
    }
    mistakes.keep(acyclic(source, &constraints))?;
    let mut features = Vec::new();
    if let Some(entry) = own.get("features") {
        for entry in &entry.table("`features`".to_owned())?.entries {
            let value = mistakes.keep(entry.value())?;
            features.extend(value.map(|(value, _)| (entry.key.to_owned(), value, entry.key_span.clone())));
        }
    }
    let name = mistakes.keep(own.get("name").map(Entry::text).transpose())?.flatten();
    mistakes.require_none()?;
    Ok(Template {
        label: name.map_or_else(|| format!("template {number}"), |name| name.text.to_owned()),
        parts,
        slots,
        features,
        constraints,
        capitalize: own.get("capitalize").map(Entry::flag).transpose()?.unwrap_or(capitalize),
    })
}

/// Collects the slots of `parts`; a slot may stand in several alternatives, but only once in any one sentence.
fn used(
    source: SourceText<'_>,
    parts: &[Part],
    declared: &[Slot],
    before: &mut BTreeSet<String>,
    (slots, mistakes): (&mut Vec<Slot>, &mut Mistakes),
) {
    for part in parts {
        match part {
            Part::Words { .. } => {}
            Part::Slot { name, span, .. } => {
                let Some(slot) = slot_named(declared, name) else {
                    let known: Vec<&str> = declared.iter().map(|slot| slot.name.as_str()).collect();
                    let hint = suggest(name, known, "the slots are")
                        .unwrap_or_else(|| format!("declare it under [slots]: {name} = \"noun\""));
                    mistakes.push(source.problem(span.clone(), format!("no slot is called `{name}`"), hint));
                    continue;
                };
                if !before.insert(name.clone()) {
                    let hint = "declare a second slot, and tie it to the first under `where`".to_owned();
                    let message = format!("slot `{name}` stands twice in one sentence");
                    mistakes.push(source.problem(span.clone(), message, hint));
                }
                if slot_named(slots, name).is_none() {
                    slots.push(slot.clone());
                }
            }
            Part::Choice(alternatives) => {
                let mut after = before.clone();
                for alternative in alternatives {
                    let mut inside = before.clone();
                    used(source, alternative, declared, &mut inside, (&mut *slots, &mut *mistakes));
                    after.append(&mut inside);
                }
                *before = after;
            }
        }
    }
}

/// Refuses slots that agree with each other in a circle: none of them would have a value of its own to show.
fn acyclic(source: SourceText<'_>, constraints: &[Constraint]) -> Result<()> {
    let mut edges: Vec<(&Operand, &Operand, &Constraint)> = Vec::new();
    for constraint in constraints {
        if let Kind::Agree(pairs) = &constraint.kind {
            edges.extend(pairs.iter().map(|(target, controller)| (target, controller, constraint)));
        }
    }
    for &(start, _, constraint) in &edges {
        let mut reached = vec![start];
        let mut next = 0;
        while let Some(&from) = reached.get(next) {
            next += 1;
            for &(target, controller, _) in &edges {
                if target == from {
                    if controller == start {
                        let Operand::Feature { slot, feature } = start else { continue };
                        let message = format!("`{slot}` agrees in `{feature}` with itself, in a circle");
                        let hint = "let one slot decide: remove one of the agreements".to_owned();
                        return Err(source.error(constraint.span.clone(), message, hint));
                    }
                    if !reached.contains(&controller) {
                        reached.push(controller);
                    }
                }
            }
        }
    }
    Ok(())
}

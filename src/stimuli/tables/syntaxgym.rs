//! `SyntaxGym`'s suites: a row for each condition of each item; the regions are slots with their places in the sentence.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::super::{Result, Span};
use super::raw::{Column, Fault, Faults, Raw, SENTENCE, Said};

#[derive(Deserialize)]
struct Suite {
    #[serde(default)]
    region_meta: BTreeMap<String, Value>,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    item_number: Value,
    conditions: Vec<Condition>,
}

#[derive(Deserialize)]
struct Condition {
    condition_name: String,
    regions: Vec<Region>,
}

#[derive(Deserialize)]
struct Region {
    #[serde(default)]
    region_number: Option<Value>,
    content: String,
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Reads a suite. Regions are joined with blanks, as the suite's own programs do; an empty one is no part of the sentence.
pub(super) fn read(text: &str, path: &Path) -> Result<Raw> {
    let suite: Suite = serde_json::from_str(text).map_err(|error| {
        let hint = "a suite has items, these have conditions, and these regions with their content";
        Fault::new(error.line() as u64, format!("no suite of SyntaxGym ({error})"), hint).of(path)
    })?;
    let mut raw = Raw::new(path);
    let mut faults = Faults::default();
    let [mut sentences, mut items, mut conditions] =
        [SENTENCE, "item", "condition"].map(|name| Column::new(name, Said::Texts));
    let mut line = 0;
    for item in &suite.items {
        let number = plain(&item.item_number);
        for condition in &item.conditions {
            line += 1;
            let mut sentence = String::new();
            let mut spans = vec![None; raw.slots.len()];
            let mut at = 0;
            for (place, region) in condition.regions.iter().enumerate() {
                let content = region.content.trim();
                if content.is_empty() {
                    continue;
                }
                if !sentence.is_empty() {
                    sentence.push(' ');
                    at += 1;
                }
                sentence.push_str(content);
                let span = Span { start: at, end: at + content.chars().count() as u32 };
                at = span.end;
                let key = region.region_number.as_ref().map_or_else(|| (place + 1).to_string(), plain);
                let slot = slot(&mut raw.slots, &suite.region_meta, &key);
                spans.resize(raw.slots.len().max(spans.len()), None);
                spans[slot] = Some(span);
            }
            if sentence.is_empty() {
                let message = format!("condition {} of item {number} has no words", condition.condition_name);
                faults.push(Fault::new(1, message, "give its regions their content"));
                continue;
            }
            raw.lines.push(line);
            raw.spans.push(spans);
            sentences.cells.push(Some(sentence));
            items.cells.push(Some(number.clone()));
            conditions.cells.push(Some(condition.condition_name.clone()));
        }
    }
    faults.require_none(path)?;
    let n_slots = raw.slots.len();
    raw.spans.iter_mut().for_each(|spans| spans.resize(n_slots, None));
    raw.columns = vec![sentences, conditions, items];
    Ok(raw)
}

/// The slot of region `key`: what the suite calls it, with its number where two regions have one name.
fn slot(slots: &mut Vec<String>, names: &BTreeMap<String, Value>, key: &str) -> usize {
    let named = names.get(key).map(plain).filter(|name| !name.trim().is_empty());
    let name = match named {
        Some(name) if names.values().filter(|other| plain(other) == name).count() == 1 => name,
        Some(name) => format!("{name} {key}"),
        None => format!("region {key}"),
    };
    slots.iter().position(|other| *other == name).unwrap_or_else(|| {
        slots.push(name);
        slots.len() - 1
    })
}

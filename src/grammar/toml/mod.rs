//! Template grammars in TOML, for linguists: the front door that `docs/grammar.md` describes.
//!
//! A document is read into lexicons, slots and templates whose every mistake has its place; then [`compile`] turns each
//! template into one rule, in which agreement is a shared variable and distinctness a test.

mod classes;
mod columns;
mod compile;
mod constraint;
mod csv;
mod doubts;
mod lexicon;
mod reader;
mod template;
mod text;
mod words;

use std::path::Path;

use toml::de::DeTable;

pub(super) use compile::{Compiled, compile, killer};
pub(super) use doubts::Gap;

use self::constraint::Operand;
use self::lexicon::{LEMMA, Lexicon};
use self::reader::{Bytes, Entry, Table, Text};
use self::template::Template;
use super::error::{Result, SourceText, suggest};
use super::rules::Value;

/// A template grammar, read and checked.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub name: Option<String>,
    pub summary: Option<String>,
    /// The texts of the lexicon files.
    pub files: Vec<String>,
    lexicons: Vec<Lexicon>,
    /// The slots in the order of their declaration, as the templates see them at first.
    slots: Vec<Slot>,
    templates: Vec<Template>,
    computed: Vec<Computed>,
}

/// A named position, and the words that may stand there.
#[derive(Debug, Clone)]
struct Slot {
    name: String,
    span: Bytes,
    lexicons: Vec<usize>,
    /// The values that a feature is restricted to.
    only: Vec<(String, Vec<Value>)>,
    /// The features that become columns, where the grammar says so.
    features: Option<Vec<String>>,
}

/// A feature of the sentence that is worked out from its slots.
#[derive(Debug, Clone)]
struct Computed {
    name: String,
    span: Bytes,
    rule: Computation,
}

#[derive(Debug, Clone)]
enum Computation {
    /// The value of a slot's feature.
    Value(Operand),
    /// Whether two are the same.
    Compare { a: Operand, b: Operand, same: bool },
    /// How many words the sentence has.
    Words,
}

impl Computation {
    /// The slots that it is worked out from.
    fn slots(&self) -> impl Iterator<Item = &str> {
        let operands = match self {
            Self::Value(operand) => [Some(operand), None],
            Self::Compare { a, b, .. } => [Some(a), Some(b)],
            Self::Words => [None, None],
        };
        operands.into_iter().flatten().filter_map(|operand| match operand {
            Operand::Feature { slot, .. } => Some(slot.as_str()),
            Operand::Constant(_) => None,
        })
    }
}

fn slot_named<'a>(slots: &'a [Slot], name: &str) -> Option<&'a Slot> {
    slots.iter().find(|slot| slot.name == name)
}

impl Slot {
    fn read(entry: &Entry<'_>, lexicons: &[Lexicon]) -> Result<Self> {
        let mut slot = Self {
            name: entry.key.to_owned(),
            span: entry.key_span.clone(),
            lexicons: Vec::new(),
            only: Vec::new(),
            features: None,
        };
        let valid = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        if !entry.key.chars().all(valid) {
            let hint = "use letters, digits and _".to_owned();
            let message = format!("`{}` cannot name a slot", entry.key);
            return Err(entry.source.error(entry.key_span.clone(), message, hint));
        }
        if !entry.value.get_ref().is_table() {
            slot.lexicons = lexicon_names(entry, lexicons)?;
            return Ok(slot);
        }
        let table = entry.table(format!("slot `{}`", entry.key))?;
        table.only(&["lexicon", "only", "features"])?;
        slot.lexicons =
            lexicon_names(table.require("lexicon", "name its lexicon: lexicon = \"noun\"")?, lexicons)?;
        if let Some(only) = table.get("only") {
            for entry in &only.table("`only`".to_owned())?.entries {
                let feature = Text { text: entry.key, span: entry.key_span.clone() };
                slot.check_feature(entry.source, lexicons, &feature)?;
                let known = slot.values(lexicons, entry.key);
                let mut values = Vec::new();
                for (value, _) in entry.values()? {
                    let Some(found) = known.iter().find(|other| other.display() == value.display()) else {
                        let message = format!("no word has a `{}` that is `{}`", entry.key, value.display());
                        let known: Vec<String> = known.iter().map(Value::display).collect();
                        let known = known.iter().map(String::as_str);
                        return Err(entry.error(message, suggest(&value.display(), known, "its values are")));
                    };
                    values.push(found.clone());
                }
                slot.only.push((entry.key.to_owned(), values));
            }
        }
        if let Some(features) = table.get("features") {
            let mut names = Vec::new();
            if !features.value.get_ref().as_array().is_some_and(|list| list.is_empty()) {
                for feature in features.texts()? {
                    slot.check_feature(features.source, lexicons, &feature)?;
                    names.push(feature.text.to_owned());
                }
            }
            slot.features = Some(names);
        }
        Ok(slot)
    }

    fn check_feature(&self, source: SourceText<'_>, lexicons: &[Lexicon], feature: &Text<'_>) -> Result<()> {
        let known = self.all_features(lexicons);
        if feature.text == LEMMA || known.contains(&feature.text) {
            return Ok(());
        }
        let names: Vec<&str> = self.lexicons.iter().map(|&lexicon| lexicons[lexicon].name.as_str()).collect();
        let message =
            format!("the words of `{}` ({}) have no feature `{}`", self.name, names.join(", "), feature.text);
        let known = known.into_iter().chain([LEMMA]);
        let hint = suggest(feature.text, known.collect::<Vec<_>>(), "their features are");
        Err(source.error(feature.span.clone(), message, hint))
    }

    /// The features of its words, in the order of its lexicons.
    fn all_features<'a>(&self, lexicons: &'a [Lexicon]) -> Vec<&'a str> {
        let mut features: Vec<&str> = Vec::new();
        for &lexicon in &self.lexicons {
            for feature in &lexicons[lexicon].features {
                if !features.contains(&feature.as_str()) {
                    features.push(feature);
                }
            }
        }
        features
    }

    /// The values that its words have for `feature`.
    fn values(&self, lexicons: &[Lexicon], feature: &str) -> Vec<Value> {
        let mut values: Vec<Value> = Vec::new();
        let mut push = |value: Value| {
            if !values.contains(&value) {
                values.push(value);
            }
        };
        for &lexicon in &self.lexicons {
            for word in &lexicons[lexicon].words {
                if feature == LEMMA {
                    push(Value::Text(word.lemma.clone()));
                }
                for (name, value) in &word.features {
                    if name == feature {
                        push(value.clone());
                    }
                }
                for (name, value) in word.forms.iter().flat_map(|form| &form.cell) {
                    if name == feature {
                        push(Value::Text(value.clone()));
                    }
                }
            }
        }
        values
    }
}

fn lexicon_names(entry: &Entry<'_>, lexicons: &[Lexicon]) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    for name in entry.texts()? {
        let Some(lexicon) = lexicons.iter().position(|lexicon| lexicon.name == name.text) else {
            let known: Vec<&str> = lexicons.iter().map(|lexicon| lexicon.name.as_str()).collect();
            let message = format!("no lexicon is called `{}`", name.text);
            return Err(entry.source.error(
                name.span,
                message,
                suggest(name.text, known, "the lexicons are"),
            ));
        };
        found.push(lexicon);
    }
    if found.is_empty() {
        return Err(entry.error(format!("`{}` names no lexicon", entry.key), None));
    }
    Ok(found)
}

impl Document {
    /// Reads a template grammar; `folder` is where the files that it names are.
    pub(super) fn parse(source: SourceText<'_>, folder: Option<&Path>) -> Result<Self> {
        let document = DeTable::parse(source.text).map_err(|error| {
            let hint = "see https://toml.io for the notation; texts stand in quotes".to_owned();
            source.error(error.span().unwrap_or(0..0), error.message().trim(), hint)
        })?;
        let table = Table::new(source, "a grammar".to_owned(), 0..0, document.get_ref());
        table.only(&[
            "name",
            "summary",
            "source",
            "capitalize",
            "lexicon",
            "slots",
            "constraints",
            "computed",
            "template",
        ])?;
        let text = |key| -> Result<Option<String>> {
            table.get(key).map(|entry| Ok(entry.text()?.text.to_owned())).transpose()
        };
        let (name, summary) = (text("name")?, text("summary")?);
        text("source")?;
        let (mut lexicons, mut files) = (Vec::new(), Vec::new());
        let lexicon =
            table.require("lexicon", "list words under [lexicon.noun]: words = [\"dog\", \"cat\"]")?;
        for entry in &lexicon.table("`lexicon`".to_owned())?.entries {
            lexicons.push(Lexicon::read(entry, folder, &mut files)?);
        }
        let mut slots = Vec::new();
        if let Some(entry) = table.get("slots") {
            for entry in &entry.table("`slots`".to_owned())?.entries {
                slots.push(Slot::read(entry, &lexicons)?);
            }
        }
        let mut document =
            Self { name, summary, files, lexicons, slots, templates: Vec::new(), computed: Vec::new() };
        document.read_templates(&table)?;
        document.read_computed(&table)?;
        Ok(document)
    }

    /// Whether a template's text has the slot called `name`.
    fn has_slot(&self, name: &str) -> bool {
        self.templates.iter().any(|template| slot_named(&template.slots, name).is_some())
    }

    fn read_computed(&mut self, table: &Table<'_>) -> Result<()> {
        let Some(entry) = table.get("computed") else { return Ok(()) };
        // Slots of all templates, as any of them sees a slot.
        let mut slots: Vec<Slot> = self.slots.clone();
        for slot in self.templates.iter().flat_map(|template| &template.slots) {
            if slot_named(&slots, &slot.name).is_none() {
                slots.push(slot.clone());
            }
        }
        let scope = constraint::Scope {
            source: table.source,
            lexicons: &self.lexicons,
            slots: &slots,
            elsewhere: &[],
            lenient: false,
        };
        let mut computed = Vec::new();
        for entry in &entry.table("`computed`".to_owned())?.entries {
            let text = entry.text()?;
            let rule = if text.text.trim() == "length" {
                Computation::Words
            } else if constraint::split_equation(text.text).is_some() {
                match scope.equation(&text)? {
                    Some((a, same, b)) => Computation::Compare { a, b, same },
                    None => continue,
                }
            } else {
                match scope.path(&text)? {
                    Some(operand) => Computation::Value(operand),
                    None => continue,
                }
            };
            if let Some(slot) = rule.slots().find(|name| !self.has_slot(name)) {
                let message = format!("no template has the slot `{slot}`, so that `{}` has no value", entry.key);
                let hint = format!("write {{{slot}}} in the text of a template, or remove `{}`", entry.key);
                return Err(table.source.error(text.span, message, hint));
            }
            computed.push(Computed { name: entry.key.to_owned(), span: entry.key_span.clone(), rule });
        }
        self.computed = computed;
        Ok(())
    }
}

//! A template grammar as it was read, every name in it resolved.

use std::path::Path;

use toml::de::DeTable;

use super::constraint::{Operand, Scope, split_equation};
use super::frequencies;
use super::lexicon::Lexicon;
use super::reader::{Bytes, Table};
use super::slot::{Slot, slot_named};
use super::template::{Template, read_all};
use crate::grammar::error::{Problem, Result, SourceText};

/// A template grammar, read and checked.
#[derive(Debug, Clone)]
pub(in crate::grammar) struct Document {
    pub name: Option<String>,
    pub summary: Option<String>,
    /// The texts of the lexicon files.
    pub files: Vec<String>,
    /// Words that a list of frequencies lacks.
    pub warnings: Vec<Problem>,
    pub(super) lexicons: Vec<Lexicon>,
    /// The slots in the order of their declaration, as the templates see them at first.
    pub(super) slots: Vec<Slot>,
    pub(super) templates: Vec<Template>,
    pub(super) computed: Vec<Computed>,
}

/// A feature of the sentence that is worked out from its slots.
#[derive(Debug, Clone)]
pub(super) struct Computed {
    pub(super) name: String,
    pub(super) span: Bytes,
    pub(super) rule: Computation,
}

#[derive(Debug, Clone)]
pub(super) enum Computation {
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

impl Document {
    /// Reads a template grammar; `folder` is where the files that it names are.
    pub(in crate::grammar) fn parse(source: SourceText<'_>, folder: Option<&Path>) -> Result<Self> {
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
            "frequencies",
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
        let mut warnings = Vec::new();
        if let Some(entry) = table.get("frequencies") {
            warnings = frequencies::fill(entry, folder, &mut lexicons, &mut files)?;
        }
        let mut slots = Vec::new();
        if let Some(entry) = table.get("slots") {
            for entry in &entry.table("`slots`".to_owned())?.entries {
                slots.push(Slot::read(entry, &lexicons)?);
            }
        }
        let templates = read_all(&table, &lexicons, &slots)?;
        let computed = Vec::new();
        let mut document = Self { name, summary, files, warnings, lexicons, slots, templates, computed };
        document.read_computed(&table)?;
        Ok(document)
    }

    /// Whether a template's text has the slot called `name`.
    pub(super) fn has_slot(&self, name: &str) -> bool {
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
        let scope = Scope {
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
            } else if split_equation(text.text).is_some() {
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
                let message =
                    format!("no template has the slot `{slot}`, so that `{}` has no value", entry.key);
                let hint = format!("write {{{slot}}} in the text of a template, or remove `{}`", entry.key);
                return Err(table.source.error(text.span, message, hint));
            }
            computed.push(Computed { name: entry.key.to_owned(), span: entry.key_span.clone(), rule });
        }
        self.computed = computed;
        Ok(())
    }
}

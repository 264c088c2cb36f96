//! A template grammar as it was read, every name in it resolved.

use std::path::Path;

use toml::de::DeTable;

use super::condition;
use super::constraint::{Operand, Scope};
use super::frequencies;
use super::lexicon::Lexicon;
use super::reader::{Bytes, Table};
use super::rewrite;
use super::slot::{Slot, slot_named};
use super::template::{Template, read_all};
use crate::grammar::error::{Mistakes, Problem, Result, SourceText};
use crate::grammar::rewrite::Rewrite;

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
    pub(super) rewrites: Vec<Rewrite>,
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
    /// Whether it holds.
    Holds(condition::Read),
    /// How many words the sentence has.
    Words,
}

impl Computation {
    /// The slots that it is worked out from.
    fn slots(&self) -> Vec<&str> {
        let mut slots = Vec::new();
        match self {
            Self::Value(Operand::Feature { slot, .. }) => slots.push(slot.as_str()),
            Self::Holds(condition) => {
                condition.sides(&mut |side| {
                    if let Operand::Feature { slot, .. } = side {
                        slots.push(slot.as_str());
                    }
                });
                condition.slots(&mut |slot| slots.push(slot.as_str()));
            }
            Self::Value(Operand::Constant(_)) | Self::Words => {}
        }
        slots
    }
}

impl Document {
    /// Leaves the templates called `without` out.
    pub(in crate::grammar) fn leave_out(&mut self, without: &[String]) {
        self.templates.retain(|template| !without.contains(&template.label));
    }

    /// Reads a template grammar; `folder` is where the files that it names are.
    pub(in crate::grammar) fn parse(source: SourceText<'_>, folder: Option<&Path>) -> Result<Self> {
        let (document, errors) = DeTable::parse_recoverable(source.text);
        let mut mistakes = Mistakes::default();
        let mut last = 0;
        for error in errors {
            let hint = "see https://toml.io for the notation; texts stand in quotes".to_owned();
            let problem = source.problem(error.span().unwrap_or(0..0), error.message().trim(), hint);
            // What follows on the same line may follow from it.
            if problem.line != last {
                last = problem.line;
                mistakes.push(problem);
            }
        }
        mistakes.require_none()?;
        let table = Table::new(source, "a grammar".to_owned(), 0..0, document.get_ref());
        let mut mistakes = Mistakes::default();
        let known = mistakes
            .keep(table.only(&[
                "name",
                "summary",
                "source",
                "capitalize",
                "lexicon",
                "frequencies",
                "slots",
                "constraints",
                "computed",
                "rewrite",
                "template",
            ]))?
            .is_some();
        let text = |key| -> Result<Option<String>> {
            table.get(key).map(|entry| Ok(entry.text()?.text.to_owned())).transpose()
        };
        let [name, summary, _] =
            ["name", "summary", "source"].map(text).map(|read| mistakes.keep(read).map(Option::flatten));
        let (mut lexicons, mut files) = (Vec::new(), Vec::new());
        let lexicon =
            table.require("lexicon", "list words under [lexicon.noun]: words = [\"dog\", \"cat\"]")?;
        for entry in &lexicon.table("`lexicon`".to_owned())?.entries {
            lexicons.push(Lexicon::read(entry, folder, &mut files, &mut mistakes)?);
        }
        let mut warnings = Vec::new();
        if let Some(entry) = table.get("frequencies") {
            match mistakes.keep(frequencies::fill(entry, folder, &mut lexicons, &mut files))? {
                Some(unknown) => warnings = unknown,
                None => lexicons.iter_mut().for_each(|lexicon| lexicon.partial = true),
            }
        }
        if table.get("slots").is_none() && !known {
            // One of the keys may be meant: without slots, everything in the templates would be a mistake.
            mistakes.require_none()?;
            mistakes = Mistakes::default();
        }
        let mut slots = Vec::new();
        if let Some(entry) = table.get("slots") {
            for entry in &entry.table("`slots`".to_owned())?.entries {
                let slot = mistakes.keep(Slot::read(entry, &lexicons))?;
                slots.push(slot.unwrap_or_else(|| Slot::unread(entry, &lexicons)));
            }
        }
        let templates = read_all(&table, &lexicons, &slots, &mut mistakes)?;
        let (name, summary) = (name?, summary?);
        let computed = Vec::new();
        let rewrites = match table.get("rewrite") {
            Some(entry) => {
                let read = rewrite::read(entry, &mut mistakes);
                mistakes.keep(read)?.unwrap_or_default()
            }
            None => Vec::new(),
        };
        let mut document =
            Self { name, summary, files, warnings, lexicons, slots, templates, computed, rewrites };
        document.read_computed(&table, &mut mistakes)?;
        mistakes.require_none()?;
        Ok(document)
    }

    /// Whether a template's text has the slot called `name`.
    pub(super) fn has_slot(&self, name: &str) -> bool {
        self.templates.iter().any(|template| slot_named(&template.slots, name).is_some())
    }

    fn read_computed(&mut self, table: &Table<'_>, mistakes: &mut Mistakes) -> Result<()> {
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
            let read = entry.text().and_then(|text| {
                let rule = if text.text.trim() == "length" {
                    Some(Computation::Words)
                } else if condition::is_condition(&scope, text.text) {
                    condition::read(&scope, &text)?.map(Computation::Holds)
                } else {
                    scope.path(&text)?.map(Computation::Value)
                };
                let lacking =
                    rule.as_ref().and_then(|rule| rule.slots().into_iter().find(|name| !self.has_slot(name)));
                // Where a template could not be read, it may have the slot.
                if let (Some(slot), true) = (lacking, mistakes.is_empty()) {
                    let message =
                        format!("no template has the slot `{slot}`, so that `{}` has no value", entry.key);
                    let hint =
                        format!("write {{{slot}}} in the text of a template, or remove `{}`", entry.key);
                    return Err(table.source.error(text.span, message, hint));
                }
                Ok(rule)
            });
            let Some(rule) = mistakes.keep(read)?.flatten() else { continue };
            computed.push(Computed { name: entry.key.to_owned(), span: entry.key_span.clone(), rule });
        }
        self.computed = computed;
        Ok(())
    }
}

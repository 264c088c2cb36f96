//! A grammar, read from its text and packed, ready to generate.

use std::path::Path;

use super::bundled::bundled;
use super::columns::Column;
use super::count::{Count, TemplateCount};
use super::draw::IndexSample;
use super::error::{Error, Problem, Result, SourceText};
use super::generate::{Generator, Labelled};
use super::lattice::{BUDGET, DEEPEST, DEPTH, Lattice, Refused};
use super::rules::Rules;
use super::sieve::Sieve;
use super::{distinct, fcfg, toml};
use crate::files;
use crate::numeric::rng::Stream;
use crate::stimuli::{self, Source, Stimuli};

/// What a lattice may cost whose rules could do with fewer tests; a fraction of a second's work.
const CHEAP: usize = BUDGET >> 3;

/// So many derivations are tried to learn how many pass the tests that the lattice leaves out.
const TRIED: usize = 4096;

/// A grammar, ready to generate.
#[derive(Debug)]
pub struct Grammar {
    pub(super) name: String,
    pub(super) summary: Option<String>,
    pub(super) origin: String,
    pub(super) text: String,
    /// The template grammar as it was read; none for a feature grammar.
    pub(super) document: Option<toml::Document>,
    pub(super) rules: Rules,
    /// The tests that the lattice leaves out.
    pub(super) sieve: Sieve,
    pub(super) columns: Vec<Column>,
    /// The label and the rule of each template.
    pub(super) templates: Vec<(String, usize)>,
    /// The words of all lexicons, for what is never used.
    pub(super) words: Vec<String>,
    pub(super) warnings: Vec<Problem>,
    /// The features whose values are to be read as numbers.
    pub(super) numeric: Vec<String>,
    /// The templates that were left out.
    pub(super) without: Vec<String>,
    pub(super) lattice: Lattice,
}

impl Grammar {
    /// The bundled grammar called `name`.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`], whose hint has near matches.
    pub fn bundled(name: &str) -> Result<Self> {
        Self::bundled_to_depth(name, DEPTH)
    }

    /// [`Grammar::bundled`], with trees at most `depth` deep (words included) where the grammar is recursive.
    ///
    /// # Errors
    ///
    /// As [`Grammar::bundled`].
    pub fn bundled_to_depth(name: &str, depth: usize) -> Result<Self> {
        let Some(found) = bundled().iter().find(|bundled| bundled.name == name) else {
            let known = bundled().iter().map(|bundled| bundled.name).collect();
            return Err(Error::Unknown { name: name.to_owned(), known });
        };
        Self::parse_to_depth(found.text, found.file, depth)
    }

    /// The grammar in the file called `name`, or the bundled one: a name without an ending or a folder is a bundled grammar's,
    /// unless there is such a file. Trees may be `depth` deep.
    ///
    /// # Errors
    ///
    /// As [`Grammar::load`] and [`Grammar::bundled`].
    pub fn named(name: &str, depth: usize) -> Result<Self> {
        let path = Path::new(name);
        if path.extension().is_some() || path.components().count() > 1 || path.is_file() {
            Self::load_to_depth(path, depth)
        } else {
            Self::bundled_to_depth(name, depth)
        }
    }

    /// Reads a grammar file: `.fcfg` is a feature grammar in NLTK's notation, everything else a template grammar in TOML.
    ///
    /// # Errors
    ///
    /// [`Error::Files`] when it cannot be read, else as [`Grammar::parse`].
    pub fn load(path: &Path) -> Result<Self> {
        Self::load_to_depth(path, DEPTH)
    }

    /// [`Grammar::load`], with trees at most `depth` deep (words included) where the grammar is recursive.
    ///
    /// # Errors
    ///
    /// As [`Grammar::load`].
    pub fn load_to_depth(path: &Path, depth: usize) -> Result<Self> {
        let bytes = files::read(path)?;
        let origin = path.display().to_string();
        match String::from_utf8(bytes) {
            Ok(text) => Self::read(&text, &origin, path.parent(), depth),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let source = SourceText { origin: &origin, text: &text };
                let hint = "save the file as UTF-8".to_owned();
                Err(source.error(valid..valid + 1, "this is not UTF-8", hint))
            }
        }
    }

    /// Reads the text of a grammar; `origin` is its file or name for messages, and its ending says which kind it is.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with the place of the first mistake; [`Error::Entangled`] when its choices cannot be counted;
    /// [`Error::TooDeep`] when its recursion goes further than can be counted.
    pub fn parse(text: &str, origin: &str) -> Result<Self> {
        Self::parse_to_depth(text, origin, DEPTH)
    }

    /// [`Grammar::parse`], with trees at most `depth` deep (words included) where the grammar is recursive.
    ///
    /// # Errors
    ///
    /// As [`Grammar::parse`].
    pub fn parse_to_depth(text: &str, origin: &str, depth: usize) -> Result<Self> {
        Self::read(text, origin, None, depth)
    }

    fn read(text: &str, origin: &str, folder: Option<&Path>, depth: usize) -> Result<Self> {
        Self::read_without(text, origin, folder, depth, &[])
    }

    /// Reads a grammar, and leaves out the templates called `without`.
    pub(super) fn read_without(
        text: &str,
        origin: &str,
        folder: Option<&Path>,
        depth: usize,
        without: &[String],
    ) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = SourceText { origin, text };
        let stem = Path::new(origin).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let mut name = stem.unwrap_or_else(|| origin.to_owned());
        let mut summary = None;
        let mut warnings = Vec::new();
        let (mut rules, templates, words, columns, document) = if is_fcfg(origin) {
            let compiled = fcfg::compile(source)?;
            warnings = compiled.warnings;
            (compiled.rules, compiled.templates, compiled.words, None, None)
        } else {
            let mut document = toml::Document::parse(source, folder)?;
            document.leave_out(without);
            let toml::Compiled { rules, templates, words, columns } = toml::compile(&document, source)?;
            name = document.name.take().unwrap_or(name);
            summary = document.summary.take();
            warnings.append(&mut document.warnings);
            (rules, templates, words, Some(columns), Some(document))
        };
        let lattice = packed(&mut rules, depth).map_err(|refused| {
            let grammar = name.clone();
            let label = |rule: usize| rules.all[rule].label.clone();
            match refused {
                Refused::Entangled { rule } => Error::Entangled { grammar, rule: label(rule) },
                Refused::Nested { rule } => Error::Nested { grammar, rule: label(rule) },
                Refused::Overflow if document.is_some() => Error::Uncountable { grammar },
                Refused::Overflow => Error::TooDeep { grammar, depth: depth.min(DEEPEST) },
                Refused::Tall { height } => Error::Tall { grammar, height, most: DEEPEST },
                Refused::Large { size } => Error::TooLong { grammar, size },
            }
        })?;
        let columns = columns.unwrap_or_else(|| fcfg::columns(&rules, &lattice));
        Ok(Self {
            name,
            summary,
            origin: origin.to_owned(),
            text: text.to_owned(),
            document,
            sieve: Sieve::of(&rules),
            rules,
            columns,
            templates,
            words,
            warnings,
            numeric: Vec::new(),
            without: Vec::new(),
            lattice,
        })
    }

    /// Its name: what the file says, else the file's own name without its ending.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it contrasts, in one line, if the file says so.
    #[must_use]
    pub fn summary(&self) -> Option<&str> {
        self.summary.as_deref()
    }

    /// What is odd about it without being wrong: a category that stands in productions and that none makes.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// The names of the features that its stimuli have, in the order of the columns.
    #[must_use]
    pub fn features(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// Declares the features called `names` numeric: a feature grammar's integers are names unless someone says so.
    ///
    /// # Errors
    ///
    /// [`stimuli::Error::UnknownFeature`]. That a value is no number is an error of whatever generates it.
    pub fn declare_numeric(&mut self, names: &[String]) -> Result<()> {
        for name in names {
            if !self.columns.iter().any(|column| column.name == *name) {
                let known = self.columns.iter().map(|column| column.name.clone()).collect();
                return Err(stimuli::Error::UnknownFeature { name: name.clone(), known }.into());
            }
        }
        self.numeric.extend_from_slice(names);
        Ok(())
    }

    /// The hash of its text and of the lexicon files that it names (BLAKE3, hex).
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.text.as_bytes());
        for file in self.document.iter().flat_map(|document| &document.files) {
            hasher.update(file.as_bytes());
        }
        for template in &self.without {
            hasher.update(b"without ");
            hasher.update(template.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// How much it generates: derivations without making them; sentences exactly where the structure tells that no two
    /// derivations make the same one, or where they are few enough to be written out.
    #[must_use]
    pub fn count(&self) -> Count {
        let counted = self.count_templates();
        let count = Count {
            derivations: counted.iter().map(|template| template.derivations).sum(),
            at_most: counted.iter().any(|template| template.at_most),
            sentences: None,
            enumerated: false,
        };
        if !count.at_most && distinct::is_unambiguous(&self.rules) {
            return Count { sentences: Some(count.derivations), ..count };
        }
        if self.lattice.count == 0 {
            return Count { sentences: Some(0), ..count };
        }
        if !self.can_be_written_out() {
            return count;
        }
        let all = self.generator().all();
        let sentences = all.sentences.len() as u128;
        let derivations = sentences + all.duplicates.len() as u128;
        Count { derivations, at_most: false, sentences: Some(sentences), enumerated: true }
    }

    /// How many derivations each template has.
    pub(super) fn count_templates(&self) -> Vec<TemplateCount> {
        counts(&self.rules, &self.sieve, &self.lattice, &self.templates)
    }

    pub(super) fn stimuli(&self, labelled: Labelled, drawn: String) -> Result<Stimuli> {
        let drawn = if self.without.is_empty() {
            drawn
        } else {
            format!("{drawn}; without {}", crate::text::join_and(&self.without))
        };
        let source =
            Source { grammar: Some(self.name.clone()), grammar_hash: Some(self.hash()), drawn: Some(drawn) };
        let mut stimuli = self.generator().stimuli(labelled)?;
        for name in &self.numeric {
            stimuli.features_mut().declare_numeric(name)?;
        }
        Ok(stimuli.with_source(source))
    }

    pub(super) fn generator(&self) -> Generator<'_> {
        Generator { rules: &self.rules, lattice: &self.lattice, columns: &self.columns, sieve: &self.sieve }
    }

    /// For each template that generates nothing, what removed its last candidate. A production of a feature grammar that is no start
    /// and stands inside others does its part.
    pub(super) fn reasons(&self) -> Result<Vec<String>> {
        let source = SourceText { origin: &self.origin, text: &self.text };
        let counted = self.count_templates();
        let empty =
            self.templates.iter().enumerate().zip(counted).filter(|(_, count)| count.derivations == 0);
        let empty: Vec<(usize, usize)> = empty.map(|((index, (_, rule)), _)| (index, *rule)).collect();
        if empty.is_empty() {
            return Ok(Vec::new());
        }
        let Some(document) = &self.document else {
            let compiled = fcfg::compile(source)?;
            let rules: Vec<usize> = empty.into_iter().map(|(_, rule)| rule).collect();
            return Ok(fcfg::killers(&compiled, &rules, self.lattice.depth));
        };
        empty.into_iter().map(|(index, _)| toml::killer(document, source, index)).collect()
    }
}

/// How many derivations each of `templates` has.
pub(super) fn counts(
    rules: &Rules,
    sieve: &Sieve,
    lattice: &Lattice,
    templates: &[(String, usize)],
) -> Vec<TemplateCount> {
    let candidates = lattice.counts_of_rules();
    let count = |(label, rule): &(String, usize)| {
        let candidates = candidates.get(rule).copied().unwrap_or(0);
        let sieved = candidates > 0 && !rules.all[*rule].sieved.is_empty();
        let passed = if sieved { sieve.count(rules, *rule, lattice.depth) } else { None };
        TemplateCount {
            template: label.clone(),
            derivations: passed.unwrap_or(candidates),
            at_most: sieved && passed.is_none(),
            killer: None,
        }
    };
    templates.iter().map(count).collect()
}

/// The lattice of `rules`. Where their tests tie too many choices together, they are left to a sieve, as long as it lets a
/// fair part pass.
pub(super) fn packed(rules: &mut Rules, depth: usize) -> Result<Lattice, Refused> {
    let first = Lattice::build(rules, depth, if rules.has_tests() { CHEAP } else { BUDGET });
    let Err(Refused::Entangled { mut rule }) = first else { return first };
    let strict = rules.clone();
    while !rules.all[rule].tests.is_empty() {
        let rest = &mut rules.all[rule];
        rest.sieved.append(&mut rest.tests);
        match Lattice::build(rules, depth, if rules.has_tests() { CHEAP } else { BUDGET }) {
            Err(Refused::Entangled { rule: next }) => rule = next,
            Ok(lattice) if !lets_pass(rules, &lattice) => break,
            other => return other,
        }
    }
    *rules = strict;
    Lattice::build(rules, depth, BUDGET)
}

/// Whether at least one in a hundred derivations passes the tests that `lattice` leaves out.
fn lets_pass(rules: &Rules, lattice: &Lattice) -> bool {
    let sieve = Sieve::of(rules);
    let generator = Generator { rules, lattice, columns: &[], sieve: &sieve };
    let mut indices = IndexSample::new(lattice.count, TRIED);
    let drawn = indices.take(TRIED, &mut Stream::new(0, "sieve"));
    generator.passing(&drawn) * 100 >= drawn.len()
}

/// Whether a file of this name is a feature grammar.
fn is_fcfg(origin: &str) -> bool {
    Path::new(origin).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("fcfg"))
}

//! Grammars: a controlled set of sentences with labelled features, from a file that a linguist can write.
//!
//! Text becomes rules ([`toml`](self) templates), rules become a packed lattice of derivations by unification,
//! and the lattice is counted, sampled or enumerated into [`Stimuli`]. Not here: reading stimuli that others made
//! ([`crate::stimuli`]), and anything about models.
//!
//! ```
//! use mlem_probe::grammar::{Draw, Grammar};
//!
//! # fn main() -> Result<(), mlem_probe::grammar::Error> {
//! let grammar = Grammar::bundled("relative_clause")?;
//! assert_eq!(grammar.count().sentences, Some(26_880));
//! let drawn = grammar.generate(&Draw::Balanced { n: 64, seed: 0 })?;
//! assert_eq!(drawn.stimuli.len(), 64);
//! # Ok(())
//! # }
//! ```

mod balance;
mod bundled;
mod check;
mod columns;
mod distinct;
mod draw;
mod error;
mod fcfg;
mod generate;
mod lattice;
mod pairs;
mod rules;
mod toml;
mod unify;

use std::path::Path;

pub use bundled::{Bundled, bundled};
pub use check::{Check, FeatureLevels, TemplateCount};
pub use draw::{Balance, Count, Draw, Drawn};
pub use error::{Error, Problem, Result};
pub use pairs::{GRAMMATICAL, Pairs};

use self::columns::Column;
use self::draw::IndexSample;
use self::error::SourceText;
use self::generate::{Generator, Labelled};
use self::lattice::{Lattice, Refused};
use self::rules::Rules;
use crate::numeric::rng::Stream;
use crate::stimuli::confounds::Confounds;
use crate::stimuli::{Source, Stimuli};
use crate::{files, text};

/// Up to so many derivations are written out to count the sentences among them.
const COUNTED: u128 = 1 << 18;

/// More sentences than this are not held in memory at once.
const HELD: u128 = 1 << 25;

/// How many sentences a balanced sample is chosen from, where the grammar has more.
const POOL: usize = 1 << 16;

/// How deep trees of a recursive grammar are, words included, where nothing else is said.
pub const DEPTH: usize = 8;

/// Deeper trees are not made, whatever is asked.
const DEEPEST: usize = 256;

/// A grammar, ready to generate.
#[derive(Debug)]
pub struct Grammar {
    name: String,
    summary: Option<String>,
    origin: String,
    text: String,
    /// The template grammar as it was read; none for a feature grammar.
    document: Option<toml::Document>,
    depth: usize,
    rules: Rules,
    columns: Vec<Column>,
    /// The label and the rule of each template.
    templates: Vec<(String, usize)>,
    /// The words of all lexicons, for what is never used.
    words: Vec<String>,
    lattice: Lattice,
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
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = SourceText { origin, text };
        let stem = Path::new(origin).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let mut name = stem.unwrap_or_else(|| origin.to_owned());
        let mut summary = None;
        let (rules, templates, words, columns, document) = if is_fcfg(origin) {
            let fcfg::Compiled { rules, templates, words, .. } = fcfg::compile(source)?;
            (rules, templates, words, None, None)
        } else {
            let mut document = toml::Document::parse(source, folder)?;
            let toml::Compiled { rules, templates, words, columns } = toml::compile(&document, source)?;
            name = document.name.take().unwrap_or(name);
            summary = document.summary.take();
            (rules, templates, words, Some(columns), Some(document))
        };
        let depth = depth.min(DEEPEST);
        let lattice = Lattice::build(&rules, depth).map_err(|refused| match refused {
            Refused::Entangled { rule } => {
                Error::Entangled { grammar: name.clone(), rule: rules.all[rule].label.clone() }
            }
            Refused::Overflow => Error::TooDeep { grammar: name.clone(), depth },
        })?;
        let columns = columns.unwrap_or_else(|| fcfg::columns(&rules, &lattice));
        Ok(Self {
            name,
            summary,
            origin: origin.to_owned(),
            text: text.to_owned(),
            document,
            depth,
            rules,
            columns,
            templates,
            words,
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

    /// The names of the features that its stimuli have, in the order of the columns.
    #[must_use]
    pub fn features(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// The hash of its text and of the lexicon files that it names (BLAKE3, hex).
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.text.as_bytes());
        for file in self.document.iter().flat_map(|document| &document.files) {
            hasher.update(file.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// How much it generates: derivations exactly without making them; sentences exactly where the structure tells that no two
    /// derivations make the same one, or where they are few enough to be written out.
    #[must_use]
    pub fn count(&self) -> Count {
        let derivations = self.lattice.count;
        if distinct::is_unambiguous(&self.rules) {
            return Count { derivations, sentences: Some(derivations), enumerated: false };
        }
        let enumerated = derivations <= COUNTED;
        let sentences = enumerated.then(|| self.generator().all().sentences.len() as u128);
        Count { derivations, sentences, enumerated }
    }

    /// Draws stimuli. When at least as many are asked for as there are, all are drawn.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] when the grammar generates nothing, with what removed the last candidate of each template;
    /// [`Error::TooMany`] when all were asked for and they do not fit in memory.
    pub fn generate(&self, draw: &Draw) -> Result<Drawn> {
        if self.lattice.count == 0 {
            return Err(Error::Empty { grammar: self.name.clone(), reasons: self.reasons()? });
        }
        let count = self.lattice.count;
        let (n, seed) = match *draw {
            Draw::All => (usize::MAX, 0),
            Draw::Sample { n, seed } | Draw::Balanced { n, seed } => (n, seed),
        };
        if n as u128 >= count {
            if count > HELD {
                return Err(Error::TooMany { grammar: self.name.clone(), count });
            }
            let all = self.generator().all();
            let drawn = format!("all {} sentences", text::count(all.sentences.len() as u128));
            return Ok(Drawn { stimuli: self.stimuli(all, drawn)?, complete: true, balance: None });
        }
        if let Draw::Balanced { .. } = draw {
            return self.balanced(n, seed);
        }
        let (sample, complete) = self.sample(n, seed);
        let drawn = format!(
            "a sample of {} from {} derivations, seed {seed}",
            text::count(sample.sentences.len() as u128),
            text::count(count)
        );
        Ok(Drawn { stimuli: self.stimuli(sample, drawn)?, complete, balance: None })
    }

    fn balanced(&self, n: usize, seed: u64) -> Result<Drawn> {
        let (pool, complete) = self.sample(POOL.max(n.saturating_mul(2)), seed);
        let candidates = pool.sentences.len();
        let lemma = self.rules.names.get("lemma");
        let words = self.generator().words(&pool, lemma);
        let of = if complete { text::count(candidates as u128) } else { text::count(self.lattice.count) };
        let drawn = format!("a balanced sample of {} from {of}, seed {seed}", text::count(n as u128));
        let pool = self.stimuli(pool, drawn)?;
        if candidates <= n {
            return Ok(Drawn { stimuli: pool, complete, balance: None });
        }
        let rows = balance::choose(pool.features(), &words, n, seed);
        let stimuli = pool.select(&rows);
        let confounds = Confounds::of(stimuli.features());
        let before = Confounds::of(pool.features()).largest();
        let balance = Balance { candidates, before, after: confounds.largest(), confounds };
        Ok(Drawn { stimuli, complete: false, balance: Some(balance) })
    }

    /// `n` different sentences in the grammar's order (fewer where there are no more), and whether these are all.
    fn sample(&self, n: usize, seed: u64) -> (Labelled, bool) {
        let generator = self.generator();
        let count = self.lattice.count;
        if count <= n as u128 {
            return (generator.all(), true);
        }
        let mut stream = Stream::new(seed, "sample");
        let mut indices = IndexSample::new(count, n);
        let mut taken = indices.take(n, &mut stream);
        loop {
            taken.sort_unstable();
            let sample = generator.labelled(&taken);
            let lacking = n - sample.sentences.len();
            if lacking == 0 || indices.exhausted() {
                return (sample, indices.exhausted());
            }
            // Some derivations made the same sentence: draw more in their place.
            taken.extend(indices.take(lacking, &mut stream));
        }
    }

    fn stimuli(&self, labelled: Labelled, drawn: String) -> Result<Stimuli> {
        let source =
            Source { grammar: Some(self.name.clone()), grammar_hash: Some(self.hash()), drawn: Some(drawn) };
        Ok(self.generator().stimuli(labelled)?.with_source(source))
    }

    fn generator(&self) -> Generator<'_> {
        Generator { rules: &self.rules, lattice: &self.lattice, columns: &self.columns }
    }

    /// For each template that generates nothing, what removed its last candidate.
    fn reasons(&self) -> Result<Vec<String>> {
        let source = SourceText { origin: &self.origin, text: &self.text };
        let counts = self.lattice.counts_of_rules();
        let empty = self
            .templates
            .iter()
            .enumerate()
            .filter(|(_, (_, rule))| counts.iter().all(|(other, _)| other != rule));
        let empty: Vec<(usize, usize)> = empty.map(|(index, (_, rule))| (index, *rule)).collect();
        if empty.is_empty() {
            return Ok(Vec::new());
        }
        let Some(document) = &self.document else {
            let compiled = fcfg::compile(source)?;
            return Ok(empty
                .into_iter()
                .map(|(_, rule)| fcfg::killer(&compiled, rule, self.depth))
                .collect());
        };
        empty.into_iter().map(|(index, _)| toml::killer(document, source, index)).collect()
    }
}

/// Whether a file of this name is a feature grammar.
fn is_fcfg(origin: &str) -> bool {
    Path::new(origin).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("fcfg"))
}

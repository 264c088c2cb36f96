//! A plan: a TOML file that says which runs to make.
//!
//! It is read key by key and not through a derived reader, so that every mistake has its place and near names, and so that the
//! options keep the order of the file: it is the order of the columns.

mod exclude;
mod options;
mod reader;
mod resources;

use std::path::{Path, PathBuf};

use toml::de::DeTable;

pub(super) use exclude::Exclude;
pub use options::{OptionValues, Value};
pub use resources::Resources;

use self::reader::{Entry, Kind, Source, Table};
use super::error::{Error, Result};
use super::program::Program;
use crate::activations::Pooling;
use crate::text::suggest;
use crate::{files, hub};

/// The keys of a plan.
const KEYS: [&str; 10] =
    ["name", "out", "engine", "grammars", "models", "revisions", "poolings", "options", "exclude", "slurm"];

/// How the cells of a sweep are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// In this process, one after the other.
    #[default]
    Local,
    /// As an array of jobs of Slurm.
    Slurm,
}

impl Engine {
    /// The engines by their names in a plan.
    pub const ALL: [(&'static str, Self); 2] = [("local", Self::Local), ("slurm", Self::Slurm)];
}

/// A model of a plan, and the revisions at which it is run.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedModel {
    /// What the plan calls it.
    pub name: Value,
    /// Its revisions; none for the one that is meant when none is named.
    pub revisions: Vec<Value>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What the sweep is called: what the plan says, else the file's name without its ending.
    pub name: String,
    /// The file, for messages.
    pub origin: String,
    /// Its text.
    pub(super) text: String,
    /// Where its results go, if it says so: read from the folder of the plan.
    pub out: Option<PathBuf>,
    /// How its cells are run unless the command line says otherwise.
    pub engine: Engine,
    /// The sources of stimuli: bundled grammars, grammar files, CSV files.
    pub grammars: Vec<Value>,
    /// The models.
    pub models: Vec<PlannedModel>,
    /// How token vectors become one.
    pub poolings: Vec<Value>,
    /// The options of its runs, in the order of the file.
    pub options: Vec<OptionValues>,
    /// The combinations that are left out.
    pub(super) exclude: Vec<Exclude>,
    /// What a job of Slurm asks for.
    pub slurm: Resources,
}

impl Plan {
    /// Reads the plan at `path`; `program` knows the options of a run. Paths in it are read from its own folder.
    ///
    /// # Errors
    ///
    /// [`Error::Files`] when it cannot be read, [`Error::Invalid`] with the place of its first mistake.
    pub fn read(path: &Path, program: &dyn Program) -> Result<Self> {
        let bytes = files::read(path)?;
        let origin = path.display().to_string();
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes());
            let source = Source { origin: &origin, text: &text };
            source.error(valid..valid + 1, "this is not UTF-8", "save the file as UTF-8".to_owned())
        })?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Self::parse(&text, &origin, folder, &stem, program)
    }

    /// Reads the text of a plan that is called `origin` in messages, lies in `folder`, and is named `stem` unless it says
    /// otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with the place of its first mistake.
    pub fn parse(text: &str, origin: &str, folder: &Path, stem: &str, program: &dyn Program) -> Result<Self> {
        let source = Source { origin, text };
        let document = DeTable::parse(text).map_err(|error| {
            let hint = "see https://toml.io for the notation; texts stand in quotes".to_owned();
            source.error(error.span().unwrap_or(0..0), error.message().trim(), hint)
        })?;
        let table = Table::new(source, "a plan".to_owned(), document.get_ref());
        table.only(&KEYS)?;
        let name = table.get("name").map(file_name).transpose()?.unwrap_or_else(|| slug(stem));
        let out = table.get("out").map(Entry::text).transpose()?.map(|out| folder.join(out));
        let engine = table.get("engine").map(engine).transpose()?.unwrap_or_default();
        let Some(grammars) = table.get("grammars") else {
            let hint =
                "write grammars = [\"relative_clause\"]; a file of a grammar or a CSV of stimuli serves too";
            return Err(source.error(0..0, "a plan has no `grammars`", hint.to_owned()));
        };
        let grammars = values(grammars, |text| (text.to_owned(), vec![grammar_path(folder, text)]))?;
        let models = models(&table, folder)?;
        let poolings = match table.get("poolings") {
            None => {
                let name = Pooling::default().to_string();
                vec![Value { words: vec![format!("--pool={name}")], text: name, span: 0..0 }]
            }
            Some(entry) => {
                let poolings = values(entry, |text| (text.to_owned(), vec![format!("--pool={text}")]))?;
                options::check(source, &poolings, program)?;
                poolings
            }
        };
        let options = match table.get("options") {
            Some(entry) => options::read(&entry.table()?, program)?,
            None => Vec::new(),
        };
        let slurm = match table.get("slurm") {
            Some(entry) => Resources::read(&entry.table()?)?,
            None => Resources::default(),
        };
        let mut plan = Self {
            name,
            origin: origin.to_owned(),
            text: text.to_owned(),
            out,
            engine,
            grammars,
            models,
            poolings,
            options,
            exclude: Vec::new(),
            slurm,
        };
        if let Some(entry) = table.get("exclude") {
            let known = plan.axes();
            plan.exclude =
                entry.tables()?.iter().map(|table| Exclude::read(table, &known)).collect::<Result<_>>()?;
        }
        Ok(plan)
    }

    /// The axes of the grid by their names, those with one value too, each with the texts of its values.
    #[must_use]
    pub fn axes(&self) -> Vec<(&str, Vec<&str>)> {
        let mut revisions: Vec<&str> = Vec::new();
        for model in &self.models {
            let texts: &[Value] = &model.revisions;
            if texts.is_empty() && !revisions.contains(&"") {
                revisions.push("");
            }
            for revision in texts {
                if !revisions.contains(&revision.text.as_str()) {
                    revisions.push(&revision.text);
                }
            }
        }
        let mut axes = vec![
            ("grammar", self.grammars.iter().map(|value| value.text.as_str()).collect()),
            ("model", self.models.iter().map(|model| model.name.text.as_str()).collect()),
            ("revision", revisions),
            ("pooling", self.poolings.iter().map(|value| value.text.as_str()).collect()),
        ];
        axes.extend(self.options.iter().map(|option| {
            (option.name.as_str(), option.values.iter().map(|value| value.text.as_str()).collect())
        }));
        axes
    }

    /// Whether combinations are left out.
    #[must_use]
    pub fn excludes(&self) -> bool {
        !self.exclude.is_empty()
    }

    /// A complaint about what stands at the bytes `span`.
    pub(super) fn complaint(&self, value: &Value, message: String, hint: Option<String>) -> Error {
        Source { origin: &self.origin, text: &self.text }.error(value.span.clone(), message, hint)
    }
}

fn engine(entry: &Entry<'_>) -> Result<Engine> {
    let name = entry.text()?;
    let known = Engine::ALL.map(|(name, _)| name);
    let found = Engine::ALL.iter().find(|(other, _)| *other == name).map(|&(_, engine)| engine);
    found.ok_or_else(|| {
        entry.error(format!("no engine is called `{name}`"), suggest(&name, known, "the engines are"))
    })
}

/// A name that a folder can have.
fn file_name(entry: &Entry<'_>) -> Result<String> {
    let name = entry.text()?;
    if name.is_empty() || slug(&name) != name {
        let hint =
            "use letters, digits, `-`, `_` and `.`; it names a folder, and the jobs of Slurm".to_owned();
        return Err(entry.error(format!("`{name}` cannot name a sweep"), hint));
    }
    Ok(name)
}

/// `text` as a part of the name of a folder.
pub(super) fn slug(text: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "-_.@".contains(c) { c } else { '-' };
    let slug: String = text.chars().map(safe).collect();
    slug.trim_start_matches(['.', '-']).to_owned()
}

/// The texts of an entry, one or a list, none of them twice; `read` gives the text of a column and the words of a command line.
fn values(entry: &Entry<'_>, read: impl Fn(&str) -> (String, Vec<String>)) -> Result<Vec<Value>> {
    let mut values: Vec<Value> = Vec::new();
    for item in entry.items()? {
        let scalar = entry.scalar(item)?;
        if matches!(scalar.kind, Kind::Flag(_)) || scalar.text.trim().is_empty() {
            let message = format!("`{}` is a text in quotes or a list of them", entry.key);
            return Err(entry.source.error(scalar.span, message, None));
        }
        if scalar.text.starts_with('-') {
            let hint = "options of a run stand under [options]; a file whose name begins with `-` is ./-…"
                .to_owned();
            return Err(entry.source.error(
                scalar.span,
                format!("`{}` is an option, not a name", scalar.text),
                hint,
            ));
        }
        refuse_list(entry, &scalar)?;
        let (text, words) = read(&scalar.text);
        let value = Value { text, words, span: scalar.span };
        options::refuse_twice(entry.source, &values, &value)?;
        values.push(value);
    }
    Ok(values)
}

/// On a command line a comma divides models and revisions; in a plan they are a list.
fn refuse_list(entry: &Entry<'_>, scalar: &reader::Scalar) -> Result<()> {
    if !["models", "revisions"].contains(&entry.key) || !scalar.text.contains(',') {
        return Ok(());
    }
    let parts: Vec<String> = scalar.text.split(',').map(|part| format!("\"{}\"", part.trim())).collect();
    let hint = format!("write a list: {} = [{}]", entry.key, parts.join(", "));
    Err(entry.source.error(scalar.span.clone(), format!("`{}` is several", scalar.text), hint))
}

fn models(table: &Table<'_>, folder: &Path) -> Result<Vec<PlannedModel>> {
    let revision = |text: &str| (text.to_owned(), vec![format!("--revision={text}")]);
    let shared = match table.get("revisions") {
        Some(entry) => values(entry, revision)?,
        None => Vec::new(),
    };
    let model = |text: &str| (text.to_owned(), vec![format!("--model={}", model_path(folder, text))]);
    let Some(entry) = table.get("models") else {
        let name = hub::embedded::MODELS.first().map_or("", |embedded| embedded.name);
        let name = Value { text: name.to_owned(), words: vec![format!("--model={name}")], span: 0..0 };
        return Ok(vec![PlannedModel { name, revisions: shared }]);
    };
    let mut models: Vec<PlannedModel> = Vec::new();
    for item in entry.items()? {
        let (name, revisions) = match item.get_ref().as_table() {
            None => (values(&Entry { value: item, ..entry.clone() }, model)?, shared.clone()),
            Some(of_its_own) => {
                let of_its_own = Table::new(entry.source, "a model".to_owned(), of_its_own);
                of_its_own.only(&["name", "revisions"])?;
                let Some(name) = of_its_own.get("name") else {
                    let hint =
                        "write { name = \"tiny-bert\", revisions = [\"step0\", \"final\"] }".to_owned();
                    return Err(entry.source.error(item.span(), "a model has no `name`", hint));
                };
                name.text()?;
                let name = values(&Entry { key: entry.key, ..name.clone() }, model)?;
                let revisions = match of_its_own.get("revisions") {
                    Some(entry) => values(entry, revision)?,
                    None => Vec::new(),
                };
                (name, revisions)
            }
        };
        for name in name {
            if let Some(twice) = models.iter().find(|model| model.name.text == name.text) {
                options::refuse_twice(entry.source, std::slice::from_ref(&twice.name), &name)?;
            }
            models.push(PlannedModel { name, revisions: revisions.clone() });
        }
    }
    Ok(models)
}

/// A grammar as a command line names it: a file of the plan's folder, or a bundled name as it is.
fn grammar_path(folder: &Path, name: &str) -> String {
    let path = Path::new(name);
    let is_file = path.extension().is_some() || path.components().count() > 1 || folder.join(path).is_file();
    if is_file { folder.join(path).to_string_lossy().into_owned() } else { name.to_owned() }
}

/// A model as a command line names it: a folder beside the plan, or any other name as it is.
fn model_path(folder: &Path, name: &str) -> String {
    let joined = folder.join(name);
    let is_folder = name.starts_with(['.', '/']) || hub::is_checkpoint(&joined);
    if is_folder { joined.to_string_lossy().into_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests;

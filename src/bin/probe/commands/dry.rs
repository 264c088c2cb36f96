//! `probe run --dry-run`: what a run would do, and about what it would take, without doing it.

use std::time::Instant;

use mlem_probe::activations::{Activations, Destination, Provenance};
use mlem_probe::hub::{self, Checkpoint, Hub, Weights};
use mlem_probe::models::{LoadOptions, Model, Part, Spec, Tokenizer};
use mlem_probe::numeric::rng::Stream;
use mlem_probe::profile::{self, Profile};
use mlem_probe::progress::{Progress, Silent};
use mlem_probe::stimuli::Stimuli;
use mlem_probe::text;
use ndarray::Array2;
use serde_json::{Value, json};

use super::controls::Source;
use super::{extract, model, reach};
use crate::args::RunArgs;
use crate::failure::Result;
use crate::printer::Printer;

/// How many sentences are run to take the time.
const TIMED: usize = 24;

/// Says it of every model and revision that was asked for.
pub fn run(args: &RunArgs, stimuli: &Stimuli, source: Option<&Source<'_>>, printer: &Printer) -> Result<()> {
    let revisions: Vec<Option<&str>> = match args.model.revision.as_slice() {
        [] => vec![None],
        several => several.iter().map(|revision| Some(revision.as_str())).collect(),
    };
    let mut plans = Vec::new();
    for name in args.model.models() {
        for &revision in &revisions {
            plans.push(Plan::of(args, (stimuli, source), name, revision, printer)?);
        }
    }
    if printer.json() {
        let plans: Vec<Value> = plans.iter().map(|plan| plan.as_json(stimuli)).collect();
        return Printer::result_json(&json!(plans));
    }
    let text: Vec<String> = plans.iter().map(|plan| plan.as_text(args, stimuli)).collect();
    Printer::result(text.join("\n"))
}

/// What one run would be.
struct Plan {
    model: String,
    n_layers: usize,
    d_model: usize,
    layers: usize,
    tokens: usize,
    /// Bytes of the weights' files, where they are here.
    weights: Option<u64>,
    /// Bytes of the activations of all layers.
    activations: u64,
    /// Seconds of extraction and of the fit, where they could be taken.
    extract: Option<f64>,
    fit: f64,
    /// The controls that would be made, and their seconds where they could be taken.
    controls: Option<(Vec<&'static str>, Option<f64>)>,
    reaches: Vec<String>,
}

impl Plan {
    fn of(
        args: &RunArgs,
        (stimuli, source): (&Stimuli, Option<&Source<'_>>),
        name: &str,
        revision: Option<&str>,
        printer: &Printer,
    ) -> Result<Self> {
        let checkpoint = find(name, revision, printer)?;
        let part = args.model.part;
        let spec = Model::declared_of(&checkpoint, part)?;
        let entries = model::entries(&args.extract, &checkpoint, part)?;
        let layers = entries.as_ref().map_or(spec.n_layers + 1, Vec::len);
        let site = args.extract.site();
        // As wide as what is fitted, which is the same for all of it but a last hidden state.
        let first = entries.and_then(|of| of.first().copied()).unwrap_or(0);
        let width = site.width(&spec, first / site.parts(&spec));
        let tokenizer = Tokenizer::of(&checkpoint.id, &checkpoint.tokenizer)?;
        let mut tokens = 0;
        for sentence in stimuli.sentences()? {
            tokens += tokenizer.encode(sentence)?.tokens.len();
        }
        if part == Part::Decoder {
            let texts = stimuli.targets();
            for text in texts.as_deref().map_or_else(|| stimuli.sentences(), Ok)? {
                tokens += tokenizer.encode(text)?.tokens.len();
            }
        }
        let features = stimuli.features().n_features();
        let (extract, fit) =
            (extraction(args, stimuli, &checkpoint, &spec, printer)?, fit(args, stimuli, width, layers)?);
        Ok(Self {
            controls: controls(source, extract, fit, layers),
            n_layers: spec.n_layers,
            d_model: spec.d_model,
            layers,
            tokens,
            weights: bytes_of(&checkpoint.weights),
            activations: (stimuli.len() * layers * width * size_of::<f32>()) as u64,
            extract,
            fit,
            reaches: reach::say(&args.estimator, features, layers, printer),
            model: checkpoint.id,
        })
    }

    fn as_text(&self, args: &RunArgs, stimuli: &Stimuli) -> String {
        let n = |n: usize| text::count(n as u128);
        let mut lines = vec![
            ("model", format!("{} ({} blocks of width {})", self.model, n(self.n_layers), n(self.d_model))),
            ("stimuli", format!("{} with {} tokens", n(stimuli.len()), n(self.tokens))),
            ("features", stimuli.features().names().join(", ")),
            ("layers", n(self.layers)),
            (
                "weights",
                self.weights.map_or_else(
                    || "not here yet: a run fetches them first".to_owned(),
                    |bytes| format!("{} in files", size(bytes)),
                ),
            ),
            ("activations", format!("{} on disk, a layer at a time in memory", size(self.activations))),
        ];
        let extract = self
            .extract
            .map_or_else(|| "not known without weights".to_owned(), |s| format!("about {}", time(s)));
        lines.push(("extraction", extract));
        let more = match (args.estimator.null, args.estimator.bootstrap) {
            (0, 0) => "",
            _ => ", and the draws of --null and --bootstrap on top",
        };
        lines.push(("fit", format!("about {}{more}", time(self.fit))));
        if let Some((names, seconds)) = &self.controls {
            let on_top = match seconds {
                Some(seconds) => format!(": about {} on top", time(*seconds)),
                None => String::new(),
            };
            lines.push(("controls", format!("{}{on_top}", names.join(", "))));
        }
        lines.extend(self.reaches.iter().map(|reach| ("p-values", reach.clone())));
        lines.into_iter().fold(String::new(), |text, (what, value)| text + &format!("{what:<12} {value}\n"))
    }

    fn as_json(&self, stimuli: &Stimuli) -> Value {
        json!({
            "model": self.model,
            "stimuli": stimuli.len(),
            "tokens": self.tokens,
            "features": stimuli.features().names(),
            "layers": self.layers,
            "d_model": self.d_model,
            "weights_bytes": self.weights,
            "activations_bytes": self.activations,
            "seconds": {"extract": self.extract, "fit": self.fit},
            "controls": self.controls.as_ref().map(|(names, seconds)| json!({"names": names, "seconds": seconds})),
            "p_values": self.reaches,
        })
    }
}

/// The controls that would be made, and about how long they would take: those of a model as long as the run itself, the others a layer's fit.
fn controls(
    source: Option<&Source<'_>>,
    extract: Option<f64>,
    fit: f64,
    layers: usize,
) -> Option<(Vec<&'static str>, Option<f64>)> {
    let source = source?;
    let made = || source.asked.controls.iter().filter(|&&control| source.why_not(control).is_none());
    let of_model = made().filter(|control| control.has_layers()).count() as f64;
    let flat = made().filter(|control| !control.has_layers()).count() as f64;
    let seconds = extract.map(|extract| of_model * (extract + fit) + flat * fit / layers.max(1) as f64);
    Some((made().map(|control| control.name()).collect(), seconds))
}

/// The checkpoint with its weights if they are here, without them else.
fn find(name: &str, revision: Option<&str>, printer: &Printer) -> Result<Checkpoint> {
    let mut hub = Hub::from_env();
    hub.revision = revision.map(str::to_owned);
    let mut here = hub.clone();
    here.offline = true;
    if let Ok(checkpoint) = hub::resolve(name, &here, &Silent) {
        return Ok(checkpoint);
    }
    hub.weights = false;
    Ok(hub::resolve(name, &hub, printer)?)
}

/// How many bytes the files of the weights have.
fn bytes_of(weights: &Weights) -> Option<u64> {
    match weights {
        Weights::Safetensors(paths) | Weights::Pytorch(paths) => {
            Some(paths.iter().filter_map(|path| std::fs::metadata(path).ok()).map(|of| of.len()).sum())
        }
        Weights::Embedded(bytes) => Some(bytes.len() as u64),
        Weights::Absent => None,
    }
}

/// Seconds that the extraction would take: a few sentences are run, and the rest has its share.
fn extraction(
    args: &RunArgs,
    stimuli: &Stimuli,
    checkpoint: &Checkpoint,
    spec: &Spec,
    printer: &Printer,
) -> Result<Option<f64>> {
    if matches!(checkpoint.weights, Weights::Absent) {
        return Ok(None);
    }
    printer.detail(&format!("{TIMED} sentences through {} blocks, to take the time", spec.n_layers));
    let options = LoadOptions::default()
        .part(args.model.part)
        .device(args.model.device.resolve()?)
        .dtype(args.model.dtype)
        .precision(args.model.precision)
        .offload(args.model.offload);
    let rows: Vec<usize> = (0..stimuli.len()).step_by(stimuli.len().div_ceil(TIMED).max(1)).collect();
    let some = stimuli.select(&rows);
    let own = crate::args::ExtractArgs { no_cache: true, ..args.extract.clone() };
    let folder = std::env::temp_dir();
    let begun = Instant::now();
    let out = Destination::Temporary(&folder);
    let taken = extract::take(&some, checkpoint, &options, &own, (&[], &[]), out, &printer.silenced())?;
    let (all, load) = (begun.elapsed().as_secs_f64(), taken.load.as_secs_f64());
    Ok(Some(load + (all - load) * stimuli.len() as f64 / some.len() as f64))
}

/// Seconds that the fit would take, without draws: one layer of random numbers is fitted.
fn fit(args: &RunArgs, stimuli: &Stimuli, d_model: usize, layers: usize) -> Result<f64> {
    let mut stream = Stream::new(args.draw.seed, "dry run");
    let matrix = Array2::from_shape_fn((stimuli.len(), d_model), |_| stream.normal() as f32);
    let activations = Activations::new(vec![0], vec![matrix], Provenance::default())?;
    let begun = Instant::now();
    let features = stimuli.features();
    for (of, _) in args.estimator.each() {
        let mut settings = of.settings(args.draw.seed, features);
        settings.params = settings.params.nulls(0);
        let (folds, estimator) = (settings.folds, settings.estimator());
        let keep = |_: &Profile| -> std::result::Result<(), profile::Error> { Ok(()) };
        profile::fit(&*estimator, folds, features, &activations, Profile::default(), &Silent, keep)?;
    }
    Ok(begun.elapsed().as_secs_f64() * layers as f64)
}

/// `1.4 GB`.
fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for larger in ["kB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = larger;
    }
    if unit == "B" || value >= 100.0 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

/// `40 s`, `12 min`, `3.5 h`.
fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "a second".to_owned(),
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_for_people() {
        assert_eq!([0, 999, 1400, 2_500_000_000].map(size), ["0 B", "999 B", "1.4 kB", "2.5 GB"]);
        assert_eq!([0.2, 40.4, 720.0, 12_600.0].map(time), ["a second", "40 s", "12 min", "3.5 h"]);
    }
}

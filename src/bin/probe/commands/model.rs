//! A model's name becomes a checkpoint.

use mlem_probe::activations::Pooling;
use mlem_probe::extract::Extract;
use mlem_probe::hub::{self, Checkpoint, Hub};
use mlem_probe::models::{DeviceChoice, Dtype, LoadOptions, Model, Part, Precision, Site};
use mlem_probe::progress::Progress;
use mlem_probe::rundir::{AdapterRecord, ModelRecord};
use mlem_probe::stimuli::Stimuli;
use mlem_probe::text::{join_and, visible};

use crate::args::{ExtractArgs, ModelArgs, Pool};
use crate::failure::{Failure, Result};

/// The revision of the one model that is asked for, if one is named; `message` says that it takes one.
pub fn one<'a>(args: &'a ModelArgs, message: &'static str) -> Result<Option<&'a str>> {
    match (args.revision.as_slice(), args.models().len()) {
        ([], 0 | 1) => Ok(None),
        ([revision], 0 | 1) => Ok(Some(revision.as_str())),
        _ => Err(Failure::usage(message, "run it once for each; every one has a folder of its own")),
    }
}

/// Finds the checkpoint of the model called `name`, at `revision`, and how it is to be loaded: untrained from a seed or as it
/// is, and on which device. It is not loaded yet.
pub fn find(
    name: &str,
    args: &ModelArgs,
    revision: Option<&str>,
    progress: &dyn Progress,
) -> Result<(Checkpoint, LoadOptions)> {
    // Before anything is downloaded for a device that is not there.
    let device = args.device.resolve()?;
    match (args.device, device) {
        (DeviceChoice::Auto, DeviceChoice::Cpu) if DeviceChoice::GPU_BUILD => {
            progress.note("no GPU answers: the model runs on the processor");
        }
        (_, DeviceChoice::Cpu) => {}
        _ => progress.note(&format!("the model runs on {device}")),
    }
    let precision = args.precision.resolve(device)?;
    match (args.precision, precision) {
        (Precision::Fast, Precision::F32) if device.pads() => {
            progress.note("--precision fast is the processor's: on a GPU products are f32");
        }
        (Precision::Fast, Precision::F32) => {
            progress.note("--precision fast: this processor has no matrix tiles (AMX), so products are f32");
        }
        (Precision::Bf16, _) if !Precision::tiles() => {
            progress.note(
                "--precision bf16: this processor has no matrix tiles (AMX), so the same numbers come slowly",
            );
        }
        _ => {}
    }
    let mut hub = Hub::from_env();
    hub.revision = revision.map(str::to_owned);
    hub.base.clone_from(&args.base);
    hub.no_adapter = args.no_adapter;
    let mut options = LoadOptions::default()
        .part(args.part)
        .device(device)
        .dtype(args.dtype)
        .precision(precision)
        .offload(args.offload);
    if let Some(seed) = args.untrained {
        hub.weights = false;
        options = options.untrained(seed);
        progress.note(&format!("an untrained model: weights of its initialiser, seed {seed}"));
    }
    Ok((hub::resolve(name, &hub, progress)?, options))
}

/// What a record has of the model; says what is merged into it. How its tokens are pooled is not in it.
pub fn record(
    checkpoint: &Checkpoint,
    options: &LoadOptions,
    revision: Option<&str>,
    progress: &dyn Progress,
) -> Result<ModelRecord> {
    let adapter = checkpoint.adapter.as_ref().zip(Model::merged(checkpoint)?).map(|(adapter, merged)| {
        progress.note(&format!("{} is merged into {}", merged.describe(), adapter.base));
        AdapterRecord {
            base: adapter.base.clone(),
            base_revision: adapter.base_revision.clone(),
            base_commit: adapter.base_commit.clone(),
            base_from: adapter.base_from.to_owned(),
            merged,
            config: serde_json::from_str(&adapter.config).unwrap_or_default(),
        }
    });
    Ok(ModelRecord {
        id: checkpoint.id.clone(),
        revision: revision.map(str::to_owned),
        commit: checkpoint.commit.clone(),
        untrained: options.untrained,
        device: Some(options.device.to_string()),
        dtype: (options.dtype != Dtype::F32).then(|| options.dtype.to_string()),
        precision: (options.precision != Precision::F32).then(|| options.precision.to_string()),
        config: serde_json::from_str(&checkpoint.config).unwrap_or_default(),
        adapter,
        tokenizer: checkpoint.tokenizer.applied.clone(),
        notes: checkpoint.notes.clone(),
        pooling: String::new(),
        certificate: super::verify::certificate(checkpoint, options),
    })
}

/// The layers that were asked for; those that are counted from the end by what the configuration of `checkpoint` says.
pub fn layers(args: &ExtractArgs, checkpoint: &Checkpoint, part: Part) -> Result<Option<Vec<usize>>> {
    let Some(layers) = &args.layers else { return Ok(None) };
    let all: Vec<usize> = if layers.count_back() {
        args.site().layers(&Model::declared_of(checkpoint, part)?)
    } else {
        Vec::new()
    };
    let hint = match args.site() {
        Site::Residual | Site::Streams => {
            "layers are counted from 0, the embeddings, or from the end: -1 is the last"
        }
        _ => "of a site layers are blocks, counted from 0, or from the end: -1 is the last",
    };
    layers.of(&all).map(Some).map_err(|message| Failure::usage(message, hint))
}

/// Where activations are taken, of which layers and heads.
pub fn places(args: &ExtractArgs, layers: Option<Vec<usize>>) -> Result<Extract> {
    if args.heads.is_some() && !args.site().is_of_heads() {
        let message = format!("--heads is of --site attention-heads, and the site is {}", args.site());
        return Err(Failure::usage(message, "add --site attention-heads, or leave --heads out"));
    }
    let heads = args.heads.as_ref().map(|heads| heads.as_slice().to_vec());
    Ok(Extract::params().site(args.site()).layers(layers).heads(heads))
}

/// The numbers of the matrices that come of it: layers, or heads of layers; none where they are all hidden states.
pub fn entries(args: &ExtractArgs, checkpoint: &Checkpoint, part: Part) -> Result<Option<Vec<usize>>> {
    let layers = layers(args, checkpoint, part)?;
    let params = places(args, layers.clone())?;
    if args.site() == Site::Residual {
        return Ok(layers);
    }
    Ok(Some(params.entries(&Model::declared_of(checkpoint, part)?, &checkpoint.id)?))
}

/// How tokens of `stimuli` are pooled, in words that name the options that change it.
pub fn pooled(args: &ExtractArgs, checkpoint: &Checkpoint, stimuli: &Stimuli) -> Result<String> {
    let mut words = pooling(args.pool, checkpoint)?.to_string();
    let word = stimuli.slots().first().filter(|_| stimuli.is_word_level());
    if let Some(slot) = args.at.as_ref().or(word) {
        words.push_str(" at ");
        words.push_str(slot);
    }
    if args.no_special_tokens {
        words.push_str(", without special tokens");
    }
    Ok(words)
}

/// How the tokens of `checkpoint` are pooled.
pub fn pooling(asked: Pool, checkpoint: &Checkpoint) -> Result<Pooling> {
    let id = &checkpoint.id;
    let wrong = |message: String| Failure::usage(message, "choose one: --pool mean, max, min, first or last");
    let own = match (asked, &checkpoint.sentences) {
        (Pool::Given(pooling), _) => return Ok(pooling),
        (Pool::Auto, Some(model)) => model.pooling.as_slice(),
        (Pool::Auto, None) => {
            let why = "it is no sentence-transformers model (it has no modules.json)";
            return Err(wrong(format!("--pool auto: {id} does not say how its tokens are pooled: {why}")));
        }
    };
    match own {
        [] => Err(wrong(format!("--pool auto: {id} has no pooling among its modules"))),
        [one] => match one.as_str() {
            "mean" => Ok(Pooling::Mean),
            "max" => Ok(Pooling::Max),
            "cls" => Ok(Pooling::First),
            "lasttoken" => Ok(Pooling::Last),
            other => {
                Err(wrong(format!("--pool auto: {id} pools by {}, which is not done here", visible(other))))
            }
        },
        several => {
            let several: Vec<String> = several.iter().map(|name| visible(name)).collect();
            let what = format!("puts {} side by side, which is not done here", join_and(&several));
            Err(wrong(format!("--pool auto: {id} {what}")))
        }
    }
}

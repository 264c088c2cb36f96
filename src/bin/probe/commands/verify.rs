//! `probe verify`: a script that freezes what transformers makes of some sentences, and the comparison with it.

use std::fs;
use std::path::{Path, PathBuf};

use mlem_probe::extract::cache::Cache;
use mlem_probe::files;
use mlem_probe::hub::{self, Hub, Weights};
use mlem_probe::models::{DeviceChoice, Dtype, LoadOptions, Model, Part, Precision};
use mlem_probe::progress::Progress;
use mlem_probe::stimuli::Stimuli;
use mlem_probe::text;
use mlem_probe::verify::{self, Certificate, Certificates, Frozen, Script, TOLERANCE};
use serde_json::json;

use super::folders;
use crate::args::VerifyArgs;
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// Runs the command.
pub fn run(args: &VerifyArgs, printer: &Printer) -> Result<()> {
    match &args.against {
        Some(file) => compare(args, file, printer),
        None => write(args, printer),
    }
}

/// Writes or prints the script.
fn write(args: &VerifyArgs, printer: &Printer) -> Result<()> {
    let mut hub = Hub::from_env();
    hub.revision.clone_from(&args.revision);
    hub.base.clone_from(&args.base);
    hub.no_adapter = args.no_adapter;
    hub.weights = false;
    let checkpoint = hub::resolve(&args.model, &hub, printer)?;
    if checkpoint.id == "tiny-bert" && !Path::new(&args.model).is_dir() {
        return Err(Failure::input(
            "the model inside this program has no folder that transformers could read",
            "verify a checkpoint of your own, or one of the Hub",
        ));
    }
    // Before a script is written for a decoder that is not there.
    if args.part == Part::Decoder {
        Model::declared_of(&checkpoint, args.part)?;
    }
    let folder = Path::new(&args.model).is_dir().then(|| fs::canonicalize(&args.model).ok()).flatten();
    let model = folder.map_or(checkpoint.id.clone(), |folder| folder.to_string_lossy().into_owned());
    let sentences = sentences(args)?;
    let part = folders::of_part(args.part);
    let name = format!("verify-{}{part}", folders::name_of(Some(&args.model), args.revision.as_deref()));
    let path = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.py")));
    let frozen = path.with_extension("safetensors");
    let shown = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let revision = checkpoint.commit.as_deref().or(args.revision.as_deref());
    let script = verify::script(Script {
        model: &model,
        revision: revision.filter(|_| !Path::new(&args.model).is_dir()),
        subfolder: checkpoint.sentences.as_ref().map_or("", |found| &found.inner),
        part: args.part,
        sentences: &sentences,
        name: &shown(&path),
        out: &frozen.to_string_lossy(),
    });
    if args.script {
        return Printer::result(script);
    }
    files::write(&path, script.as_bytes())?;
    if printer.json() {
        return Printer::result_json(&json!({ "script": path, "writes": frozen, "sentences": sentences }));
    }
    Printer::result(format!(
        "{}: {} of {}\nrun it where transformers is: python {}\nthen: probe verify {}{} --against {}\n",
        path.display(),
        text::counted(sentences.len() as u128, "sentence"),
        model,
        text::argument(&path.to_string_lossy()),
        text::argument(&args.model),
        if args.part == Part::Encoder { String::new() } else { format!(" --part {}", args.part) },
        text::argument(&frozen.to_string_lossy()),
    ))
}

/// The sentences that are to be frozen.
fn sentences(args: &VerifyArgs) -> Result<Vec<String>> {
    if !args.text.is_empty() {
        return Ok(args.text.clone());
    }
    let Some(path) = &args.sentences else { return Ok(verify::bundled()) };
    let is_text = path.extension().is_some_and(|ending| ending == "txt");
    let all = if is_text {
        let bytes = files::read(path)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Failure::input(format!("{} is not UTF-8", path.display()), "save it as UTF-8, a sentence a line")
        })?;
        text.lines().map(str::to_owned).collect()
    } else {
        Stimuli::read(path)?.sentences()?.to_vec()
    };
    let some = verify::some(&all);
    if some.is_empty() {
        let message = format!("{} has no sentence", path.display());
        return Err(Failure::input(message, "give it a sentence a line, or leave --sentences out"));
    }
    Ok(some)
}

/// Compares the model with what the script froze.
fn compare(args: &VerifyArgs, file: &Path, printer: &Printer) -> Result<()> {
    let frozen = Frozen::open(file)?;
    let mut hub = Hub::from_env();
    hub.revision.clone_from(&args.revision);
    hub.base.clone_from(&args.base);
    hub.no_adapter = args.no_adapter;
    let checkpoint = hub::resolve(&args.model, &hub, printer)?;
    let fingerprint = verify::fingerprint_of(&checkpoint, args.part)?;
    let model = Model::load(&checkpoint, &LoadOptions::default().part(args.part))?;
    let found = verify::compare(&model, &fingerprint, &frozen, printer)?;
    let kept = certificates();
    let n_tokens: usize = frozen.tokens().iter().map(Vec::len).sum();
    let against = format!(
        "{} against transformers {} ({}, {})",
        checkpoint.id,
        frozen.transformers(),
        text::counted(frozen.sentences().len() as u128, "sentence"),
        text::counted(n_tokens as u128, "token"),
    );
    let Some(certificate) = &found.certificate else {
        let withdrawn = kept.is_some_and(|kept| kept.withdraw(&fingerprint));
        if printer.json() {
            Printer::result_json(&json!({
                "model": checkpoint.id,
                "checkpoint": fingerprint,
                "transformers": frozen.transformers(),
                "equal": false,
                "partings": found.partings.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "differences": found.differences,
            }))?;
        }
        if withdrawn {
            printer.say("the certificate that this checkpoint had is withdrawn");
        }
        if !frozen.missing().is_empty() {
            printer.warn(&format!(
                "transformers did not find these weights in its copy, and drew them at random: {}",
                text::some(frozen.missing(), 6)
            ));
        }
        let partings: Vec<String> = found.partings.iter().map(ToString::to_string).collect();
        return Err(Failure::input(
            format!("{against}: {}", partings.join("; ")),
            "if both read the same files, this is a fault of one of them: please report it with the two files; else compare \
             config.json, the tokenizer's files and the weights of the two copies",
        ));
    };
    let place = match kept {
        Some(kept) => Some(kept.keep(certificate)?),
        None => None,
    };
    if printer.json() {
        return Printer::result_json(&json!({ "equal": true, "certificate": certificate, "kept": place }));
    }
    let largest =
        found.differences.iter().position(|&difference| difference == certificate.largest).unwrap_or(0);
    Printer::result(format!(
        "{against}: the same tokens; {} hidden states within {:.1e} of the layer's largest magnitude (the most at hidden state \
         {largest}; rounding is up to {TOLERANCE:.0e})\n{}",
        found.differences.len(),
        certificate.largest,
        match place {
            Some(place) => format!("certificate: {} (checkpoint {})\n", place.display(), &fingerprint[..12]),
            None => "the certificate is kept nowhere: set PROBE_CACHE to a folder\n".to_owned(),
        }
    ))
}

/// The certificates of this machine.
fn certificates() -> Option<Certificates> {
    Some(Certificates::new(Cache::from_env()?.folder().parent()?))
}

/// The certificate of `checkpoint` as `options` load it, if there is one.
pub fn certificate(checkpoint: &hub::Checkpoint, options: &LoadOptions) -> Option<Certificate> {
    let as_verified = options.untrained.is_none()
        && options.dtype == Dtype::F32
        && options.precision == Precision::F32
        && options.device == DeviceChoice::Cpu
        && !matches!(checkpoint.weights, Weights::Embedded(_) | Weights::Absent);
    let kept = certificates().filter(|kept| as_verified && !kept.is_empty())?;
    kept.get(&verify::fingerprint_of(checkpoint, options.part).ok()?)
}

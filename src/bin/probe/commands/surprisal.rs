//! `probe surprisal`: log-probabilities of sentences, tokens and words, and preferences in minimal pairs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use mlem_probe::files;
use mlem_probe::models::{Model, Objective};
use mlem_probe::progress::Progress;
use mlem_probe::rundir::{RECORD, RunDir, RunRecord, StimuliRecord};
use mlem_probe::stimuli::{Reading, Stimuli};
use mlem_probe::surprisal::{ACCURACY, Accuracy, Hidden, PAIRS, Pairing, Params, Preferences, Scores};
use mlem_probe::text::{self, count, counted};
use serde_json::{Value, json};

use super::{folders, model, piped};
use crate::args::{PairArgs, SurprisalArgs};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// What `run.json` of it has in its options, and that of a run has not.
const MARK: &str = "surprisal";

/// Runs the command, of which `words` are what is recorded.
pub fn run(args: &SurprisalArgs, words: Vec<String>, printer: &Printer) -> Result<()> {
    let revision = model::one(&args.model, "surprisal is of one model at one revision")?;
    let out = folders::for_surprisal(args, revision);
    require_free(&out, args.force, MARK)?;
    let reading = Reading { sentences_alone: true, ..args.table.reading() };
    let stimuli = Stimuli::read_as(&args.stimuli, &reading)?;
    stimuli.notes().iter().for_each(|note| printer.note(note));
    stimuli.sentences()?;
    let pairing = pairing(&args.pairs, &stimuli)?;
    let (checkpoint, options) = model::find(&args.model.model, &args.model, revision, printer)?;
    let mut record = model::record(&checkpoint, &options, revision, printer)?;
    let begun = Instant::now();
    let model = Model::load(&checkpoint, &options.with_head())?;
    for note in model.notes() {
        printer.say(note);
    }
    let loaded = begun.elapsed().as_secs_f64();
    let params = Params {
        hidden: args.hide,
        mask: args.mask.clone(),
        bos: args.bos.clone(),
        special: args.special,
        batch_tokens: args.batch_tokens.map(std::num::NonZeroUsize::get),
    };
    let scores = params.score(stimuli.sentences()?, &model, printer)?;
    let preferences = pairing
        .as_ref()
        .map(|pairing| Preferences::of(&scores.sentences, stimuli.features(), pairing))
        .transpose()?;
    let warnings = warnings(&scores, preferences.as_ref());
    for warning in &warnings {
        printer.warn(warning);
    }
    let seconds = BTreeMap::from([
        ("load".to_owned(), loaded),
        ("score".to_owned(), begun.elapsed().as_secs_f64() - loaded),
    ]);
    record.notes.extend(model.notes().iter().cloned());
    let said = said(&scores, &model, args.hide);
    let options: BTreeMap<String, Value> = [
        (MARK, json!(scores.objective.name())),
        ("head", json!(model.head())),
        ("bos", json!(scores.bos)),
        ("mask", json!(scores.mask)),
        ("hide", json!(scores.mask.as_ref().map(|_| args.hide.unwrap_or_default()))),
        ("special", json!(args.special)),
        (
            "pairs",
            json!(
                pairing
                    .as_ref()
                    .map(|of| json!({"pair": of.pair, "label": of.label, "good": of.good, "by": of.by}))
            ),
        ),
        ("methods", json!(methods(&said, &model, &scores, preferences.as_ref()))),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let depends = json!({"version": env!("CARGO_PKG_VERSION"), "options": options, "model": record, "stimuli": stimuli.hash()});
    let record = RunRecord {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: words,
        stimuli: StimuliRecord {
            name: piped::shown(&args.stimuli.to_string_lossy()).to_owned(),
            hash: stimuli.hash(),
            n_stimuli: stimuli.len(),
            features: stimuli.features().names().into_iter().map(str::to_owned).collect(),
            source: stimuli.source().clone(),
        },
        model: Some(record),
        options,
        seconds,
        warnings: warnings.clone(),
        ..RunRecord::default()
    }
    .keyed(&depends)
    .dated();
    let tables = write(&out, &scores, preferences.as_ref(), &record)?;
    if printer.json() {
        return Printer::result_json(&as_json(&out, &scores, preferences.as_ref(), &record));
    }
    Printer::result(as_text(&said, &model, &scores, preferences.as_ref(), &out, &tables))
}

/// Refuses to write over another run, that is not of the command called `own`, which is what its options have.
pub fn require_free(out: &Path, force: bool, own: &str) -> Result<()> {
    files::require_writable(out)?;
    let is_own = || RunDir::at(out).read_record().is_ok_and(|record| record.options.contains_key(own));
    if force || !out.join(RECORD).exists() || is_own() {
        return Ok(());
    }
    Err(Failure::input(
        format!("{} holds a run that is not of `probe {own}`", out.display()),
        "choose another folder with -o; --force removes that run",
    ))
}

/// Which columns say what belongs together, where they do.
pub fn pairing(args: &PairArgs, stimuli: &Stimuli) -> Result<Option<Pairing>> {
    const USUAL: &str = "pair";
    let has = |name: &str| stimuli.features().position(name).is_ok();
    let pair = match &args.pair {
        Some(pair) => pair.clone(),
        None if has(USUAL) && has(&args.label) => USUAL.to_owned(),
        None if args.by.is_some() || args.label != "grammatical" || args.good != "true" => {
            return Err(Failure::usage(
                "--label, --good and --by are of minimal pairs, and nothing says which sentences are a pair",
                "name the column whose value they have in common: --pair COLUMN",
            ));
        }
        None => return Ok(None),
    };
    for name in [Some(&pair), Some(&args.label), args.by.as_ref()].into_iter().flatten() {
        stimuli.features().position(name)?;
    }
    // What BLiMP and its like call a set: its pairs are numbered anew in each.
    const SETS: &str = "UID";
    let varies = |name: &str| {
        let at = stimuli.features().position(name).ok()?;
        Some(stimuli.features().feature(at).n_distinct() > 1)
    };
    let by = args.by.clone().or_else(|| varies(SETS).filter(|varies| *varies).map(|_| SETS.to_owned()));
    Ok(Some(Pairing { pair, label: args.label.clone(), good: args.good.clone(), by }))
}

/// What may spoil the numbers.
fn warnings(scores: &Scores, preferences: Option<&Preferences>) -> Vec<String> {
    let mut warnings = Vec::new();
    let of = |number: usize, noun: &str| counted(number as u128, noun);
    let silent = scores.sentences.iter().filter(|sentence| sentence.logprob().is_none()).count();
    if silent > 0 {
        warnings.push(format!(
            "{} of a single token without one before it: no log-probability; --bos puts a token before it",
            of(silent, "sentence")
        ));
    }
    let unknown = scores.sentences.iter().filter(|sentence| sentence.unknown() > 0).count();
    if unknown > 0 {
        warnings.push(format!(
            "{} with a token for what the tokenizer does not know: its log-probability is not that of the word",
            of(unknown, "sentence")
        ));
    }
    if let Some(preferences) = preferences {
        let all = &preferences.accuracy[0];
        if !preferences.alone.is_empty() {
            let rows: Vec<String> = preferences.alone.iter().map(ToString::to_string).collect();
            warnings.push(format!(
                "in no pair, because a good and a bad sentence are not both there: {}",
                text::some(&rows, 10)
            ));
        }
        if all.left_out > 0 {
            warnings
                .push(format!("{} left out: a sentence has no log-probability", of(all.left_out, "pair")));
        }
        if all.ties > 0 {
            warnings.push(format!(
                "{} with equal log-probabilities, which count as not preferred",
                of(all.ties, "pair")
            ));
        }
    }
    warnings
}

/// What the log-probabilities are, in words.
fn said(scores: &Scores, model: &Model, hide: Option<Hidden>) -> String {
    match (scores.objective, &scores.bos, hide.unwrap_or_default()) {
        (Objective::Masked, _, Hidden::Token) => "each token hidden in turn, given all others (Salazar et al. 2020)".to_owned(),
        (Objective::Masked, _, Hidden::Word) => {
            "each token hidden in turn with what follows in its word, given all others (Kauf and Ivanova 2023)".to_owned()
        }
        (Objective::Causal, Some(bos), _) => format!("each token given those before it, and {bos} before all"),
        (Objective::Causal, None, _) => {
            let begins = scores.sentences.iter().filter_map(|sentence| sentence.tokens.first());
            match begins.clone().find(|token| token.added) {
                Some(token) => format!("each token given those before it, and {} before all, as the tokenizer has it", token.piece),
                None if model.tokenizer().bos().is_some() => {
                    "each token given those before it; the first has none (--bos puts a token before it)".to_owned()
                }
                None => "each token given those before it; the first has none".to_owned(),
            }
        }
    }
}

/// The sentences of a paper.
fn methods(said: &str, model: &Model, scores: &Scores, preferences: Option<&Preferences>) -> String {
    let kind = match scores.objective {
        Objective::Causal => "Log-probabilities of sentences are sums over their tokens",
        Objective::Masked => "Pseudo-log-likelihoods of sentences are sums over their tokens",
    };
    let head = model.head().unwrap_or_default();
    let mut text = format!(
        "{kind} of natural logarithms of probabilities under {} ({} model; last layer of its head: {head}), {said}, computed with probe {}.",
        model.id(),
        scores.objective.name(),
        env!("CARGO_PKG_VERSION"),
    );
    if preferences.is_some() {
        text.push_str(
            " Accuracy is the share of minimal pairs in which the good sentence has the larger log-probability, with the 95% interval of \
             Wilson (1927).",
        );
    }
    text
}

fn write(
    out: &Path,
    scores: &Scores,
    preferences: Option<&Preferences>,
    record: &RunRecord,
) -> Result<Vec<&'static str>> {
    // Nothing of an earlier run is to stand beside these tables, whatever ends this process.
    if out.join(RECORD).exists() {
        RunDir::at(out).forget()?;
    }
    for name in [RECORD, PAIRS, ACCURACY] {
        files::write_or_remove(&out.join(name), None)?;
    }
    let tables = scores.tables().into_iter().chain(preferences.into_iter().flat_map(Preferences::tables));
    let mut names = Vec::new();
    for (name, bytes) in tables {
        files::write(&out.join(name), &bytes)?;
        names.push(name);
    }
    RunDir::at(out).write_record(record)?;
    Ok(names)
}

/// The mean over all tokens that count, in nats and bits.
fn mean(scores: &Scores) -> (f64, usize) {
    let tokens: usize = scores.sentences.iter().map(mlem_probe::surprisal::Sentence::scored).sum();
    let sum: f64 = scores.sentences.iter().filter_map(mlem_probe::surprisal::Sentence::logprob).sum();
    (sum / tokens as f64, tokens)
}

fn as_text(
    said: &str,
    model: &Model,
    scores: &Scores,
    preferences: Option<&Preferences>,
    out: &Path,
    tables: &[&str],
) -> String {
    let (mean, tokens) = mean(scores);
    let mut text = format!(
        "model      {} ({}; head: {})\nscored     {}\n",
        model.id(),
        scores.objective.name(),
        model.head().unwrap_or_default(),
        said,
    );
    let sentences = scores.sentences.len() as u128;
    // Writing to a string cannot fail.
    let _ = writeln!(text, "sentences  {}, {}", count(sentences), counted(tokens as u128, "token"));
    if tokens > 0 {
        let bits = -mean / std::f64::consts::LN_2;
        let _ = writeln!(
            text,
            "by token   log-probability {mean:.3}, surprisal {bits:.3} bits, perplexity {:.1}",
            (-mean).exp()
        );
    }
    if let Some(preferences) = preferences {
        text.push('\n');
        text.push_str(&of_pairs(preferences));
    }
    let _ = writeln!(text, "\ntables: {} ({})", out.display(), tables.join(", "));
    text
}

/// How often the good one is preferred, by sets.
fn of_pairs(preferences: &Preferences) -> String {
    const ALL: &str = "all";
    let name = |accuracy: &Accuracy| accuracy.set.clone().unwrap_or_else(|| ALL.to_owned());
    let width = preferences.accuracy.iter().map(|accuracy| name(accuracy).chars().count()).max().unwrap_or(0);
    let mut text =
        format!("{}  pairs  accuracy  95%          by mean\n", text::padded("good preferred", width));
    let width = width.max("good preferred".len());
    let share =
        |share: f64| if share == 1.0 { "1.000".to_owned() } else { format!("{share:.3}")[1..].to_owned() };
    for accuracy in &preferences.accuracy {
        let name = text::padded(&name(accuracy), width);
        let shares = (accuracy.accuracy(), accuracy.interval(), accuracy.accuracy_by_mean());
        let (Some(preferred), Some((low, high)), Some(by_mean)) = shares else {
            let _ = writeln!(text, "{name}  {:>5}", 0);
            continue;
        };
        let interval = format!("{} to {}", share(low), share(high));
        let pairs = count(accuracy.pairs as u128);
        let _ = writeln!(
            text,
            "{name}  {pairs:>5}  {:>8}  {interval:<11}  {:>7}",
            share(preferred),
            share(by_mean)
        );
    }
    text
}

fn as_json(out: &Path, scores: &Scores, preferences: Option<&Preferences>, record: &RunRecord) -> Value {
    let (mean, tokens) = mean(scores);
    let accuracy = |accuracy: &Accuracy| {
        json!({
            "set": accuracy.set,
            "pairs": accuracy.pairs,
            "accuracy": accuracy.accuracy(),
            "ci_low": accuracy.interval().map(|(low, _)| low),
            "ci_high": accuracy.interval().map(|(_, high)| high),
            "ties": accuracy.ties,
            "accuracy_by_mean": accuracy.accuracy_by_mean(),
            "left_out": accuracy.left_out,
        })
    };
    json!({
        "surprisal": out,
        "model": record.model.as_ref().map(|model| &model.id),
        "commit": record.model.as_ref().and_then(|model| model.commit.as_ref()),
        "objective": scores.objective.name(),
        "head": record.options["head"],
        "bos": scores.bos,
        "mask": scores.mask,
        "hide": record.options["hide"],
        "methods": record.options["methods"],
        "sentences": scores.sentences.iter().map(|sentence| json!({
            "sentence": sentence.text,
            "logprob": sentence.logprob(),
            "mean": sentence.mean(),
            "scored": sentence.scored(),
        })).collect::<Vec<_>>(),
        "tokens": tokens,
        "mean": if tokens > 0 { Some(mean) } else { None },
        "tokens_run": scores.tokens_run,
        "accuracy": preferences.map(|of| of.accuracy.iter().map(accuracy).collect::<Vec<_>>()),
        "warnings": record.warnings,
    })
}

//! Which variations a run has, each as the command that gives it.

use mlem_probe::robustness::VariationKind;

use super::base::{Base, Command};
use super::words::set;
use crate::args::{
    Pool, RobustnessArgs, RunArgs,
    list::{self, Names},
};
use crate::commands::source;
use crate::failure::Result;
use mlem_probe::activations::Pooling;

/// A variation that is to be made.
pub struct Planned {
    pub kind: VariationKind,
    pub name: String,
    /// Its folder's name.
    pub folder: String,
    /// The command.
    pub words: Vec<String>,
}

/// What is to be made, and what cannot be.
#[derive(Default)]
pub struct Plans {
    pub planned: Vec<Planned>,
    pub cannot: Vec<(VariationKind, String)>,
}

/// What there is of a kind: names, each with its options; or why there is nothing.
type Of = std::result::Result<Vec<Named>, String>;
/// A name, and options with their values; none takes an option away.
type Named = (String, Vec<(&'static str, Option<String>)>);

/// The variations of `base`, kind by kind.
pub fn plan(base: &Base<'_>, args: &RobustnessArgs) -> Result<Plans> {
    let mut plans = Plans::default();
    for kind in VariationKind::ALL {
        if !args.only.is_empty() && !args.only.contains(&kind) {
            continue;
        }
        let of_kind = match kind {
            VariationKind::Pooling => pooling(base),
            VariationKind::SpecialTokens => special_tokens(base),
            VariationKind::Distance => distance(base),
            VariationKind::Template => template(base)?,
            VariationKind::Frequency => frequency(base, args),
            VariationKind::Seed => Ok(seed(base, args.seeds)),
            VariationKind::SampleSize => sample_size(base),
            VariationKind::Half => half(base),
        };
        match of_kind {
            Err(why) => plans.cannot.push((kind, why)),
            Ok(all) => plans.planned.extend(all.into_iter().map(|(name, options)| {
                let mut words = base.words.clone();
                for (option, value) in options {
                    set(&mut words, option, value.as_deref());
                }
                let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
                Planned { kind, folder: name.chars().map(safe).collect(), name, words }
            })),
        }
    }
    Ok(plans)
}

/// The run, or why its activations cannot be taken again.
fn of_model<'a>(base: &'a Base<'_>) -> std::result::Result<&'a RunArgs, String> {
    match &base.command {
        Command::Run(args) => Ok(args),
        Command::Fit(args) => {
            Err(format!("the activations are those of {}, and no model is run", args.activations.display()))
        }
    }
}

fn pooling(base: &Base<'_>) -> Of {
    let args = of_model(base)?;
    let recorded = base.record.model.as_ref().map_or("", |model| model.pooling.as_str());
    let own = match args.extract.pool {
        Pool::Given(pooling) => pooling,
        // What the model says itself is recorded.
        Pool::Auto => {
            recorded.split([' ', ',']).next().and_then(|name| name.parse().ok()).unwrap_or_default()
        }
    };
    if own == Pooling::None {
        return Err("all tokens stand side by side, so that there is none of them to choose".to_owned());
    }
    let others = [Pooling::Mean, Pooling::Last, Pooling::First, Pooling::Max];
    let others = others.into_iter().filter(|&pooling| pooling != own);
    Ok(others
        .map(|pooling| (format!("pooling {pooling}"), vec![("--pool", Some(pooling.to_string()))]))
        .collect())
}

fn special_tokens(base: &Base<'_>) -> Of {
    let args = of_model(base)?;
    if let Some(slot) = &args.extract.at {
        return Err(format!("the tokens of slot {slot} alone are pooled"));
    }
    let (name, value) = if args.extract.no_special_tokens {
        ("with special tokens", None)
    } else {
        ("without special tokens", Some(String::new()))
    };
    Ok(vec![(name.to_owned(), vec![("--no-special-tokens", value)])])
}

fn distance(base: &Base<'_>) -> Of {
    if let Some(why) = base.keeps_distance() {
        return Err(why);
    }
    let own = serde_json::json!(base.estimator().distance);
    let others = ["euclidean", "cosine", "correlation", "manhattan"].into_iter().filter(|name| own != *name);
    Ok(others.map(|name| (format!("{name} distance"), vec![("--distance", Some(name.to_owned()))])).collect())
}

fn template(base: &Base<'_>) -> Result<Of> {
    let Ok(args) = of_model(base) else {
        return Ok(Err("of a table of features it is not known which template a row is of".to_owned()));
    };
    let name = args.source.as_deref().unwrap_or_default();
    if let source::Source::Table = source::kind(name) {
        return Ok(Err("of a table of stimuli it is not known which template a sentence is of".to_owned()));
    }
    let grammar = source::grammar(name, args.draw.depth)?;
    let without = &args.draw.without_template;
    let templates: Vec<String> = grammar
        .templates()
        .into_iter()
        .filter(|template| !without.iter().any(|left_out| left_out == template))
        .map(str::to_owned)
        .collect();
    if name.to_lowercase().ends_with(".fcfg") || templates.len() < 2 {
        return Ok(Err("the grammar has one template".to_owned()));
    }
    Ok(Ok(templates
        .into_iter()
        .map(|template| {
            // The option may be there for others: it is given once more.
            let mut options: Vec<(&'static str, Option<String>)> = vec![("--without-template", None)];
            options.extend(without.iter().chain([&template]).map(|left_out| (ADD, Some(left_out.clone()))));
            (format!("without {template}"), options)
        })
        .collect()))
}

/// Marks an option that is given beside what is there.
const ADD: &str = "+--without-template";

/// Whether a feature is a frequency by its name.
fn is_frequency(name: &str, given: &[Names]) -> bool {
    if !given.is_empty() {
        return list::has(given, name);
    }
    let name = name.to_lowercase();
    name.contains("zipf") || name.contains("freq") || name.contains("lg10")
}

fn frequency(base: &Base<'_>, args: &RobustnessArgs) -> Of {
    let estimator = base.estimator();
    let features = &base.record.stimuli.features;
    let inside: Vec<&String> = features.iter().filter(|name| is_frequency(name, &args.frequency)).collect();
    let dropped = || estimator.drop.iter().flatten().filter(|name| is_frequency(name, &args.frequency));
    if inside.is_empty() && dropped().next().is_none() {
        return Err("none of its features is called a frequency; --frequency names them".to_owned());
    }
    if inside.is_empty() {
        let kept: Vec<&str> = estimator
            .drop
            .iter()
            .flatten()
            .filter(|name| !is_frequency(name, &args.frequency))
            .map(String::as_str)
            .collect();
        let value = (!kept.is_empty()).then(|| list::joined(&kept));
        return Ok(vec![("with frequency".to_owned(), vec![("--drop", value)])]);
    }
    if inside.len() == features.len() {
        return Err("all of its features are frequencies".to_owned());
    }
    let option = if estimator.features.is_empty() {
        let all: Vec<&str> = estimator.drop.iter().flatten().chain(inside).map(String::as_str).collect();
        ("--drop", Some(list::joined(&all)))
    } else {
        let kept: Vec<&str> = estimator
            .features
            .iter()
            .flatten()
            .filter(|name| !inside.contains(name))
            .map(String::as_str)
            .collect();
        ("--features", Some(list::joined(&kept)))
    };
    Ok(vec![("without frequency".to_owned(), vec![option])])
}

fn seed(base: &Base<'_>, seeds: usize) -> Vec<Named> {
    let own = base.seed();
    let others = (1..=seeds as u64).map(|k| own.wrapping_add(k));
    others.map(|seed| (format!("seed {seed}"), vec![("--seed", Some(seed.to_string()))])).collect()
}

fn sample_size(base: &Base<'_>) -> Of {
    let Ok(args) = of_model(base) else {
        return Err("a fit takes all rows of its files; halves are varied".to_owned());
    };
    let read = if base.estimator().average.is_some() || args.draw.half.is_some() {
        args.draw.sample
    } else {
        Some(base.record.stimuli.n_stimuli)
    };
    let Some(n) = read else {
        return Err("it is of all stimuli, of which groups are averaged".to_owned());
    };
    let sample = |n: usize| vec![("--all", None), ("--sample", Some(n.to_string()))];
    let mut all = vec![(format!("sample of {}", n / 2), sample(n / 2))];
    // Where fewer were there than were to be drawn, there are no more.
    if args.draw.sample == Some(n) {
        all.push((format!("sample of {}", 2 * n), sample(2 * n)));
    }
    Ok(all)
}

fn half(base: &Base<'_>) -> Of {
    let (given, precomputed) = match &base.command {
        Command::Run(args) => (args.draw.half, false),
        Command::Fit(args) => (args.half, args.estimator.distance == mlem_probe::mlem::Distance::Precomputed),
    };
    if given.is_some() {
        return Err("it is of one half already".to_owned());
    }
    if precomputed {
        return Err("its distances are given, of all pairs".to_owned());
    }
    let half = |name: &str, which: &str| (name.to_owned(), vec![("--half", Some(which.to_owned()))]);
    Ok(vec![half("first half", "1"), half("second half", "2")])
}

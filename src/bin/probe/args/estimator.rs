//! Options of the fit.

use std::ops::RangeInclusive;

use clap::Args;
use mlem_probe::mlem::{
    self, Constraint, Distance, FeatureGroup, Missing, MlemParams, PairBudget, Permute, Scoring, Solver,
    Target,
};
use mlem_probe::profile::{EstimatorName, Settings};
use mlem_probe::stimuli::FeatureTable;

use super::list::{self, Names};
use super::shared::named;
use crate::failure::{Failure, Result};

/// The most samples of the stimuli: the values of every one are kept.
const BOOTSTRAP: usize = 100_000;

/// How MLEM is fitted and scored.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Estimator")]
pub struct EstimatorArgs {
    /// What is fitted: MLEM; feature-reweighted RSA; linear probes with control tasks; ridge regression from features to units
    /// (encoding); or nothing (RSA). Several are fitted on the same folds, each into a folder of its own, with their scores in one table
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', default_value = "mlem", value_parser =
        named::<EstimatorName>(&["mlem", "frrsa", "decoding", "encoding", "rsa"]))]
    pub estimator: Vec<EstimatorName>,
    /// Read these features as categories even if they look like numbers. In this and every other list of names, a name with a comma stands
    /// in double quotes, as in CSV: '"size, in B",family'
    #[arg(long, value_name = "F,...", value_parser = list::names())]
    pub categorical: Vec<Names>,
    /// Read these features as numbers: integers of an .fcfg grammar are names unless they are listed here
    #[arg(long, value_name = "F,...", value_parser = list::names())]
    pub numeric: Vec<Names>,
    /// Fit only these features (default: all)
    #[arg(long, value_name = "F,...", value_parser = list::names())]
    pub features: Vec<Names>,
    /// Leave these features out
    #[arg(long, value_name = "F,...", value_parser = list::names())]
    pub drop: Vec<Names>,
    /// Fit every pair of features too (W with off-diagonal entries; products of columns)
    #[arg(long)]
    pub interactions: bool,
    /// Neural distance; mahalanobis with --noise-from; crossnobis, which is squared and may be negative, with --partition and --average,
    /// and --noise-from for its noise
    #[arg(long, default_value = "euclidean", value_parser = named::<Distance>(&[
        "euclidean", "manhattan", "cosine", "correlation", "mahalanobis", "crossnobis", "norm-diff", "precomputed",
    ]))]
    pub distance: Distance,
    /// What the fit tracks: the squared neural distance, or its rank
    #[arg(long, default_value = "squared", value_parser = named::<Target>(&["squared", "rank"]))]
    pub target: Target,
    /// What the score of modelled distances is, and an importance a drop of: Spearman's correlation with the neural distance; Pearson's
    /// with what the fit tracks; or R² (one less the squared error, as a share of the variance) of that, predicted by a line from the
    /// training pairs [default: spearman]
    #[arg(long, value_parser = named::<Scoring>(&["spearman", "pearson", "squared-error"]))]
    pub scoring: Option<Scoring>,
    /// W positive (semi)definite, or unconstrained
    #[arg(long, default_value = "spd", value_parser = named::<Constraint>(&["spd", "none"]))]
    pub constraint: Constraint,
    /// How MLEM's W is found: the optimum, or the paper's stochastic ascent (its steps go to training.csv)
    #[arg(long, default_value = "exact", value_parser = named::<Solver>(&["exact", "stochastic"]))]
    pub solver: Solver,
    /// How far the stochastic solver softens ranks; 1 and above make them affine in the distances
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    pub soft_rank_strength: f64,
    /// Feature distance when a value is missing on either side
    #[arg(long, default_value = "zero", value_parser = named::<Missing>(&["zero", "one"]))]
    pub missing: Missing,
    /// Folds of cross-validation over stimuli; 1 fits and scores on all of them
    #[arg(long, value_name = "K", default_value_t = 5)]
    pub folds: usize,
    /// The column that names the fold of each stimulus: every fold is held out once; or that says train and test. It is no feature
    #[arg(long, value_name = "COLUMN", conflicts_with = "folds")]
    pub split: Option<String>,
    /// Stimuli of one value in this column (repetitions, sentences of a text) are in one fold. It is no feature
    #[arg(long, value_name = "COLUMN")]
    pub unit: Option<String>,
    /// One stimulus, their mean, stands for all of one value in this column: repetitions of a stimulus, sentences of a concept. It is
    /// no feature
    #[arg(long, value_name = "COLUMN")]
    pub average: Option<String>,
    /// With --distance crossnobis: the column of the sessions, runs or repetitions that distances between the values of --average are
    /// cross-validated over. It is no feature
    #[arg(long, value_name = "COLUMN")]
    pub partition: Option<String>,
    /// Permutations per importance; control tasks per probe
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub permutations: usize,
    /// What is permuted for an importance [default: pairs]
    #[arg(long, value_parser = named::<Permute>(&["pairs", "stimuli"]))]
    pub permute: Option<Permute>,
    /// Measure the importance of several features together too, as often as you like: `noun=subj_*`, `noun=subj_number,verb`
    #[arg(long, value_name = "NAME=F,...", value_parser = feature_group)]
    pub group: Vec<FeatureGroup>,
    /// Permute a feature only among stimuli that agree in the features whose distances correlate with its own beyond R;
    /// implies --permute stimuli
    #[arg(long, value_name = "R", num_args = 0..=1, require_equals = true, default_missing_value = "0.2")]
    pub conditional: Option<f64>,
    /// Draws of the null at every layer, for p-values: the stimuli of the activations are shuffled against the features
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub null: usize,
    /// Samples of the stimuli with replacement, for the differences in score between layers (`layer_differences.csv`), and for
    /// those in importance between models that `probe compare` takes (`bootstrap.csv`)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub bootstrap: usize,
    /// Fit every single unit of every layer too, into `units.csv` (of encoding, into `encoding_units.csv`)
    #[arg(long)]
    pub per_unit: bool,
    /// Stimuli on the map of each layer; 0 draws no maps
    #[arg(long, value_name = "N", default_value_t = 400)]
    pub map: usize,
    /// Stimuli of which the intrinsic dimension of each layer is taken (TwoNN, into `dimension.csv`); 0 takes none (default: as --map)
    #[arg(long, value_name = "N")]
    pub dimension: Option<usize>,
    /// Pairs of stimuli to use: a number (a seeded sample above it) or `all`
    #[arg(long, value_name = "N|all", default_value = "33554432", value_parser = pair_budget)]
    pub pairs: PairBudget,
}

/// An option that not every estimator has.
struct Own {
    option: &'static str,
    has: &'static [EstimatorName],
    whose: &'static str,
    given: fn(&EstimatorArgs) -> bool,
    /// Takes it away.
    without: fn(&mut EstimatorArgs),
}

const fn own(
    option: &'static str,
    (has, whose): (&'static [EstimatorName], &'static str),
    given: fn(&EstimatorArgs) -> bool,
    without: fn(&mut EstimatorArgs),
) -> Own {
    Own { option, has, whose, given, without }
}

const MLEM: (&[EstimatorName], &str) = (&[EstimatorName::Mlem], "mlem");
const METRIC: (&[EstimatorName], &str) = (&[EstimatorName::Mlem, EstimatorName::Frrsa], "mlem and frrsa");
const EFFECTS: (&[EstimatorName], &str) =
    (&[EstimatorName::Mlem, EstimatorName::Frrsa, EstimatorName::Encoding], "mlem, frrsa and encoding");
const DISTANCES: (&[EstimatorName], &str) =
    (&[EstimatorName::Mlem, EstimatorName::Frrsa, EstimatorName::Rsa], "mlem, frrsa and rsa");
const UNITS: (&[EstimatorName], &str) =
    (&[EstimatorName::Mlem, EstimatorName::Encoding], "mlem and encoding");

const OWN: [Own; 15] = [
    own("--interactions", EFFECTS, |of| of.interactions, |of| of.interactions = false),
    own("--group", EFFECTS, |of| !of.group.is_empty(), |of| of.group.clear()),
    own("--conditional", EFFECTS, |of| of.conditional.is_some(), |of| of.conditional = None),
    own("--null", MLEM, |of| of.null > 0, |of| of.null = 0),
    own("--per-unit", UNITS, |of| of.per_unit, |of| of.per_unit = false),
    own("--bootstrap", MLEM, |of| of.bootstrap > 0, |of| of.bootstrap = 0),
    own("--solver stochastic", MLEM, |of| of.solver == Solver::Stochastic, |of| of.solver = Solver::Exact),
    own("--target rank", MLEM, |of| of.target == Target::Rank, |of| of.target = Target::Squared),
    own(
        "--scoring squared-error",
        METRIC,
        |of| of.scoring == Some(Scoring::SquaredError),
        |of| of.scoring = None,
    ),
    own("--scoring", DISTANCES, |of| of.scoring.is_some(), |of| of.scoring = None),
    own(
        "--constraint none",
        METRIC,
        |of| of.constraint == Constraint::None,
        |of| of.constraint = Constraint::Spd,
    ),
    own("--permute pairs", METRIC, |of| of.permute == Some(Permute::Pairs), |of| of.permute = None),
    own("--permute", EFFECTS, |of| of.permute.is_some(), |of| of.permute = None),
    own(
        "--distance",
        DISTANCES,
        |of| of.distance != Distance::Euclidean,
        |of| of.distance = Distance::Euclidean,
    ),
    own("--missing", DISTANCES, |of| of.missing != Missing::Zero, |of| of.missing = Missing::Zero),
];

impl EstimatorArgs {
    /// The estimator, or the first of several.
    pub fn first(&self) -> EstimatorName {
        self.estimator.first().copied().unwrap_or_default()
    }

    /// The options of each estimator that was asked for, once: those that it has, and the names of those that it lacks.
    pub fn each(&self) -> Vec<(Self, Vec<&'static str>)> {
        let mut names: Vec<EstimatorName> = Vec::new();
        for &name in &self.estimator {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let of = |name: EstimatorName| {
            let mut args = Self { estimator: vec![name], ..self.clone() };
            let mut lacks = Vec::new();
            for own in OWN.iter().filter(|own| !own.has.contains(&name)) {
                if (own.given)(&args) {
                    lacks.push(own.option);
                    (own.without)(&mut args);
                }
            }
            (args, lacks)
        };
        names.into_iter().map(of).collect()
    }

    /// Whether the options leave a column of this name among the features.
    pub fn fits(&self, name: &str) -> bool {
        let is = |other: &String| other == name;
        (self.features.is_empty() || list::has(&self.features, name))
            && !list::has(&self.drop, name)
            && ![&self.split, &self.unit, &self.average, &self.partition].into_iter().flatten().any(is)
    }

    /// Whether several estimators were asked for.
    pub fn are_several(&self) -> bool {
        self.each().len() > 1
    }

    /// What a run on `features` is made with, drawing from `seed`.
    pub fn settings(&self, seed: u64, features: &FeatureTable) -> Settings {
        Settings {
            estimator: self.first(),
            params: self.params(seed),
            folds: features.given_folds().unwrap_or(self.folds),
            split: self.split.clone(),
            unit: self.unit.clone(),
            average: self.average.clone(),
            partition: self.partition.clone(),
            bootstrap: self.bootstrap,
            map: self.map,
            dimension: self.dimension.unwrap_or(self.map),
            per_unit: self.per_unit,
        }
    }

    /// Whether the estimator has the options that were given, and each a value that it can have.
    ///
    /// # Errors
    ///
    /// A usage mistake, with the option and the estimators that have it; [`mlem::Error::Option`], with the value.
    pub fn check(&self) -> Result<()> {
        let lacks = |own: &&Own| {
            (own.given)(self) && !self.estimator.iter().any(|estimator| own.has.contains(estimator))
        };
        if let Some(Own { option, whose, .. }) = OWN.iter().find(lacks) {
            let message = format!("{option} is an option of --estimator {whose}");
            return Err(Failure::usage(message, "leave it out, or choose the estimator that has it"));
        }
        if self.conditional.is_some() && self.permuted() == Permute::Pairs {
            return Err(Failure::usage(
                "--conditional permutes values across stimuli, and --permute pairs asks for distances across pairs",
                "leave one of the two out",
            ));
        }
        self.check_partition()?;
        if let Some(unit) = &self.unit {
            let apart = "--split says the fold of each stimulus, and --unit has folds drawn that keep stimuli together";
            let hint = format!(
                "leave --unit out: folds of --split keep together what has one value there; or leave --split out, and folds of whole \
                 units of `{unit}` are drawn"
            );
            if self.split.is_some() {
                return Err(Failure::usage(apart, hint));
            }
            if self.average.is_some() {
                return Err(Failure::usage(
                    "--average makes one stimulus of those that go together, and --unit keeps them, in one fold",
                    "leave one of the two out",
                ));
            }
        }
        // Draws and samples of single stimuli would part those that go together.
        let of_stimuli = [(self.null > 0, "--null"), (self.bootstrap > 0, "--bootstrap")];
        if let Some((_, option)) = of_stimuli.iter().find(|(given, _)| *given && self.unit.is_some()) {
            return Err(Failure::usage(
                format!("{option} draws single stimuli, and --unit says that they go together"),
                "average them first, with --average in the place of --unit, or leave one of the two out",
            ));
        }
        let within = |option, value: usize, allowed: RangeInclusive<usize>, range| {
            if allowed.contains(&value) {
                return Ok(());
            }
            Err(mlem::Error::Option { option, value: value.to_string(), range })
        };
        within("folds", self.folds, 1..=usize::MAX, "at least 1")?;
        within("bootstrap", self.bootstrap, 0..=BOOTSTRAP, "at most 100,000")?;
        // Units are fitted after the layers, and what they cannot be fitted with is known now.
        if self.per_unit && self.each().iter().any(|(of, _)| of.first() == EstimatorName::Mlem) {
            self.params(0).check_units()?;
        }
        Ok(self.params(0).check()?)
    }

    /// Whether the options of cross-validated distances go together.
    fn check_partition(&self) -> Result<()> {
        if self.distance == Distance::Crossnobis
            && let Some(other) = self.estimator.iter().find(|other| !DISTANCES.0.contains(other))
        {
            return Err(Failure::usage(
                format!(
                    "--distance crossnobis gives distances and no activations, which {} takes",
                    other.name()
                ),
                "fit mlem, frrsa and rsa to them, and the others in a run of their own",
            ));
        }
        let Some(partition) = &self.partition else { return Ok(()) };
        if self.average.is_none() {
            return Err(Failure::usage(
                "--partition says in which partition each stimulus was measured, and not which stimuli are one condition",
                "name the column of the conditions with --average",
            ));
        }
        if self.average.as_ref() == Some(partition) {
            return Err(Failure::usage(
                format!("`{partition}` names the conditions (--average) and the partitions (--partition)"),
                "each condition is measured in several partitions: name another column in one of the two",
            ));
        }
        Ok(())
    }

    /// MLEM's parameters, drawing from `seed`.
    pub fn params(&self, seed: u64) -> MlemParams {
        mlem::Mlem::params()
            .interactions(self.interactions)
            .distance(self.distance)
            .target(self.target)
            .scoring(self.scoring.unwrap_or_default())
            .constraint(self.constraint)
            .solver(self.solver)
            .soft_rank_strength(self.soft_rank_strength)
            .missing(self.missing)
            .pairs(self.pairs)
            .permute(self.permuted())
            .permutations(self.permutations)
            .groups(self.group.clone())
            .conditional(self.conditional)
            .nulls(self.null)
            .seed(seed)
    }
}

impl EstimatorArgs {
    /// What is permuted, as it was asked for or as other options need it.
    pub fn permuted(&self) -> Permute {
        let implied = if self.conditional.is_some() { Permute::Stimuli } else { Permute::Pairs };
        self.permute.unwrap_or(implied)
    }
}

/// Reads `NAME=F,...`.
pub fn feature_group(text: &str) -> std::result::Result<FeatureGroup, String> {
    let (name, members) = text.split_once('=').unwrap_or((text, ""));
    if name.trim().is_empty() || members.trim().is_empty() {
        return Err("write a name and its features: noun=subj_* or noun=subj_number,obj_number".to_owned());
    }
    let members = list::split(members)?;
    let name = name.trim();
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    Ok(FeatureGroup { name: name.to_owned(), members })
}

fn pair_budget(text: &str) -> std::result::Result<PairBudget, String> {
    if text == "all" {
        return Ok(PairBudget::All);
    }
    // As people write large numbers: 1_000_000, 1e6.
    let plain = text.replace('_', "");
    let short = || plain.parse::<f64>().ok().filter(|x| x.fract() == 0.0 && (0.0..1e15).contains(x));
    let number = plain.parse().ok().or_else(|| short().map(|x| x as u64));
    number
        .map(PairBudget::AtMost)
        .ok_or_else(|| "give a whole number of at least 1000 (1e6 is one), or `all`".to_owned())
}

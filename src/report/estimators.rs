//! What each estimator is called, what its numbers are, and whom to cite; the same in tables, figures and pages.

use serde_json::Value;

use super::notation::{short, visible};
use crate::profile::ScoreMeasure;
use crate::rundir::RunRecord;
use crate::text;

/// The words for one estimator.
#[derive(Debug)]
pub(super) struct Words {
    /// As `--estimator` has it.
    id: &'static str,
    /// Its name, with the reference.
    pub(super) name: &'static str,
    /// What it does, as the title of a page.
    pub(super) title: &'static str,
    /// What its scores are, short enough for the head of a row, and in full, where the run does not say.
    score: Option<(&'static str, &'static str)>,
    /// Over what an importance varies within one fold, if anything.
    pub(super) permuted: &'static str,
    /// The reference as BibTeX.
    pub(super) bibtex: &'static str,
}

const MLEM: Words = Words {
    id: "mlem",
    name: "a Metric Learning Encoding Model (MLEM; Jalouzot et al., 2024)",
    title: "Metric Learning Encoding Model: which features organise the distances between activations",
    score: None,
    permuted: "permutations",
    bibtex: "@misc{jalouzot2024mlem,
  title         = {Metric-Learning Encoding Models Identify Processing Profiles of Linguistic Features in {BERT}'s Representations},
  author        = {Jalouzot, Louis and Sobczyk, Robin and Lhopitallier, Bastien and Salle, Jeanne and Lan, Nur and Chemla, Emmanuel and Lakretz, Yair},
  year          = {2024},
  eprint        = {2402.11608},
  archivePrefix = {arXiv},
  primaryClass  = {cs.CL}
}",
};

const FRRSA: Words = Words {
    id: "frrsa",
    name: "feature-reweighted representational similarity analysis (FR-RSA; Kaniuth & Hebart, 2022)",
    title: "Feature-reweighted RSA: which features organise the distances between activations",
    bibtex: "@article{kaniuth2022frrsa,
  title   = {Feature-reweighted representational similarity analysis: A method for improving the fit between computational models, brains, and behavior},
  author  = {Kaniuth, Philipp and Hebart, Martin N.},
  journal = {NeuroImage},
  volume  = {257},
  pages   = {119294},
  year    = {2022}
}
@article{rokem2020fracridge,
  title   = {Fractional ridge regression: a fast, interpretable reparameterization of ridge regression},
  author  = {Rokem, Ariel and Kay, Kendrick},
  journal = {GigaScience},
  volume  = {9},
  number  = {12},
  year    = {2020}
}",
    ..MLEM
};

const RSA: Words = Words {
    id: "rsa",
    name: "representational similarity analysis (RSA; Kriegeskorte et al., 2008), one feature at a time",
    title: "Representational similarity analysis: which features' distances go with those between activations",
    score: None,
    permuted: "permutations",
    bibtex: "@article{kriegeskorte2008rsa,
  title   = {Representational similarity analysis – connecting the branches of systems neuroscience},
  author  = {Kriegeskorte, Nikolaus and Mur, Marieke and Bandettini, Peter},
  journal = {Frontiers in Systems Neuroscience},
  volume  = {2},
  pages   = {4},
  year    = {2008}
}",
};

const DECODING: Words = Words {
    id: "decoding",
    name: "linear decoding probes with control tasks (Hewitt & Liang, 2019), one per feature",
    title: "Linear decoding: which features a probe can read off the activations",
    score: Some((
        "Decoding",
        "Mean skill of the probes (2·AUC − 1 of categorical features, R² of numeric ones), on",
    )),
    permuted: "control tasks",
    bibtex: "@inproceedings{hewitt2019control,
  title     = {Designing and Interpreting Probes with Control Tasks},
  author    = {Hewitt, John and Liang, Percy},
  booktitle = {Proceedings of EMNLP-IJCNLP},
  pages     = {2733--2743},
  year      = {2019}
}",
};

const ENCODING: Words = Words {
    id: "encoding",
    name: "an encoding model (ridge regression from features to units; Naselaris et al., 2011)",
    title: "Encoding: how much of every unit the features predict",
    score: Some((
        "R²",
        "R² of activations predicted from the features, pooled over units by their variance, on",
    )),
    permuted: "permutations",
    bibtex: "@article{naselaris2011encoding,
  title   = {Encoding and decoding in {fMRI}},
  author  = {Naselaris, Thomas and Kay, Kendrick N. and Nishimoto, Shinji and Gallant, Jack L.},
  journal = {NeuroImage},
  volume  = {56},
  number  = {2},
  pages   = {400--410},
  year    = {2011}
}
@article{hoerl1970ridge,
  title   = {Ridge Regression: Biased Estimation for Nonorthogonal Problems},
  author  = {Hoerl, Arthur E. and Kennard, Robert W.},
  journal = {Technometrics},
  volume  = {12},
  number  = {1},
  pages   = {55--67},
  year    = {1970}
}",
};

impl Words {
    /// Those for the estimator of `run`.
    pub(super) fn of(run: &RunRecord) -> &'static Self {
        let id = run.options.get("estimator").and_then(Value::as_str).unwrap_or_default();
        [&FRRSA, &RSA, &DECODING, &ENCODING].into_iter().find(|words| words.id == id).unwrap_or(&MLEM)
    }

    /// What the scores of `run` are, short enough for the head of a row.
    pub(super) fn score(&self, run: &RunRecord) -> &'static str {
        self.score.map_or_else(|| run.measure().label(), |(score, _)| score)
    }

    /// What the score of a layer of `run` is, before which stimuli it is on.
    pub(super) fn fit(&self, run: &RunRecord) -> String {
        match (self.score, self.id) {
            (Some((_, fit)), _) => fit.to_owned(),
            (None, "rsa") => format!(
                "{} correlation of the sum of all feature distances with the neural distance{}, over pairs within",
                run.measure().label(),
                if run.measure() == ScoreMeasure::Pearson { ", all squared" } else { "" }
            ),
            (None, _) => format!("{}, over pairs within", run.measure().of()),
        }
    }

    /// What an importance is, where it is no drop of the score.
    pub(super) fn importance(&self, run: &RunRecord) -> Option<String> {
        let controls = run.options.get("permutations").and_then(Value::as_u64);
        let controls = controls
            .map(|n| format!(", {}", text::counted(u128::from(n), "control task")))
            .unwrap_or_default();
        match self.id {
            "rsa" => {
                let measure = run.measure().label();
                Some(format!("{measure} of the feature's distance alone with the neural distance (RSA)"))
            }
            "decoding" => Some(format!(
                "selectivity of a linear probe: its skill (2·AUC − 1, or R² of a numeric feature; 0 is chance) less that on shuffled \
                 values{controls}"
            )),
            "encoding" => Some(encoding_importance(run)),
            _ => None,
        }
    }

    /// The model, the score and the importance of a methods paragraph, where they are not a metric's.
    pub(super) fn method(&self, run: &RunRecord, split: &str) -> Option<String> {
        match self.id {
            "rsa" => {
                let distance = run.options.get("distance").and_then(Value::as_str).unwrap_or("euclidean");
                let (correlation, squared) = match run.measure() {
                    ScoreMeasure::Pearson => ("Pearson's correlation", "squared "),
                    _ => ("Spearman's correlation, with mid-ranks for ties,", ""),
                };
                Some(format!(
                    "Nothing was fitted. The importance of a feature is {correlation} of its \
                     {squared}distance with the {squared}neural distance ({}) over pairs of stimuli {split}; the fit of a layer is that \
                     of the sum of all {squared}feature distances.",
                    visible(distance)
                ))
            }
            "decoding" => {
                let controls = run.options.get("permutations").and_then(Value::as_u64).unwrap_or_default();
                Some(format!(
                    "Each categorical feature was decoded by L2-regularised logistic regression and each numeric one by ridge \
                     regression on standardised activations, with the penalty chosen by three-fold cross-validation within the \
                     training stimuli; probes were scored {split}, by the area under the ROC curve (each level against the rest, \
                     averaged) or R². As skill, 2·AUC − 1 or R², both are 0 at chance and 1 at best; the score of a layer is the mean \
                     skill. The importance of a feature is the selectivity of its probe: its skill less the mean skill of {} \
                     in which the feature's values were shuffled over stimuli.",
                    text::counted(u128::from(controls), "control task")
                ))
            }
            "encoding" => Some(encoding_method(run, split)),
            _ => None,
        }
    }
}

/// What an importance of encoding is.
fn encoding_importance(run: &RunRecord) -> String {
    let number = |name: &str| run.options.get(name).and_then(Value::as_u64);
    let times = number("permutations").map(|n| format!(", {}", text::counted(u128::from(n), "permutation")));
    let threshold = run.options.get("conditional").and_then(Value::as_f64);
    let within = threshold.map(|r| format!(" that agree in its correlates (|r| > {})", short(r, 2)));
    format!(
        "drop in R² (pooled over units) when a feature's values are permuted across held-out stimuli{}{}",
        within.unwrap_or_default(),
        times.unwrap_or_default()
    )
}

fn encoding_method(run: &RunRecord, split: &str) -> String {
    let products = match run.options.get("interactions") {
        Some(Value::Bool(true)) => "; the products of the columns of every two features were columns too",
        _ => "",
    };
    let (what, left_out) = match run.options.get("unit").and_then(Value::as_str) {
        Some(column) => ("the stimuli of each unit", format!(" of one {} together", visible(column))),
        None => ("each training stimulus", String::new()),
    };
    let times = run.options.get("permutations").and_then(Value::as_u64).unwrap_or_default();
    let threshold = run.options.get("conditional").and_then(Value::as_f64);
    let within = threshold.map(|r| {
        format!(" that agree in the features whose distances correlate with its own beyond {}", short(r, 2))
    });
    let importance = match times {
        0 => String::new(),
        n => format!(
            " The importance of a feature is the drop in the pooled R² when its values are permuted across held-out stimuli{} \
             (of an interaction: the drop of permuting both of its features, less the drops of each), averaged over {}.",
            within.unwrap_or_default(),
            text::counted(u128::from(n), "permutation")
        ),
    };
    format!(
        "The activations of all units were predicted from the features by ridge regression. A categorical feature had a column for each \
         level (one where it has two), a numeric one a column; columns were standardised on the training stimuli, and a missing value \
         was put at their mean{products}. The penalty, one for all units of a layer, was that with the least squared error when {what} \
         was left out{left_out} within the training stimuli (in closed form). Predictions were scored {split}, by R² pooled over units \
         (one less the sum of squared errors over that of squared deviations), and by Pearson's correlation, its mean over units.\
         {importance}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(estimator: &str) -> RunRecord {
        let mut run = RunRecord::default();
        run.options.insert("estimator".to_owned(), estimator.into());
        run.options.insert("permutations".to_owned(), 1.into());
        run
    }

    #[test]
    fn every_estimator_says_what_its_importance_is() {
        for (id, metric) in
            [("mlem", true), ("frrsa", true), ("rsa", false), ("decoding", false), ("encoding", false)]
        {
            let run = run(id);
            let words = Words::of(&run);
            assert_eq!(words.id, id);
            assert_eq!(words.importance(&run).is_none(), metric);
            assert_eq!(words.method(&run, "on all stimuli").is_none(), metric);
        }
        assert_eq!(Words::of(&RunRecord::default()).id, "mlem");
        assert!(
            Words::of(&run("decoding"))
                .importance(&run("decoding"))
                .unwrap()
                .ends_with("values, 1 control task")
        );
    }
}

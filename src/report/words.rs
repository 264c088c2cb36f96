//! How numbers and names are written, and the sentences that say what they are; the same in tables, figures and pages.

use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::estimators::Words;
use crate::profile::{ALPHA, Split, Spread, SpreadOver, Summary};
use crate::rundir::RunRecord;
use crate::text;

/// What the score on single repeats of the activations is called.
pub(super) const ONE_REPEAT: &str = "held-out, one repeat";

/// What stands where there is no number.
pub(super) const UNDEFINED: &str = "—";

/// `value` with `decimals` decimals, without the zero before the point: `.123`, `-.020`; a rounded zero has no sign.
pub(super) fn short(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return UNDEFINED.to_owned();
    }
    let text = format!("{value:.decimals$}");
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let sign = if digits.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { sign } else { "" };
    format!("{sign}{}", if decimals > 0 { digits.strip_prefix('0').unwrap_or(digits) } else { digits })
}

/// A mean with its spread: `.123 ± .012`, or the mean alone where there is no spread.
pub(super) fn spread(spread: Spread, decimals: usize) -> String {
    let mean = short(spread.mean, decimals);
    if spread.sd.is_finite() { format!("{mean} ± {}", short(spread.sd, decimals)) } else { mean }
}

/// `name` with what would disturb a terminal or a line (control and direction characters) made visible.
pub(super) fn visible(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        let steers = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || steers { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// As [`visible`], for a text whose lines stand.
pub(super) fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// `text` in at most `width` columns of a terminal, cut with `…` where it is wider.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut column = 1;
    for c in text.chars() {
        column += c.width().unwrap_or(0);
        if column > width {
            break;
        }
        shown.push(c);
    }
    shown + "…"
}

/// What an importance is, in one sentence.
pub(super) fn importance(summary: &Summary, run: &RunRecord) -> String {
    let other = Words::of(run).importance(run);
    let what = match run.options.get("permute").and_then(Value::as_str) {
        Some("pairs") => "drop in Spearman when a term's distances are permuted across pairs of stimuli",
        Some("stimuli") => "drop in Spearman when a feature's values are permuted across stimuli",
        _ => "drop in Spearman when a feature is permuted",
    };
    let permutations = run.options.get("permutations").and_then(Value::as_u64);
    let times = permutations
        .map(|n| format!(", {}", text::counted(u128::from(n), "permutation")))
        .unwrap_or_default();
    let threshold = run.options.get("conditional").and_then(Value::as_f64);
    let within = threshold
        .map(|r| format!(" that agree in its correlates (|r| > {})", short(r, 2)))
        .unwrap_or_default();
    let over = match summary.spread_over {
        SpreadOver::Folds => {
            format!("mean ± sd over {} folds of held-out stimuli", text::count(summary.n_folds as u128))
        }
        SpreadOver::Permutations => "mean ± sd over permutations, on all stimuli (one fold)".to_owned(),
    };
    match other {
        Some(what) => format!("{what}; {over}"),
        None => format!("{what}{within}{times}; {over}"),
    }
}

/// What a star says, if any were given.
pub(super) fn stars(summary: &Summary, run: &RunRecord) -> Option<String> {
    let draws = run.options.get("null").and_then(Value::as_u64).filter(|&n| n > 0);
    summary.is_tested().then(|| {
        let draws = draws
            .map(|n| format!(" ({} of the null)", text::counted(u128::from(n), "draw")))
            .unwrap_or_default();
        format!("p < {}, one-sided, after Benjamini and Hochberg{draws}", short(ALPHA, 2))
    })
}

/// What a score is, in a few words.
pub(super) fn score(split: Split, run: &RunRecord) -> String {
    let stimuli = match split {
        Split::Train => "training",
        Split::Test => "held-out",
    };
    format!("{}, {stimuli} stimuli", Words::of(run).score)
}

/// What was run: the stimuli and the model or the file of activations.
pub(super) fn title(run: &RunRecord) -> (String, String) {
    let activations = match (&run.model, &run.activations) {
        (Some(model), _) if model.untrained.is_some() => format!("untrained {}", model.id),
        (Some(model), _) => model.id.clone(),
        (None, Some(file)) => file.clone(),
        (None, None) => "activations".to_owned(),
    };
    (visible(&run.stimuli.name), visible(&activations))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_never_minus_zero() {
        assert_eq!(short(0.1234, 3), ".123");
        assert_eq!(short(-0.02, 2), "-.02");
        assert_eq!(short(-0.0001, 2), ".00");
        assert_eq!(short(1.0, 2), "1.00");
        assert_eq!(short(f64::NAN, 2), "—");
        assert_eq!(spread(Spread { mean: 0.5, sd: f64::NAN, n: 1 }, 2), ".50");
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(visible("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(visible("été 名"), "été 名");
    }
}

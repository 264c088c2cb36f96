//! Options of the controls of a run.

use clap::Args;
use mlem_probe::controls::Control;
use mlem_probe::text;

/// Which controls are made.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Controls")]
pub struct ControlArgs {
    /// Baselines on the same stimuli, folds, distance and options, and what of the profile is left above them (controls.csv; default: all
    /// that can be made): untrained, the same architecture with random weights; shuffled, the words of each sentence in random order;
    /// bag-of-words, counts of words; position, the number of words (and with --at where the slot stands)
    #[arg(long, value_name = "NAME,...", num_args = 0..=1, require_equals = true, default_missing_value = ALL, value_parser = asked)]
    pub controls: Option<Asked>,
}

/// What stands for all of them.
const ALL: &str = "all";

/// Controls that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Which, in their order.
    pub controls: Vec<Control>,
    /// Whether they were named, so that one that cannot be made is a mistake.
    pub named: bool,
}

fn asked(list: &str) -> Result<Asked, String> {
    if list.trim() == ALL {
        return Ok(Asked { controls: Control::ALL.to_vec(), named: false });
    }
    let names = Control::ALL.map(Control::name);
    let mut wanted = Vec::new();
    for text in list.split(',') {
        let written = text.trim().to_lowercase().replace(['_', ' '], "-");
        let found = Control::ALL.into_iter().find(|control| control.name() == written);
        wanted.push(found.ok_or_else(|| {
            let known = || format!("the controls are {}", text::join_and(&names));
            match text.trim() {
                "" => known(),
                text => text::suggest(text, names, "the controls are").unwrap_or_else(known),
            }
        })?);
    }
    let controls = Control::ALL.into_iter().filter(|control| wanted.contains(control)).collect();
    Ok(Asked { controls, named: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_each_once_in_their_order() {
        let found = asked("position, Bag_of_Words,position").unwrap();
        assert_eq!(found, Asked { controls: vec![Control::BagOfWords, Control::Position], named: true });
        assert!(!asked("all").unwrap().named);
        assert!(asked("shufled").unwrap_err().contains("shuffled"));
        for wrong in ["", "position,", ","] {
            assert!(asked(wrong).unwrap_err().contains("the controls are untrained, shuffled"), "{wrong}");
        }
    }
}

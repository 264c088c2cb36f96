//! Options of how a file of activations is read.

use clap::Args;
use mlem_probe::activations::{Axes, Reading};

use super::list::{self, Names};

/// How a file of activations is read.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Activations")]
pub struct ReadingArgs {
    /// The arrays that are layers, as names or patterns (`blocks.*.hook_resid_post`), in the order of the layers (default: by the
    /// numbers in their names)
    #[arg(long, value_name = "NAME,...", value_parser = list::names())]
    pub arrays: Vec<Names>,
    /// What the axes of each array are: n (stimuli), unit, and any other word for what is fitted one by one, as in n,layer,unit or
    /// n,unit,time
    #[arg(long, value_name = "AXES")]
    pub axes: Option<Axes>,
}

impl ReadingArgs {
    /// How a file of activations of `n` stimuli is read.
    pub fn of(&self, n: usize) -> Reading {
        Reading {
            n_stimuli: Some(n),
            arrays: list::all(&self.arrays),
            axes: self.axes.clone(),
            ..Reading::default()
        }
    }
}

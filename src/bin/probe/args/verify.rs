//! Options of `probe verify`.

use std::path::PathBuf;

use clap::Args;
use mlem_probe::models::Part;

use super::Talk;
use super::shared::named;

/// `probe verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A Hub id, an alias (bert-base), or a checkpoint directory
    pub model: String,
    /// Branch, tag or commit of the Hub
    #[arg(long, value_name = "REV")]
    pub revision: Option<String>,
    /// The model that an adapter is put on, in the place of the one that it names
    #[arg(long, value_name = "MODEL")]
    pub base: Option<String>,
    /// Leave out the adapter that lies beside a model's own weights
    #[arg(long)]
    pub no_adapter: bool,
    /// Which part of an encoder–decoder: its encoder, or its decoder, which reads each sentence itself while the encoder reads it too
    #[arg(long, value_name = "PART", default_value = "encoder", value_parser = named::<Part>(&Part::NAMES))]
    pub part: Part,
    /// A sentence to compare, as often as there are (default: twenty that come with this program)
    #[arg(long, value_name = "TEXT", conflicts_with = "sentences")]
    pub text: Vec<String>,
    /// Sentences to compare: a table with a column `sentence`, or lines of text; twenty from all over it are taken
    #[arg(long, value_name = "FILE")]
    pub sentences: Option<PathBuf>,
    /// Where to write the Python script (default: verify-MODEL.py); what it freezes goes beside it
    #[arg(short, long, value_name = "FILE", conflicts_with = "against")]
    pub out: Option<PathBuf>,
    /// Print the Python script
    #[arg(long, conflicts_with_all = ["against", "out"])]
    pub script: bool,
    /// Compare the model with what the script froze, and keep the certificate
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "sentences"])]
    pub against: Option<PathBuf>,
    #[command(flatten)]
    pub talk: Talk,
}

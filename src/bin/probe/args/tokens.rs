//! Options of `probe tokens`.

use clap::Args;
use mlem_probe::models::Part;

use super::Talk;
use super::shared::named;

/// `probe tokens`.
#[derive(Debug, Args)]
pub struct TokensArgs {
    /// A Hub id, an alias (bert-base), or a checkpoint directory
    pub model: String,
    /// Sentences, or a CSV with a `sentence` column; none shows how the tokenizer is read and no more
    #[arg(value_name = "TEXT|STIMULI")]
    pub texts: Vec<String>,
    /// Which part of an encoder–decoder reads the texts: its encoder, or its decoder, which reads a text shifted by one behind its start
    /// token
    #[arg(long, value_name = "PART", default_value = "encoder", value_parser = named::<Part>(&Part::NAMES))]
    pub part: Part,
    /// Branch, tag or commit of the Hub
    #[arg(long, value_name = "REV")]
    pub revision: Option<String>,
    /// The model that an adapter is put on, in the place of the one that it names
    #[arg(long, value_name = "MODEL")]
    pub base: Option<String>,
    /// Leave out the adapter that lies beside a model's own weights
    #[arg(long)]
    pub no_adapter: bool,
    #[command(flatten)]
    pub talk: Talk,
}

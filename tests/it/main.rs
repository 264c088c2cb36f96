//! The one integration binary. What goes where:
//!
//! - `array_files`: such files, written
//! - `arrays`: files of arrays as people save them
//! - `bad_input`: the message for everything that users get wrong
//! - `baselines`: against scikit-learn, and as the program runs them
//! - `cache`: activations that were taken before
//! - `compare`: models against each other, and against independent implementations
//! - `controls`: baselines of a run, and what of its profile is left above them
//! - `damage`: files that are damaged, and runs that are refused
//! - `device`: what a model runs on; the computation of GPUs, on the processor
//! - `docs`: every command and output of the README and the docs
//! - `encoding`: against scikit-learn and plain loops, and as the program runs it
//! - `extract`: stimuli and a model to activations
//! - `feature_grammars`: feature grammars as NLTK understands them
//! - `floors`: the architecture as the docs have it: floors, rooms, no circle of files, none too long
//! - `frequencies`: frequencies of word forms, bundled and of one's own
//! - `given_distances`: features that are distances, not values
//! - `group`: subjects as a sample, against MNE and `SciPy`, and as a user runs it
//! - `grammar_errors`: mistakes in grammars, each with its place
//! - `grammar_limits`: grammars that are very large, deep or repetitive
//! - `grammar_words`: the words of a grammar and a model's tokenizer
//! - `grammars`: the bundled sets are what they say
//! - `habits`: layers from the end, dry runs, presence and rewriting, what a page holds
//! - `hostile`: what nobody would do, and someone does
//! - `hub`: downloads from a server on loopback, well behaved and otherwise
//! - `minilm`: real weights against frozen hidden states (opt-in)
//! - `mistakes`: sixty mistakes, the cause and the remedy that are told, and the remedy done
//! - `mlem`: the estimator against published results, and properties of whole fits
//! - `models`: hidden states against frozen ones, and checkpoints that are wrong
//! - `offload`: weights that stay in their files, and weights in half precision
//! - `pipeline`: the program, stage by stage and as one run
//! - `pytorch`: weights in PyTorch's own formats
//! - `repeats`: activations that were recorded more than once, and their noise ceiling
//! - `robustness`: claims of a run against its variations, and how many stimuli a design needs
//! - `rwkv7`: its last hidden states against candle-transformers'
//! - `short_sentence`: a bundled set against a list made without grammars
//! - `streaming`: activations that go straight to their file
//! - `stochastic`: the paper's solver against published results and the exact one
//! - `sweep`: plans of many runs, here, in shards, and under Slurm (a real one is opt-in)
//! - `token_settings`: settings of a tokenizer with values that nobody means
//! - `tables`: tables as people have them
//! - `tokenizers`: those built from the files of a vocabulary
//! - `tokens`: what the model reads, in every layout of a tokenizer's files
//! - `transforms`: what is done to activations before the fit
//! - `untrained`: models before any training, as a control
//! - `verify`: what transformers made of some sentences, against the model
//! - `wild_configs`: configurations with values that no model has
//! - `workspace`: a folder for each test, and the program run in it
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod adapters;
mod array_files;
mod arrays;
mod bad_input;
mod baselines;
mod cache;
mod compare;
mod controls;
mod crossnobis;
mod damage;
mod decoders;
mod decoders_run;
mod device;
mod docs;
mod encoding;
mod extract;
mod feature_grammars;
mod floors;
mod frequencies;
mod given_distances;
mod grammar_errors;
mod grammar_limits;
mod grammar_words;
mod grammars;
mod group;
mod habits;
mod hostile;
mod hub;
mod lists;
mod minilm;
mod mistakes;
mod mlem;
mod model_names;
mod models;
mod models_as_stimuli;
mod offload;
mod pipeline;
mod precision;
mod pytorch;
mod quantised;
mod random_configurations;
mod repeats;
mod robustness;
mod rundir;
mod rwkv7;
mod scoring;
mod short_sentence;
mod sites;
mod stochastic;
mod streaming;
mod streams;
mod structure;
mod surprisal;
mod sweep;
mod tables;
mod tables_named;
mod token_settings;
mod tokenizers;
mod tokens;
mod transforms;
mod untrained;
mod verify;
mod wild_configs;
mod workspace;

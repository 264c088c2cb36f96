//! One small file per family: a configuration becomes a declaration.
//!
//! Each names its source in Hugging Face transformers; `tests/golden/hidden_states.py` freezes what that computes.

pub(super) mod albert;
pub(super) mod bart;
pub(super) mod bert;
pub(super) mod bloom;
pub(super) mod deberta;
pub(super) mod distilbert;
pub(super) mod electra;
pub(super) mod falcon;
pub(super) mod gemma;
pub(super) mod gpt2;
pub(super) mod gpt_neo;
pub(super) mod gpt_neox;
pub(super) mod llama;
pub(super) mod mamba;
pub(super) mod modernbert;
pub(super) mod mpnet;
pub(super) mod olmo;
pub(super) mod opt;
pub(super) mod phi;
#[cfg(test)]
mod published;
pub(super) mod roberta;
mod rope;
pub(super) mod rwkv7;
pub(super) mod t5;
pub(super) mod wrapped;

//! One small file per family: a configuration becomes a declaration.
//!
//! Each names its source in Hugging Face transformers; `tests/golden/hidden_states.py` freezes what that computes.

pub(in crate::models) mod albert;
pub(in crate::models) mod bart;
pub(in crate::models) mod bert;
pub(in crate::models) mod bloom;
pub(in crate::models) mod deberta;
pub(in crate::models) mod distilbert;
pub(in crate::models) mod electra;
pub(in crate::models) mod falcon;
pub(in crate::models) mod gemma;
pub(in crate::models) mod gpt2;
pub(in crate::models) mod gpt_neo;
pub(in crate::models) mod gpt_neox;
pub(in crate::models) mod llama;
pub(in crate::models) mod mamba;
pub(in crate::models) mod modernbert;
pub(in crate::models) mod mpnet;
pub(in crate::models) mod olmo;
pub(in crate::models) mod opt;
pub(in crate::models) mod phi;
pub(in crate::models) mod roberta;
mod rope;
pub(in crate::models) mod rwkv7;
pub(in crate::models) mod t5;
pub(in crate::models) mod wrapped;

//! One small file per family: a configuration becomes a declaration.
//!
//! Each names its source in Hugging Face transformers; `tests/golden/hidden_states.py` freezes what that computes.

pub(super) mod albert;
pub(super) mod bart;
pub(super) mod bert;
pub(super) mod bloom;
pub(super) mod clip;
pub(super) mod deberta;
pub(super) mod deberta_v1;
pub(super) mod distilbert;
pub(super) mod electra;
pub(super) mod ernie;
pub(super) mod falcon;
pub(super) mod gemma;
pub(super) mod gpt2;
pub(super) mod gpt_bigcode;
pub(super) mod gpt_neo;
pub(super) mod gpt_neox;
pub(super) mod gptj;
pub(super) mod gte;
pub(super) mod llama;
pub(super) mod mamba;
pub(super) mod megatron_bert;
pub(super) mod modernbert;
pub(super) mod mpnet;
pub(super) mod mpt;
pub(super) mod nomic_bert;
pub(super) mod olmo;
pub(super) mod opt;
pub(super) mod phi;
pub(super) mod rembert;
pub(super) mod roberta;
pub(super) mod roformer;
mod rope;
pub(super) mod rwkv7;
pub(super) mod starcoder2;
pub(super) mod t5;
pub(super) mod wrapped;
pub(super) mod xglm;

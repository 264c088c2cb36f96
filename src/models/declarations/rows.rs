//! The rows of the table of what is supported, by `model_type`.

use super::families::{
    albert, apertus, arcee, bart, bert, bloom, clip, cohere, convbert, deberta, deberta_v1, deepseek,
    distilbert, electra, ernie, exaone4, falcon, gemma, gemma3n, gemma4, glm, gpt_bigcode, gpt_neo, gpt_neox,
    gpt_oss, gpt2, gptj, granitemoe, gte, hybrid, jamba, led, lfm, llama, longformer, mamba, megatron_bert,
    mixtral, mobilebert, modernbert, mpnet, mpt, nemotron, nemotron_h, nomic_bert, olmo, olmo_hybrid, olmoe,
    opt, phi, qwen_moe, qwen_vl, qwen3_next, recurrent_gemma, rembert, roberta, roformer, rwkv7, starcoder2,
    switch_transformers, t5, t5gemma, wrapped, xglm, xlm, xmod, zamba2,
};
use super::family::{Family, row};
use super::initial;

/// The table, by `model_type`.
pub(super) const FAMILIES: &[Family] = &[
    row("albert", "ALBERT", &["albert", "albert_gelu"], albert::declare),
    row("apertus", "Apertus", &["apertus", "apertus_odd"], apertus::apertus).drawn(apertus::initial),
    row("arcee", "AFM (Arcee)", &["arcee", "arcee_odd"], arcee::arcee),
    row("bamba", "Bamba", &["bamba", "bamba_odd"], hybrid::bamba).drawn(hybrid::initial),
    row("bart", "BART (encoder, decoder)", &["bart", "bart_odd"], bart::bart)
        .drawn(initial::init_std)
        .with_decoder(&["bart", "bart_odd"], bart::bart_decoder),
    row("bert", "BERT", &["bert", "bert_odd", "bert_f16", "bert_bf16"], bert::declare),
    row(
        "big_bird",
        "BigBird (up to where it attends to everything)",
        &["big_bird", "big_bird_odd"],
        longformer::big_bird,
    ),
    row("bloom", "BLOOM", &["bloom", "bloom_heads"], bloom::declare),
    row("camembert", "CamemBERT", &["camembert", "camembert_odd"], roberta::declare),
    row("clip", "CLIP (text tower)", &["clip", "clip_odd"], clip::clip).drawn(clip::clip_initial),
    row("clip_text_model", "CLIP (text model)", &["clip_text", "clip_text_odd"], clip::clip_text)
        .drawn(clip::clip_initial),
    row("codegen", "CodeGen", &["codegen", "codegen_odd"], gptj::codegen),
    row("cohere", "Command R", &["cohere", "cohere_odd"], cohere::cohere),
    row("cohere2", "Command R7B", &["cohere2", "cohere2_odd"], cohere::cohere2),
    row("convbert", "ConvBERT", &["convbert", "convbert_groups", "convbert_one_head"], convbert::declare),
    row("deberta", "DeBERTa (the first)", &["deberta", "deberta_c2p", "deberta_plain"], deberta_v1::declare),
    row(
        "deberta-v2",
        "DeBERTa v2 and v3",
        &["deberta_v3", "deberta_v2", "deberta_v2_conv", "deberta_v2_groups", "deberta_v3_short"],
        deberta::declare,
    ),
    row(
        "deepseek_v2",
        "DeepSeek-V2",
        &["deepseek_v2", "deepseek_v2_odd", "deepseek_v2_groups"],
        deepseek::v2,
    ),
    row("deepseek_v3", "DeepSeek-V3", &["deepseek_v3", "deepseek_v3_odd"], deepseek::v3),
    row("distilbert", "DistilBERT", &["distilbert", "distilbert_odd"], distilbert::declare),
    row("electra", "ELECTRA (discriminator)", &["electra", "electra_square"], electra::declare),
    row("ernie", "ERNIE", &["ernie", "ernie_tasks"], ernie::declare),
    row("ernie4_5", "ERNIE 4.5", &["ernie4_5", "ernie4_5_odd"], glm::ernie4_5),
    row("eurobert", "EuroBERT", &["eurobert", "eurobert_grouped"], llama::eurobert),
    row("exaone4", "EXAONE 4", &["exaone4", "exaone4_odd"], exaone4::declare),
    row("falcon", "Falcon", &["falcon", "falcon_new", "falcon_rw"], falcon::declare),
    row("flex_olmo", "FlexOlmo", &["flex_olmo", "flex_olmo_odd"], olmoe::flex_olmo),
    row("falcon_h1", "Falcon-H1", &["falcon_h1", "falcon_h1_odd", "falcon_h1_normed"], hybrid::falcon_h1)
        .drawn(hybrid::initial),
    row(
        "falcon_mamba",
        "Falcon Mamba",
        &["falcon_mamba", "falcon_mamba_odd", "falcon_mamba_given"],
        mamba::falcon_mamba,
    )
    .drawn(mamba::initial),
    row("flaubert", "FlauBERT", &["flaubert", "flaubert_odd"], xlm::flaubert).drawn(xlm::initial),
    row("gemma", "Gemma", &["gemma", "gemma_grouped", "gemma_relu"], gemma::gemma),
    row("gemma2", "Gemma 2", &["gemma2", "gemma2_odd"], gemma::gemma2),
    row(
        "gemma3",
        "Gemma 3 (text of the models that see)",
        &["gemma3_wrapped", "gemma3_wrapped_odd"],
        wrapped::gemma3,
    ),
    row("gemma3_text", "Gemma 3 (text)", &["gemma3", "gemma3_odd", "gemma3_both_sides"], gemma::gemma3),
    row("gemma3n", "Gemma 3n (text of the models that see)", &["gemma3n", "gemma3n_odd"], gemma3n::wrapped)
        .drawn(gemma3n::initial),
    row("gemma3n_text", "Gemma 3n (text)", &["gemma3n_text", "gemma3n_text_odd"], gemma3n::text)
        .drawn(gemma3n::initial),
    row("gemma4", "Gemma 4 (text of the models that see)", &["gemma4", "gemma4_odd"], gemma4::wrapped),
    row("gemma4_text", "Gemma 4 (text)", &["gemma4_text", "gemma4_text_odd", "gemma4_experts"], gemma4::text),
    row("glm", "GLM-4", &["glm", "glm_odd"], glm::glm),
    row("glm4", "GLM-4-0414", &["glm4", "glm4_odd"], glm::glm4),
    row("gpt2", "GPT-2", &["gpt2", "gpt2_odd", "gpt2_by_depth", "gpt2_both_sides"], gpt2::declare)
        .drawn(gpt2::initial),
    row(
        "gpt_bigcode",
        "GPT-BigCode (SantaCoder, StarCoder)",
        &["gpt_bigcode", "gpt_bigcode_heads", "gpt_bigcode_unscaled"],
        gpt_bigcode::declare,
    ),
    row("gpt_neo", "GPT-Neo", &["gpt_neo", "gpt_neo_odd"], gpt_neo::declare),
    row(
        "gpt_neox",
        "GPT-NeoX (Pythia)",
        &["gpt_neox", "gpt_neox_serial", "gpt_neox_uneven"],
        gpt_neox::declare,
    ),
    row("gpt_oss", "gpt-oss", &["gpt_oss", "gpt_oss_odd", "gpt_oss_mxfp4"], gpt_oss::declare),
    row(
        "granitemoehybrid",
        "Granite 4",
        &["granitemoehybrid", "granitemoehybrid_odd", "granitemoehybrid_dense"],
        hybrid::granitemoehybrid,
    )
    .drawn(hybrid::initial),
    row("gte", "GTE", &["gte", "gte_odd"], gte::gte),
    row("gptj", "GPT-J", &["gptj", "gptj_odd"], gptj::gptj),
    row("granite", "Granite", &["granite", "granite_odd"], llama::granite),
    row("granitemoe", "Granite with experts", &["granitemoe", "granitemoe_odd"], granitemoe::declare),
    row("helium", "Helium", &["helium", "helium_odd"], glm::helium),
    row("idefics3", "Idefics 3 (text)", &["idefics3", "idefics3_odd"], wrapped::idefics3),
    row("jamba", "Jamba", &["jamba", "jamba_odd"], jamba::declare).drawn(jamba::initial),
    row(
        "jina_embeddings_v3",
        "jina-embeddings-v3 (without adapters)",
        &["jina_embeddings_v3", "jina_embeddings_v3_odd"],
        gte::jina_embeddings_v3,
    ),
    row("led", "LED (encoder, decoder; without global tokens)", &["led", "led_odd"], led::encoder)
        .drawn(initial::init_std)
        .with_decoder(&["led", "led_odd"], led::decoder),
    row("lfm2", "LFM2", &["lfm2", "lfm2_odd"], lfm::lfm2),
    row("lfm2_moe", "LFM2 with experts", &["lfm2_moe", "lfm2_moe_odd"], lfm::lfm2_moe),
    row("lfm3", "LFM3", &["lfm3", "lfm3_odd"], lfm::lfm3),
    row("llama", "Llama", &["llama", "llama3", "llama_linear"], llama::llama),
    row("llava", "LLaVA (text)", &["llava", "llava_qwen2", "llava_mistral"], wrapped::llava),
    row("llava_next", "LLaVA-NeXT (text)", &["llava_next", "llava_next_mistral"], wrapped::llava),
    row(
        "longformer",
        "Longformer (without global tokens)",
        &["longformer", "longformer_odd"],
        longformer::longformer,
    ),
    row("longt5", "LongT5 (encoder, decoder)", &["longt5", "longt5_global"], t5::longt5)
        .drawn(t5::initial)
        .with_decoder(&["longt5", "longt5_global"], t5::longt5_decoder),
    row("luke", "LUKE (without entities)", &["luke", "luke_odd"], roberta::luke),
    row("m2m_100", "M2M-100 and NLLB (encoder, decoder)", &["m2m_100", "m2m_100_odd"], bart::m2m_100)
        .drawn(initial::init_std)
        .with_decoder(&["m2m_100", "m2m_100_odd"], bart::m2m_100_decoder),
    row("mamba", "Mamba", &["mamba", "mamba_odd"], mamba::mamba).drawn(mamba::initial),
    row("mamba2", "Mamba-2", &["mamba2", "mamba2_odd"], mamba::mamba2).drawn(mamba::initial),
    row("marian", "Marian (encoder, decoder)", &["marian", "marian_odd", "marian_apart"], bart::marian)
        .drawn(initial::init_std)
        .with_decoder(&["marian", "marian_apart"], bart::marian_decoder),
    row("mbart", "mBART (encoder, decoder)", &["mbart", "mbart_odd"], bart::mbart)
        .drawn(initial::init_std)
        .with_decoder(&["mbart", "mbart_odd"], bart::mbart_decoder),
    row("megatron-bert", "Megatron-BERT", &["megatron_bert", "megatron_bert_odd"], megatron_bert::declare),
    row("ministral", "Ministral", &["ministral", "ministral_odd"], llama::ministral),
    row("ministral3", "Ministral 3", &["ministral3", "ministral3_odd"], llama::ministral3),
    row("mistral", "Mistral", &["mistral", "mistral_window", "mistral_both_sides"], llama::mistral),
    row(
        "mistral3",
        "Mistral 3 and Ministral 3 (text of the models that see)",
        &["mistral3", "mistral3_ministral3"],
        wrapped::mistral3,
    ),
    row("mixtral", "Mixtral", &["mixtral", "mixtral_odd"], mixtral::mixtral),
    row("mobilebert", "MobileBERT", &["mobilebert", "mobilebert_odd"], mobilebert::declare),
    row("modernbert", "ModernBERT (Ettin)", &["modernbert", "modernbert_odd"], modernbert::encoder)
        .drawn(modernbert::initial),
    row(
        "modernbert-decoder",
        "ModernBERT decoder (Ettin)",
        &["modernbert_decoder", "modernbert_decoder_odd", "modernbert_decoder_both_sides"],
        modernbert::decoder,
    )
    .drawn(modernbert::initial),
    row("mpnet", "MPNet", &["mpnet", "mpnet_odd", "mpnet_padding"], mpnet::declare),
    row("mpt", "MPT", &["mpt", "mpt_odd"], mpt::declare),
    row("mt5", "mT5 (encoder, decoder)", &["mt5", "mt5_odd"], t5::mt5)
        .drawn(t5::initial)
        .with_decoder(&["mt5", "mt5_odd"], t5::decoder),
    row("nanochat", "nanochat", &["nanochat", "nanochat_odd"], apertus::nanochat),
    row("nemotron", "Nemotron and Minitron", &["nemotron", "nemotron_odd"], nemotron::declare)
        .drawn(nemotron::initial),
    row(
        "nemotron_h",
        "Nemotron-H and Nemotron 3",
        &["nemotron_h", "nemotron_h_odd", "nemotron_h_groups"],
        nemotron_h::declare,
    )
    .drawn(hybrid::initial),
    row(
        "nomic_bert",
        "Nomic BERT",
        &["nomic_bert", "nomic_bert_odd", "nomic_bert_published"],
        nomic_bert::declare,
    ),
    row("olmo", "OLMo", &["olmo", "olmo_grouped", "olmo_clipped"], olmo::olmo),
    row("olmo2", "OLMo 2", &["olmo2", "olmo2_grouped"], olmo::olmo2),
    row("olmo3", "OLMo 3", &["olmo3", "olmo3_odd"], olmo::olmo3),
    row("olmo_hybrid", "OLMo Hybrid", &["olmo_hybrid", "olmo_hybrid_odd"], olmo_hybrid::declare)
        .drawn(olmo_hybrid::initial),
    row("olmoe", "OLMoE", &["olmoe", "olmoe_odd"], olmoe::olmoe),
    row("opt", "OPT", &["opt", "opt_odd", "opt_projected"], opt::declare).drawn(initial::init_std),
    row("pegasus", "PEGASUS (encoder, decoder)", &["pegasus", "pegasus_odd"], bart::pegasus)
        .drawn(initial::init_std)
        .with_decoder(&["pegasus", "pegasus_odd"], bart::pegasus_decoder),
    row("phi", "Phi-1.5 and Phi-2", &["phi", "phi_odd", "phi_normed"], phi::phi),
    row("phi3", "Phi-3", &["phi3", "phi3_long"], phi::phi3),
    row("phimoe", "Phi-3.5-MoE", &["phimoe", "phimoe_odd"], mixtral::phimoe),
    row("qwen2", "Qwen 2 and 2.5", &["qwen2", "qwen2_yarn"], llama::qwen2),
    row(
        "qwen2_5_vl",
        "Qwen2.5-VL (text of the models that see)",
        &["qwen2_5_vl", "qwen2_5_vl_odd"],
        qwen_vl::qwen2,
    ),
    row(
        "qwen2_5_vl_text",
        "Qwen2.5-VL (text)",
        &["qwen2_5_vl_text", "qwen2_5_vl_text_odd"],
        qwen_vl::qwen2_text,
    ),
    row("qwen2_moe", "Qwen 1.5 and 2 with experts", &["qwen2_moe", "qwen2_moe_odd"], qwen_moe::qwen2_moe),
    row("qwen2_vl", "Qwen2-VL (text of the models that see)", &["qwen2_vl", "qwen2_vl_odd"], qwen_vl::qwen2),
    row("qwen2_vl_text", "Qwen2-VL (text)", &["qwen2_vl_text", "qwen2_vl_text_odd"], qwen_vl::qwen2_text),
    row("qwen3", "Qwen 3", &["qwen3", "qwen3_odd"], llama::qwen3),
    row(
        "qwen3_5",
        "Qwen 3.5 (text of the models that see)",
        &["qwen3_5", "qwen3_5_odd"],
        qwen3_next::qwen3_5,
    )
    .drawn(qwen3_next::initial),
    row(
        "qwen3_5_moe",
        "Qwen 3.5 with experts (text of the models that see)",
        &["qwen3_5_moe", "qwen3_5_moe_odd"],
        qwen3_next::qwen3_5_moe,
    )
    .drawn(qwen3_next::initial),
    row(
        "qwen3_5_moe_text",
        "Qwen 3.5 with experts (text)",
        &["qwen3_5_moe_text", "qwen3_5_moe_text_odd"],
        qwen3_next::qwen3_5_moe_text,
    )
    .drawn(qwen3_next::initial),
    row("qwen3_5_text", "Qwen 3.5 (text)", &["qwen3_5_text", "qwen3_5_text_odd"], qwen3_next::qwen3_5_text)
        .drawn(qwen3_next::initial),
    row("qwen3_moe", "Qwen 3 with experts", &["qwen3_moe", "qwen3_moe_odd"], qwen_moe::qwen3_moe),
    row("qwen3_next", "Qwen3-Next", &["qwen3_next", "qwen3_next_odd"], qwen3_next::qwen3_next)
        .drawn(qwen3_next::initial),
    row("qwen3_vl", "Qwen3-VL (text of the models that see)", &["qwen3_vl", "qwen3_vl_odd"], qwen_vl::qwen3),
    row("qwen3_vl_text", "Qwen3-VL (text)", &["qwen3_vl_text", "qwen3_vl_text_odd"], qwen_vl::qwen3_text),
    row(
        "recurrent_gemma",
        "RecurrentGemma",
        &["recurrent_gemma", "recurrent_gemma_odd"],
        recurrent_gemma::declare,
    )
    .drawn(recurrent_gemma::initial),
    row("rembert", "RemBERT", &["rembert", "rembert_odd"], rembert::declare),
    row("roberta", "RoBERTa", &["roberta", "roberta_odd", "roberta_causal"], roberta::declare),
    row(
        "roberta-prelayernorm",
        "RoBERTa with norms first",
        &["roberta_prelayernorm", "roberta_prelayernorm_odd"],
        roberta::norms_first,
    ),
    row("roformer", "RoFormer", &["roformer", "roformer_odd"], roformer::declare),
    row("rwkv7", "RWKV-7 (against float64)", &["rwkv7", "rwkv7_odd"], rwkv7::declare).drawn(initial::unknown),
    row("seed_oss", "Seed-OSS", &["seed_oss", "seed_oss_odd"], arcee::seed_oss),
    row("siglip", "SigLIP (text tower)", &["siglip", "siglip_odd"], clip::siglip).drawn(clip::siglip_initial),
    row("siglip_text_model", "SigLIP (text model)", &["siglip_text", "siglip_text_odd"], clip::siglip_text)
        .drawn(clip::siglip_initial),
    row("smollm3", "SmolLM 3", &["smollm3", "smollm3_odd"], llama::smollm3),
    row("smolvlm", "SmolVLM (text)", &["smolvlm", "smolvlm_odd"], wrapped::idefics3),
    row(
        "stablelm",
        "StableLM",
        &["stablelm", "stablelm_parallel", "stablelm_normed", "stablelm_normed_serial"],
        llama::stablelm,
    ),
    row("starcoder2", "StarCoder2", &["starcoder2", "starcoder2_odd"], starcoder2::declare)
        .drawn(starcoder2::initial),
    row(
        "switch_transformers",
        "Switch Transformers (encoder, decoder)",
        &["switch_transformers", "switch_transformers_odd"],
        switch_transformers::encoder,
    )
    .drawn(switch_transformers::initial)
    .with_decoder(&["switch_transformers", "switch_transformers_odd"], switch_transformers::decoder),
    row("t5", "T5, T5 v1.1 and Flan-T5 (encoder, decoder)", &["t5", "t5_gated", "t5_encoder"], t5::t5)
        .drawn(t5::initial)
        .with_decoder(&["t5", "t5_gated"], t5::decoder),
    row("t5gemma", "T5Gemma (encoder, decoder)", &["t5gemma", "t5gemma_odd"], t5gemma::encoder)
        .with_decoder(&["t5gemma", "t5gemma_odd"], t5gemma::decoder),
    row("umt5", "UMT5 (encoder, decoder)", &["umt5", "umt5_odd"], t5::umt5)
        .drawn(t5::initial)
        .with_decoder(&["umt5", "umt5_odd"], t5::umt5_decoder),
    row("xglm", "XGLM", &["xglm", "xglm_odd"], xglm::declare).drawn(initial::init_std),
    row("xlm", "XLM", &["xlm", "xlm_causal"], xlm::xlm).drawn(xlm::initial),
    row("xlm-roberta", "XLM-RoBERTa", &["xlm_roberta", "xlm_roberta_odd"], roberta::declare),
    row("xlm-roberta-xl", "XLM-RoBERTa-XL", &["xlm_roberta_xl", "xlm_roberta_xl_odd"], roberta::xl),
    row("xmod", "X-MOD (one language)", &["xmod", "xmod_odd"], xmod::declare),
    row("youtu", "Youtu-LLM", &["youtu", "youtu_odd"], deepseek::youtu).drawn(deepseek::youtu_initial),
    row("zamba2", "Zamba2", &["zamba2", "zamba2_odd"], zamba2::declare).drawn(zamba2::initial),
];

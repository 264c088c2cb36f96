"""Draws for random_configurations.py of the families without experts or recurrences: decoders, encoders, encoders of two-part models."""

from random_drawing import base, maybe, rope

ACTIVATIONS = ["gelu", "gelu_new", "relu", "silu", "gelu_pytorch_tanh"]


def decoder(*, own_head=False, part=None, bias="attention_bias", eps="rms_norm_eps", act="hidden_act", **usual):
    """Of the Llama kind: sizes, heads, rotation, and by chance what `usual` names (a list: one of it)."""
    def draw(r):
        turned = r.choice(part) if part else 1.0
        out = base(r, head=r.choice([8, 16]) if part else None, own_head=own_head, part=turned)
        if eps != "rms_norm_eps" and "rms_norm_eps" in out:
            value = out.pop("rms_norm_eps")
            out |= {eps: value} if eps else {}
        if act != "hidden_act":
            out.pop("hidden_act", None)
            out |= {act: r.choice(ACTIVATIONS)} if act and r.random() < 0.5 else {}
        out |= maybe(r, **({bias: r.random() < 0.5} if bias else {}))
        return out | maybe(r, **{key: r.choice(value) if isinstance(value, list) else value for key, value in usual.items()})
    return draw


def windowed(draw, kinds=("sliding_attention", "full_attention")):
    """With windows, by layer or as the class has them."""
    def of(r):
        out = draw(r) | dict(sliding_window=r.choice([2, 3, 5]))
        if r.random() < 0.6:
            out["layer_types"] = [r.choice(kinds) for _ in range(out["num_hidden_layers"])]
        return out
    return of


def with_padding(draw):
    return lambda r: draw(r) | dict(pad_token_id=0)


def by_kind(draw):
    """With a rotation for each kind of layer."""
    def of(r):
        out = draw(r)
        if r.random() < 0.6:
            head = out.get("head_dim") or out["hidden_size"] // out["num_attention_heads"]
            out["rope_parameters"] = {"full_attention": rope(r, head)["rope_parameters"],
                                      "sliding_attention": dict(rope_type="default", rope_theta=r.choice([50.0, 300.0]))}
        else:
            del out["rope_parameters"]
        return out
    return of


def gpt(*, head_factor=1, turned=False, **usual):
    """Of the GPT-2 kind."""
    def draw(r):
        n = r.choice([1, 2, 3, 5])
        head = head_factor * r.choice([2, 4, 6, 10])
        out = dict(n_embd=n * head, n_layer=r.choice([1, 2, 3]), n_head=n, n_positions=r.choice([9, 16, 33]))
        if turned:
            out["rotary_dim"] = 2 * r.randint(1, head // 2)
        return out | maybe(r, n_inner=r.choice([7, 20]), activation_function=r.choice(ACTIVATIONS), layer_norm_epsilon=1e-3) | maybe(
            r, **{key: r.choice(value) if isinstance(value, list) else value for key, value in usual.items()})
    return draw


def codegen(r):
    out = gpt(turned=True)(r)
    # Queries, keys and values stand in four parts, whatever the number of heads.
    head = out["n_embd"] // out["n_head"]
    out["n_head"] = r.choice([4, 8])
    out["n_embd"] = out["n_head"] * head
    return out


def mpt(r):
    n = r.choice([1, 2, 3, 4, 6])
    return dict(d_model=n * r.choice([4, 5, 8]), n_heads=n, n_layers=r.choice([1, 2, 3]), max_seq_len=r.choice([9, 16])) | maybe(
        r, layer_norm_epsilon=1e-3, expansion_ratio=r.choice([2, 3]), attn_config=maybe(r, clip_qkv=0.8, softmax_scale=0.7))


def xglm(r):
    n = r.choice([1, 2, 3])
    return dict(d_model=n * r.choice([4, 5, 8]), ffn_dim=r.choice([7, 20]), num_layers=r.choice([1, 2, 3]), attention_heads=n,
                max_position_embeddings=r.choice([9, 16])) | maybe(
        r, scale_embedding=False, activation_function=r.choice(ACTIVATIONS), pad_token_id=r.choice([0, 3]))


def bert(*, turned=False, positions=(9, 16), **usual):
    """Of the BERT kind."""
    def draw(r):
        n = r.choice([1, 2, 3, 5])
        head = r.choice([2, 4, 6, 8] if turned else [3, 4, 5, 8])
        return dict(hidden_size=n * head, num_hidden_layers=r.choice([1, 2, 3]), num_attention_heads=n,
                    intermediate_size=r.choice([7, 14, 33]), max_position_embeddings=r.choice(positions)) | maybe(
            r, type_vocab_size=r.choice([1, 3]), hidden_act=r.choice(ACTIVATIONS), layer_norm_eps=1e-3) | (
                rope(r, head) if turned and r.random() < 0.6 else {}) | maybe(
                    r, **{key: r.choice(value) if isinstance(value, list) else value for key, value in usual.items()})
    return draw


def roberta(**usual):
    """Positions begin after that of padding."""
    draw = bert(positions=(14, 18), **usual)
    return lambda r: draw(r) | maybe(r, pad_token_id=r.choice([0, 1, 2]))


def xmod(r):
    return roberta(pre_norm=[True, False], adapter_layer_norm=True, ln_before_adapter=[True, False], adapter_reuse_layer_norm=[True, False],
                   adapter_reduction_factor=[2, 3])(r) | dict(languages=["en_XX", "de_DE"], default_language=r.choice(["en_XX", "de_DE"]))


def deberta(r):
    out = bert(relative_attention=[True, False], position_biased_input=[True, False], max_relative_positions=[-1, 3, 20])(r)
    return out | dict(pos_att_type=r.choice(["c2p|p2c", "c2p", "p2c", ["p2c", "c2p"]])) | (
        dict(type_vocab_size=0) if r.random() < 0.3 else {})


def deberta_v2(r):
    return bert(position_biased_input=[True, False], type_vocab_size=[0, 2], norm_rel_ebd="layer_norm", share_att_key=[True, False],
                conv_kernel_size=[0, 3], position_buckets=[-1, 3, 6, 256])(r) | dict(
        relative_attention=True, pos_att_type=r.choice(["c2p|p2c", "c2p", "p2c"]))


def xlm(r, flaubert=False):
    n = r.choice([1, 2, 3])
    return dict(emb_dim=n * r.choice([4, 5, 8]), n_layers=r.choice([1, 2, 3]), n_heads=n, max_position_embeddings=r.choice([9, 14])) | maybe(
        r, gelu_activation=False, layer_norm_eps=1e-3, sinusoidal_embeddings=True) | (
            maybe(r, pre_norm=True) if flaubert else maybe(r, causal=True, n_langs=3, use_lang_emb=False))


def convbert(r):
    out = bert()(r)
    n = r.choice([2, 4, 6])
    out |= dict(num_attention_heads=n, hidden_size=n * r.choice([4, 6]), conv_kernel_size=r.choice([3, 5, 9]))
    ratio = r.choice([d for d in (1, 2, 4) if n % d == 0])
    groups = r.choice([g for g in (1, 2) if out["hidden_size"] % g == 0 and out["intermediate_size"] % g == 0])
    return out | dict(head_ratio=ratio, num_groups=groups) | maybe(r, embedding_size=r.choice([5, out["hidden_size"]]))


def luke(r):
    return roberta()(r) | dict(entity_vocab_size=5, entity_emb_size=r.choice([4, 9])) | maybe(r, use_entity_aware_attention=False)


def longformer(r):
    out = bert(positions=(20, 30))(r)
    return out | dict(attention_window=r.choice([2, 4, 16, [r.choice([2, 4, 8]) for _ in range(out["num_hidden_layers"])]])) | maybe(
        r, pad_token_id=r.choice([0, 2]))


def modernbert(r, decoder=False):
    n = r.choice([1, 2, 3])
    out = dict(hidden_size=n * r.choice([4, 8, 10]), num_hidden_layers=r.choice([1, 2, 3, 4]), num_attention_heads=n,
               intermediate_size=r.choice([7, 14, 33]), max_position_embeddings=64, local_attention=r.choice([2, 4, 6]), pad_token_id=0)
    head = out["hidden_size"] // n
    kinds = [r.choice(["sliding_attention", "full_attention"]) for _ in range(out["num_hidden_layers"])]
    return out | maybe(
        r, norm_bias=True, attention_bias=True, mlp_bias=True, norm_eps=1e-3, hidden_activation=r.choice(ACTIVATIONS)) | (
            r.choice([dict(layer_types=kinds), dict(global_attn_every_n_layers=2), {}])) | (
                dict(rope_parameters={"full_attention": rope(r, head)["rope_parameters"],
                                      "sliding_attention": dict(rope_type="default", rope_theta=50.0)}) if r.random() < 0.5 else {})


def mobilebert(r):
    n = r.choice([1, 2, 4])
    size = n * r.choice([4, 5])
    whole = r.choice([size, 24])
    return dict(hidden_size=whole, num_hidden_layers=r.choice([1, 2]), num_attention_heads=n, intermediate_size=r.choice([7, 20]),
                max_position_embeddings=16, embedding_size=r.choice([8, 11]), intra_bottleneck_size=size,
                num_feedforward_networks=r.choice([1, 2, 4])) | maybe(
        r, trigram_input=False, use_bottleneck_attention=True, key_query_shared_bottleneck=False, layer_norm_eps=1e-3,
        normalization_type="no_norm", hidden_act=r.choice(ACTIVATIONS))


def tower(kind):
    def draw(r):
        text = bert()(r) | dict(vocab_size=60)
        text.pop("type_vocab_size", None)
        vision = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14)
        return dict(text_config=text, vision_config=vision)
    return draw


def t5(r, **usual):
    n = r.choice([1, 2, 3, 4])
    return dict(d_model=r.choice([10, 15, 18]), d_kv=r.choice([3, 5, 8]), d_ff=r.choice([7, 24]), num_layers=r.choice([1, 2, 3]),
                num_heads=n) | maybe(
        r, feed_forward_proj=r.choice(["relu", "gated-gelu", "gated-silu", "gelu"]), relative_attention_num_buckets=r.choice([4, 8, 10]),
        relative_attention_max_distance=r.choice([6, 20]), layer_norm_epsilon=1e-3) | maybe(
            r, **{key: r.choice(value) if isinstance(value, list) else value for key, value in usual.items()})


def switch(r):
    out = t5(r)
    out.pop("feed_forward_proj", None)
    return out | dict(num_layers=r.choice([2, 3, 4]), num_experts=r.choice([2, 3, 5]), expert_capacity=r.choice([9, 12])) | maybe(
        r, num_sparse_encoder_layers=r.choice([1, 2]), router_bias=True, dense_act_fn=r.choice(["gelu", "silu"]))


def bart(**usual):
    def draw(r):
        n = r.choice([1, 2, 3])
        return dict(d_model=n * r.choice([4, 5, 6]), encoder_layers=r.choice([1, 2, 3]), decoder_layers=1, encoder_attention_heads=n,
                    decoder_attention_heads=n, encoder_ffn_dim=r.choice([7, 20]), decoder_ffn_dim=8,
                    max_position_embeddings=r.choice([9, 16])) | maybe(
            r, activation_function=r.choice(ACTIVATIONS), scale_embedding=True, pad_token_id=r.choice([0, 3])) | maybe(
                r, **{key: r.choice(value) if isinstance(value, list) else value for key, value in usual.items()})
    return draw


def led(r):
    out = bart()(r)
    del out["max_position_embeddings"]
    return out | dict(max_encoder_position_embeddings=r.choice([24, 32]), max_decoder_position_embeddings=8,
                      attention_window=r.choice([2, 4, 16, [4] * out["encoder_layers"]]))


def phi3(r):
    out = decoder(bias=None, sliding_window=[None, 3])(r) | dict(pad_token_id=0)
    if out["rope_parameters"]["rope_type"] == "longrope":
        out["original_max_position_embeddings"] = 32
    return out


def helium(r):
    """Its last layer of attention is square."""
    out = decoder(mlp_bias=True)(r)
    return out | dict(head_dim=out["hidden_size"] // out["num_attention_heads"])


def gpt_neox(r):
    n = r.choice([1, 2, 3])
    head = r.choice([4, 8])
    part = r.choice([0.25, 0.5, 1.0])
    return dict(hidden_size=n * head, num_attention_heads=n, num_hidden_layers=r.choice([1, 2, 3]), intermediate_size=r.choice([7, 33]),
                max_position_embeddings=64) | rope(r, head, part) | maybe(
        r, use_parallel_residual=False, attention_bias=False, layer_norm_eps=1e-3, hidden_act=r.choice(ACTIVATIONS))


GEMMA = dict(own_head=True, act="hidden_activation")

# What each needs of hidden_states.py beside its configuration.
OPTIONS = dict(
    clip={"part": "text_model"}, siglip={"part": "text_model"}, t5={"model": "T5EncoderModel"}, umt5={"model": "UMT5EncoderModel"},
    longt5={"model": "LongT5EncoderModel"}, switch_transformers={"model": "SwitchTransformersEncoderModel"}, bart={"encoder": True},
    marian={"encoder": True}, pegasus={"encoder": True}, led={"encoder": True}, siglip_text={"model": "SiglipTextModel"})

FAMILIES = dict(
    modernbert_decoder=("ModernBertDecoderConfig", lambda r: modernbert(r) | maybe(r, is_causal=False)),
    olmo3=("Olmo3Config", with_padding(windowed(decoder(), ("sliding_attention", "full_attention")))),
    gptj=("GPTJConfig", gpt(turned=True)), codegen=("CodeGenConfig", codegen),
    starcoder2=("Starcoder2Config", windowed(decoder(bias="use_bias", eps="norm_epsilon"))),
    gpt_bigcode=("GPTBigCodeConfig", gpt(multi_query=[True, False], scale_attn_weights=False)), mpt=("MptConfig", mpt),
    xglm=("XGLMConfig", xglm),
    deberta=("DebertaConfig", deberta), deberta_v2=("DebertaV2Config", deberta_v2), flaubert=("FlaubertConfig", lambda r: xlm(r, True)),
    xlm=("XLMConfig", xlm), nomic_bert=("NomicBertConfig", bert(turned=True)), gte=("GteConfig", bert(turned=True)),
    jina_embeddings_v3=("JinaEmbeddingsV3Config", bert(turned=True)),
    rembert=("RemBertConfig", bert(input_embedding_size=[5, 20])), roformer=("RoFormerConfig", bert(turned=True, embedding_size=[5, 8])),
    roberta_prelayernorm=("RobertaPreLayerNormConfig", roberta()), megatron_bert=("MegatronBertConfig", bert()),
    ernie=("ErnieConfig", bert(use_task_id=True, task_type_vocab_size=4)), xmod=("XmodConfig", xmod), luke=("LukeConfig", luke),
    mobilebert=("MobileBertConfig", mobilebert), convbert=("ConvBertConfig", convbert), longformer=("LongformerConfig", longformer),
    big_bird=("BigBirdConfig", bert(use_bias=False, rescale_embeddings=True, attention_type="original_full")),
    clip=("CLIPConfig", tower("clip")), siglip=("SiglipConfig", tower("siglip")),
    cohere=("CohereConfig", decoder(eps="layer_norm_eps", logit_scale=0.3, use_qk_norm=False)),
    cohere2=("Cohere2Config", windowed(decoder(eps="layer_norm_eps"))),
    glm=("GlmConfig", with_padding(decoder(own_head=True, part=[0.25, 0.5, 1.0]))),
    glm4=("Glm4Config", with_padding(decoder(own_head=True, part=[0.25, 0.5, 1.0]))),
    exaone4=("Exaone4Config", windowed(decoder(bias=None))), ernie4_5=("Ernie4_5Config", decoder(own_head=True, bias="use_bias")),
    seed_oss=("SeedOssConfig", with_padding(decoder(own_head=True, attention_out_bias=[True, False], mlp_bias=True))),
    nemotron=("NemotronConfig", decoder(own_head=True, part=[0.25, 0.5, 1.0], eps="norm_eps", mlp_bias=True)),
    arcee=("ArceeConfig", decoder(own_head=True, mlp_bias=True)), helium=("HeliumConfig", helium),
    marian=("MarianConfig", lambda r: bart()(r) | dict(pad_token_id=r.choice([0, 59]))), pegasus=("PegasusConfig", bart()), led=("LEDConfig", led),
    longt5=("LongT5Config", lambda r: t5(r, encoder_attention_type="transient-global") | dict(local_radius=r.choice([2, 3, 9]), global_block_size=r.choice([10, 16]))),
    umt5=("UMT5Config", t5), switch_transformers=("SwitchTransformersConfig", switch),
    t5=("T5Config", t5), bart=("BartConfig", bart()),
    bert=("BertConfig", bert()), roberta=("RobertaConfig", roberta()), electra=("ElectraConfig", bert(embedding_size=[5, 20])),
    modernbert=("ModernBertConfig", modernbert), gpt2=("GPT2Config", gpt(
        scale_attn_weights=False, scale_attn_by_inverse_layer_idx=True)), gpt_neox=("GPTNeoXConfig", gpt_neox),
    llama=("LlamaConfig", decoder(own_head=True, mlp_bias=True)), mistral=("MistralConfig", decoder(
        own_head=True, bias=None, sliding_window=[2, 4])), qwen2=("Qwen2Config", decoder(bias=None)),
    qwen3=("Qwen3Config", decoder(own_head=True)), phi3=("Phi3Config", phi3), gemma=("GemmaConfig", decoder(**GEMMA)),
    gemma2=("Gemma2Config", windowed(decoder(
        **GEMMA, attn_logit_softcapping=[None, 5.0], final_logit_softcapping=3.0, query_pre_attn_scalar=[4, 33]))),
    gemma3_text=("Gemma3TextConfig", by_kind(windowed(decoder(
        **GEMMA, query_pre_attn_scalar=[4, 33], use_bidirectional_attention=True)))),
    granite=("GraniteConfig", decoder(mlp_bias=True, embedding_multiplier=2.5, attention_multiplier=0.4, residual_multiplier=0.7)),
    olmo=("OlmoConfig", decoder(eps=None, clip_qkv=0.6)), olmo2=("Olmo2Config", decoder()),
    smollm3=("SmolLM3Config", with_padding(decoder(no_rope_layer_interval=[2, 3], mlp_bias=True))),
    stablelm=("StableLmConfig", decoder(
        bias="use_qkv_bias", part=[0.25, 0.5, 1.0], eps="layer_norm_eps", use_parallel_residual=True, qk_layernorm=True)))

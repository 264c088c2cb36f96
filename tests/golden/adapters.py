"""Adapters of peft, and the hidden states of the models that have them beside their weights (not merged into them).

    python tests/golden/adapters.py              writes tests/golden/adapters.zip
    python tests/golden/adapters.py DIR SEED     writes folders of drawn cases to DIR, to compare by hand

Made with peft 0.21.2, transformers 5.24, torch 2.13, safetensors. Each base is tiny, its weights are in half precision as they are
stored, and everything is computed in single.
"""
import io, json, os, random, shutil, sys, tempfile, warnings, zipfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import (BertConfig, BertForMaskedLM, BertModel, BloomConfig, BloomForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig,
                          LlamaForCausalLM, MptConfig, MptForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM,
                          RobertaConfig, RobertaForSequenceClassification, T5Config, T5EncoderModel, T5ForConditionalGeneration)

transformers.logging.set_verbosity_error()
torch.set_num_threads(1)
WORDS = 30
IDS = [[5, 9, 13, 7, 21], [2, 29, 11]]
SIZES = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=24, vocab_size=WORDS)
LINEAR = {
    "bert": ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"],
    "bert_mlm": ["query", "value", "dense"],
    "roberta": ["query", "key", "dense"],
    "gpt2": ["c_attn", "c_proj", "c_fc"],
    "llama": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    "llama_tied": ["q_proj", "v_proj", "down_proj"],
    "qwen2": ["q_proj", "k_proj", "v_proj", "o_proj"],
    "qwen3": ["q_proj", "v_proj", "up_proj"],
    "t5": ["q", "v", "wi", "wo"],
    "t5_encoder": ["q", "k", "o"],
    "mpt": ["Wqkv", "out_proj", "up_proj", "down_proj"],
    "bloom": ["query_key_value", "dense_h_to_4h"],
}
TABLES = {"bert": ["word_embeddings", "position_embeddings"], "bert_mlm": ["word_embeddings"], "roberta": ["word_embeddings"],
          "gpt2": ["wte", "wpe"], "llama": ["embed_tokens"], "llama_tied": ["embed_tokens"], "qwen2": ["embed_tokens"],
          "qwen3": ["embed_tokens"], "t5": ["encoder.embed_tokens"], "t5_encoder": ["encoder.embed_tokens"], "mpt": ["wte"],
          "bloom": ["word_embeddings"]}


def base(family):
    torch.manual_seed(3)
    llama = dict(SIZES, num_key_value_heads=2, head_dim=4)
    models = {
        "bert": lambda: BertModel(BertConfig(**SIZES)),
        "bert_mlm": lambda: BertForMaskedLM(BertConfig(**SIZES)),
        "roberta": lambda: RobertaForSequenceClassification(RobertaConfig(**dict(SIZES, max_position_embeddings=26), pad_token_id=1)),
        "gpt2": lambda: GPT2LMHeadModel(GPT2Config(vocab_size=WORDS, n_embd=16, n_layer=2, n_head=4, n_positions=24)),
        "llama": lambda: LlamaForCausalLM(LlamaConfig(**llama, tie_word_embeddings=False)),
        "llama_tied": lambda: LlamaForCausalLM(LlamaConfig(**llama, tie_word_embeddings=True)),
        "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**dict(llama), tie_word_embeddings=True)),
        "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**llama)),
        "t5": lambda: T5ForConditionalGeneration(T5Config(vocab_size=WORDS, d_model=16, d_kv=4, d_ff=24, num_layers=2, num_heads=4)),
        "t5_encoder": lambda: T5EncoderModel(T5Config(vocab_size=WORDS, d_model=16, d_kv=4, d_ff=24, num_layers=2, num_heads=4)),
        "mpt": lambda: MptForCausalLM(MptConfig(vocab_size=WORDS, d_model=16, n_layers=2, n_heads=4, max_seq_len=24)),
        "bloom": lambda: BloomForCausalLM(BloomConfig(vocab_size=WORDS, hidden_size=16, n_layer=2, n_head=4)),
    }
    model = models[family]().eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            spread = 0.3 if p.ndim > 1 else 0.1
            p.copy_(((1.0 if p.ndim == 1 and "bias" not in name else 0.0) + spread * torch.randn_like(p)).half().float())
    model.tie_weights()
    return model


def states(model, ids):
    inner = model.get_encoder() if model.config.model_type == "t5" and hasattr(model, "get_encoder") else model
    with torch.no_grad():
        return [h[0] for h in inner(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states]


def draw(model, seed):
    """Adapters as after training: nothing is zero."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "magnitude" in name:
                p.mul_(torch.rand_like(p) + 0.5)
            elif "lora_" in name or "trainable_tokens" in name:
                p.copy_(0.3 * torch.randn_like(p))
            elif p.requires_grad:
                p.add_(0.1 * torch.randn_like(p))


def make(family, folder, base_folder, seed=0, before=None, **lora):
    """The adapter in `folder`, and its states."""
    model = base(family)
    model.config._name_or_path = base_folder
    if before:
        before(model)
    adapted = get_peft_model(model, LoraConfig(**lora)).eval()
    draw(adapted, seed)
    adapted.save_pretrained(folder)
    # Read as anyone reads it: what is not in the file does not count.
    return [states(adapted.base_model.model, ids) for ids in IDS]


def save_base(family, folder):
    base(family).half().save_pretrained(folder)
    with open(os.path.join(folder, "tokenizer.json"), "w") as f:
        json.dump(tokenizer(), f)


def tokenizer():
    vocab = {f"w{i}": i for i in range(WORDS)}
    return {"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": None,
            "decoder": None, "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "w0"}}


def resized(model):
    torch.manual_seed(5)
    model.resize_token_embeddings(WORDS + 4, mean_resizing=False)


CASES = {
    "bert_plain": ("bert", dict(r=3, lora_alpha=6, target_modules=["query", "value"])),
    "bert_tables": ("bert", dict(r=2, target_modules=["query", "word_embeddings", "position_embeddings"], use_rslora=True)),
    "bert_mlm_dense": ("bert_mlm", dict(r=2, target_modules=["dense"], rank_pattern={"intermediate.dense": 4})),
    "roberta_classifier": ("roberta", dict(r=2, task_type="SEQ_CLS", target_modules=["query", "dense"], bias="all")),
    "gpt2_turned": ("gpt2", dict(r=4, lora_alpha=2, target_modules=["c_attn", "c_proj", "c_fc"], fan_in_fan_out=True)),
    "gpt2_dora": ("gpt2", dict(r=2, target_modules=["c_attn", "mlp.c_proj", "wte"], use_dora=True)),
    "gpt2_norms": ("gpt2", dict(r=2, target_modules=["c_attn"], modules_to_save=["ln_1", "ln_f"], lora_bias=True)),
    "llama_patterns": ("llama", dict(r=4, lora_alpha=8, target_modules=r".*\.(q_proj|v_proj|down_proj)", rank_pattern={r"layers\.1\.self_attn\..*": 2,
                       "v_proj": 6}, alpha_pattern={"down_proj": 3, "model.layers.0.self_attn.q_proj": 32})),
    "llama_dora": ("llama", dict(r=4, target_modules="all-linear", use_dora=True, use_rslora=True)),
    "llama_some_layers": ("llama", dict(r=4, target_modules=["q_proj", "up_proj"], layers_to_transform=[1], layers_pattern="layers")),
    "llama_excluded": ("llama", dict(r=4, target_modules=["q_proj", "o_proj"], exclude_modules=r".*layers\.0\..*q_proj")),
    "llama_rows": ("llama", dict(r=4, target_modules=["q_proj"], trainable_token_indices=[5, 2, 13])),
    "llama_saved": ("llama", dict(r=4, target_modules=["q_proj"], modules_to_save=["embed_tokens", "lm_head"])),
    "llama_resized": ("llama", dict(r=4, target_modules=["q_proj", "embed_tokens"]), resized),
    "tied_both": ("llama_tied", dict(r=4, target_modules=["q_proj", "embed_tokens", "lm_head"])),
    "tied_head": ("llama_tied", dict(r=4, target_modules=["q_proj", "lm_head"])),
    "qwen2_tied_dora": ("qwen2", dict(r=2, target_modules=["embed_tokens", "lm_head", "k_proj"], use_dora=True)),
    "qwen3_biasless": ("qwen3", dict(r=8, lora_alpha=4, target_modules=["q_proj", "v_proj", "up_proj"])),
    "t5_both_sides": ("t5", dict(r=2, target_modules=["q", "wo"])),
    "t5_shared": ("t5", dict(r=2, target_modules=["q", "shared"])),
    "t5_encoder_tokens": ("t5_encoder", dict(r=2, target_modules=["v", "encoder.embed_tokens"])),
    "mpt_dora": ("mpt", dict(r=2, target_modules=["Wqkv", "down_proj", "wte"], use_dora=True)),
    "bloom_stacked": ("bloom", dict(r=2, target_modules=["query_key_value", "word_embeddings"])),
}


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as f:
        return f.read()


def golden():
    here = os.path.dirname(os.path.abspath(__file__))
    work = tempfile.mkdtemp()
    out = zipfile.ZipFile(os.path.join(here, "adapters.zip"), "w", zipfile.ZIP_DEFLATED)

    def put(name, data):
        out.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)

    put("ids.json", json.dumps(IDS))
    for family in sorted({case[0] for case in CASES.values()}):
        folder = os.path.join(work, family)
        save_base(family, folder)
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            put(f"bases/{family}/{name}", read(folder, name))
    for index, (case, (family, lora, *before)) in enumerate(CASES.items()):
        folder = os.path.join(work, "adapter_" + case)
        found = make(family, folder, os.path.join(work, family), index, *before, **lora)
        config = json.loads(read(folder, "adapter_config.json"))
        config["base_model_name_or_path"] = family
        for key in ("target_modules", "modules_to_save", "exclude_modules"):
            if isinstance(config.get(key), list):
                config[key].sort()
        put(f"{case}/adapter_config.json", json.dumps(config, indent=1))
        put(f"{case}/adapter_model.safetensors", read(folder, "adapter_model.safetensors"))
        save_file({f"{sentence}.{layer}": h.contiguous() for sentence, layers in enumerate(found) for layer, h in enumerate(layers)},
                  os.path.join(folder, "states.safetensors"))
        put(f"{case}/states.safetensors", read(folder, "states.safetensors"))
    out.close()
    shutil.rmtree(work)


def drawn(folder, seed):
    """Cases of all kinds at random, as folders `N/base` and `N/adapter`, and the states in `N/states.safetensors`."""
    rng = random.Random(seed)
    count = 0
    for family in LINEAR:
        for _ in range(int(os.environ.get("EACH", 4))):
            pool = LINEAR[family] + (TABLES[family] if rng.random() < 0.4 else []) + (
                ["lm_head"] if family.startswith(("llama", "qwen")) and rng.random() < 0.3 else [])
            targets = rng.sample(pool, rng.randint(1, len(pool)))
            lora = dict(r=rng.choice([1, 2, 4, 8]), lora_alpha=rng.choice([1, 4, 16]), target_modules=targets,
                        use_rslora=rng.random() < 0.3, use_dora=rng.random() < 0.35, bias=rng.choice(["none", "none", "all", "lora_only"]))
            if rng.random() < 0.4:
                lora["rank_pattern"] = {rng.choice(pool): rng.choice([1, 3, 5])}
            if rng.random() < 0.4:
                lora["alpha_pattern"] = {rng.choice(pool): rng.choice([2, 9]), r".*1\..*": 3}
            number = os.path.join(folder, f"{seed}_{count}")
            count += 1
            shutil.rmtree(number, ignore_errors=True)
            os.makedirs(number)
            try:
                save_base(family, number + "/base")
                found = make(family, number + "/adapter", number + "/base", count, **lora)
            except Exception as error:
                print("peft:", family, lora, type(error).__name__, str(error)[:120])
                continue
            with open(number + "/about.json", "w") as f:
                json.dump({"family": family, **lora}, f)
            save_file({f"{s}.{layer}": h.contiguous() for s, layers in enumerate(found) for layer, h in enumerate(layers)},
                      number + "/states.safetensors")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        drawn(sys.argv[1], int(sys.argv[2]))
    else:
        golden()

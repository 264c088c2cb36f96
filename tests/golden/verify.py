"""Freezes small random checkpoints, tokenizer and all, with what the script of `probe verify` writes of them.

    python tests/golden/verify.py [CASE ...]

Needs torch, transformers, tokenizers and safetensors. A case is tests/golden/verify/CASE.zip: the folder of the checkpoint as
transformers saves it, and frozen.safetensors, which assets/verify.py wrote with its values filled in; of a case that is called so, of the decoder.
"""

import json
import runpy
import sys
import tempfile
import zipfile
from pathlib import Path

import tokenizers
import torch
import transformers

HERE = Path(__file__).parent
SENTENCES = ["The cat that the dogs chased sleeps.", "It wasn't 1,024!", "UPPER lower MiXeD", "crêpes à Nîmes", "two  spaces", "a"]
SMALL = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24)
LLAMA = SMALL | dict(num_key_value_heads=2, max_position_embeddings=64)
VISION = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14)
CASES = {
    "bert": ("BertConfig", SMALL | dict(max_position_embeddings=64), "BertModel"),
    "albert": ("AlbertConfig", SMALL | dict(embedding_size=8, max_position_embeddings=64), "AlbertModel"),
    "roberta": ("RobertaConfig", SMALL | dict(max_position_embeddings=66, pad_token_id=1), "RobertaModel"),
    "gpt2": ("GPT2Config", dict(n_embd=16, n_layer=2, n_head=4, n_positions=64), "GPT2Model"),
    "llama": ("LlamaConfig", LLAMA, "LlamaModel"),
    "gemma2": ("Gemma2Config", LLAMA | dict(head_dim=4), "Gemma2Model"),
    "t5": ("T5Config", dict(d_model=16, d_kv=4, d_ff=24, num_layers=2, num_heads=4, decoder_start_token_id=0), "T5Model"),
    "bart": ("BartConfig", dict(d_model=16, encoder_layers=2, decoder_layers=1, encoder_attention_heads=4,
                                decoder_attention_heads=4, encoder_ffn_dim=24, decoder_ffn_dim=8, max_position_embeddings=64),
             "BartModel"),
    "deberta_v2": ("DebertaV2Config", SMALL | dict(relative_attention=True, position_buckets=8, norm_rel_ebd="layer_norm",
                                                   share_att_key=True, pos_att_type="p2c|c2p", position_biased_input=False,
                                                   max_position_embeddings=64), "DebertaV2Model"),
    "mamba": ("MambaConfig", dict(hidden_size=16, num_hidden_layers=2, state_size=4), "MambaModel"),
    "clip": ("CLIPConfig", dict(text_config=SMALL | dict(max_position_embeddings=64), vision_config=VISION), "CLIPModel"),
    "llava": ("LlavaConfig", dict(text_config=LLAMA | dict(model_type="llama"),
                                  vision_config=VISION | dict(model_type="clip_vision_model")), "LlavaModel"),
    "bart_decoder": ("BartConfig", dict(d_model=16, encoder_layers=1, decoder_layers=2, encoder_attention_heads=4,
                                        decoder_attention_heads=2, encoder_ffn_dim=8, decoder_ffn_dim=24, max_position_embeddings=64),
                     "BartModel"),
    "t5_decoder": ("T5Config", dict(d_model=16, d_kv=4, d_ff=24, num_layers=1, num_decoder_layers=2, num_heads=4,
                                    decoder_start_token_id=1), "T5Model"),
    "mistral": ("MistralConfig", LLAMA | dict(sliding_window=None), "MistralModel"),
}


def tokenizer(case):
    """A byte-level BPE of the sentences; of BERT a WordPiece that writes small letters."""
    texts = (SENTENCES + [sentence.lower() for sentence in SENTENCES]) * 2
    if case == "bert":
        words = sorted({c for text in texts for c in text if not c.isspace()})
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words + ["##" + c for c in words] + ["the", "cat", "dogs"]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "vocab.txt"
            path.write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
            return transformers.BertTokenizerFast(vocab_file=str(path), vocab={w: i for i, w in enumerate(vocabulary)}) \
                if int(transformers.__version__.split(".")[0]) >= 5 else transformers.BertTokenizerFast(vocab_file=str(path))
    inner = tokenizers.Tokenizer(tokenizers.models.BPE())
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=320, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], show_progress=False,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet())
    inner.train_from_iterator(texts, trainer)
    inner.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>")


def roughen(model):
    """Norms and biases that are not as they begin."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)


def make(case, folder):
    kind, arguments, cls = CASES[case]
    words = tokenizer(case)
    size = {"vocab_size": len(words)}
    if "text_config" in arguments:
        arguments = arguments | {"text_config": arguments["text_config"] | size}
    else:
        arguments = arguments | size
    config = getattr(transformers, kind)(**arguments)
    torch.manual_seed(0)
    model = getattr(transformers, cls)(config).eval()
    roughen(model)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    values = {"SCRIPT": "verify.py", "MODEL": json.dumps(str(folder)), "REVISION": "None", "SUBFOLDER": '""',
              "PART": json.dumps("decoder" if case.endswith("_decoder") else "encoder"),
              "OUT": json.dumps(str(folder / "frozen.safetensors")), "SENTENCES": json.dumps(json.dumps(SENTENCES))}
    text = (HERE.parent.parent / "assets" / "verify.py").read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    runpy.run_path(str(script), run_name="__main__")
    script.unlink()
    # The name of a temporary folder is nobody's business, and would make every file another.
    import safetensors.torch
    from safetensors import safe_open
    path = folder / "frozen.safetensors"
    with safe_open(path, "pt") as frozen:
        about = json.loads(frozen.metadata()["probe_verify"]) | {"model": case}
        tensors = {name: frozen.get_tensor(name) for name in frozen.keys()}
    safetensors.torch.save_file(tensors, path, metadata={"probe_verify": json.dumps(about)})


def main():
    (HERE / "verify").mkdir(exist_ok=True)
    for case in sys.argv[1:] or CASES:
        with tempfile.TemporaryDirectory() as folder:
            make(case, Path(folder))
            with zipfile.ZipFile(HERE / "verify" / f"{case}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                for path in sorted(Path(folder).iterdir()):
                    # The same bytes each time.
                    info = zipfile.ZipInfo(path.name)
                    info.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(info, path.read_bytes())


if __name__ == "__main__":
    main()

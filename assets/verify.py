"""Freezes what transformers makes of some sentences with one model: tokens, and every hidden state.

    python @SCRIPT@

Needs transformers and torch (with the safetensors and NumPy that come with them); `probe verify MODEL --against FILE` then compares
the file that it writes. Sentences run one at a time, without padding, in single precision.
"""

import inspect
import json
import sys

MODEL = @MODEL@
REVISION = @REVISION@
SUBFOLDER = @SUBFOLDER@
PART = @PART@
OUT = @OUT@
SENTENCES = json.loads(@SENTENCES@)


def load():
    """The tokenizer, and the whole model in evaluation mode."""
    import torch
    import transformers

    version = tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in transformers.__version__.split(".")[:2])
    # The keyword has had another name since 4.56.
    precision = {"dtype" if version >= (4, 56) else "torch_dtype": torch.float32}
    # The model of sentence-transformers may lie in a folder of its own.
    where = {"revision": REVISION} | ({"subfolder": SUBFOLDER} if SUBFOLDER else {})
    tokenizer = transformers.AutoTokenizer.from_pretrained(MODEL, **where)
    loaded = transformers.AutoModel.from_pretrained(MODEL, output_loading_info=True, **where, **precision)
    model, info = loaded
    if hasattr(model, "set_experts_implementation"):
        # What multiplies all experts at once takes only sides of whole 16 bytes.
        model.set_experts_implementation("eager")
    return tokenizer, model.float().eval(), sorted(str(name) for name in info.get("missing_keys", []))


def text_part(model):
    """What reads the text: the encoder of a model that has a decoder too, the language model of one that sees."""
    if getattr(model.config, "is_encoder_decoder", False):
        return model.get_encoder()
    for name in ("language_model", "text_model"):
        part = getattr(model, name, None)
        if part is not None and hasattr(part, "forward"):
            return part
    return model


def shifted(model, ids):
    """What a decoder reads of a text: its tokens behind the token that begins it, without the last, as transformers makes it of labels."""
    import importlib

    import torch

    labels, config = torch.tensor([ids]), model.config
    if hasattr(model, "_shift_right"):
        return model._shift_right(labels)[0].tolist()
    shift = importlib.import_module(type(model).__module__).shift_tokens_right
    start = () if config.model_type == "mbart" else (config.decoder_start_token_id,)
    return shift(labels, config.pad_token_id, *start)[0].tolist()


def decoder_states(model, source, ids):
    """The decoder's embeddings, then what each of its blocks writes, while its encoder reads `source`."""
    import torch

    source, tokens = torch.tensor([source]), torch.tensor([ids])
    with torch.no_grad():
        return model(input_ids=source, attention_mask=torch.ones_like(source), decoder_input_ids=tokens,
                     decoder_attention_mask=torch.ones_like(tokens), use_cache=False, return_dict=True,
                     output_hidden_states=True).decoder_hidden_states


def hidden_states(part, kind, ids):
    """The embeddings, then what each block writes, the last of it after the final norm: (1, tokens, units) each."""
    import torch

    tokens = torch.tensor([ids])
    taken = inspect.signature(part.forward).parameters
    # Every token is one to look at, whatever number padding has.
    inputs = {"input_ids": tokens, "output_hidden_states": True}
    if "attention_mask" in taken or "kwargs" in taken:
        inputs["attention_mask"] = torch.ones_like(tokens)
    if "use_cache" in taken:
        inputs["use_cache"] = False
    if "return_dict" in taken:
        inputs["return_dict"] = True
    with torch.no_grad():
        output = part(**inputs)
        states = output.hidden_states
        read = getattr(part.config, "altup_active_idx", None)
        if read is not None:
            # Several streams, of which blocks read one; the last of them are given before they are made one.
            states = [state[read] for state in states[:-1]] + [output.last_hidden_state]
        if kind in ("mamba", "mamba2", "falcon_mamba"):
            # The embeddings are left out there, and the last block's output stands before and after the norm.
            before = [state for state in states if state is not states[-2]]
            states = [part.embeddings(tokens)] + before
    return states


def main():
    try:
        import safetensors.torch
        import torch
        import transformers
    except ImportError as error:
        sys.exit(f"{error}: install transformers and torch (pip install transformers torch)")
    transformers.logging.set_verbosity_error()
    tokenizer, model, missing = load()
    kind = model.config.model_type
    if PART == "decoder" and not getattr(model.config, "is_encoder_decoder", False):
        sys.exit(f"{MODEL} has no decoder that reads an encoder")
    part = model.get_decoder() if PART == "decoder" else text_part(model)
    lengths, tokens, layers = [], [], []
    sources, source_lengths = [], []
    for sentence in SENTENCES:
        ids = list(tokenizer(sentence)["input_ids"])
        if not ids:
            sys.exit(f"the tokenizer makes no token of {sentence!r}: take it out of SENTENCES")
        if PART == "decoder":
            sources.extend(ids)
            source_lengths.append(len(ids))
            source, ids = ids, shifted(model, ids)
            states = decoder_states(model, source, ids)
        else:
            states = hidden_states(part, kind, ids)
        lengths.append(len(ids))
        tokens.extend(ids)
        layers = layers or [[] for _ in states]
        for rows, state in zip(layers, states):
            rows.append(state[0].float())
    tensors = {f"layer.{k}": torch.cat(rows).contiguous() for k, rows in enumerate(layers)}
    tensors["tokens"] = torch.tensor(tokens, dtype=torch.int64)
    tensors["lengths"] = torch.tensor(lengths, dtype=torch.int64)
    if PART == "decoder":
        tensors["sources"] = torch.tensor(sources, dtype=torch.int64)
        tensors["source_lengths"] = torch.tensor(source_lengths, dtype=torch.int64)
    frozen = {"model": MODEL, "part": PART, "revision": REVISION, "model_type": kind, "class": type(part).__name__, "sentences": SENTENCES,
              "tokenizer": type(tokenizer).__name__, "missing": missing[:20], "transformers": transformers.__version__,
              "torch": torch.__version__, "python": sys.version.split()[0]}
    safetensors.torch.save_file(tensors, OUT, metadata={"probe_verify": json.dumps(frozen)})
    print(f"{OUT}: {len(SENTENCES)} sentences, {len(tokens)} tokens, {len(layers)} hidden states of {kind}")


if __name__ == "__main__":
    main()

"""Peak memory of extraction: as stimuli grow, and of a model that is larger than what it takes.

    cargo build --release
    python benches/memory.py [MODEL_FOLDER ...]          # the embedded model, and these
    python benches/memory.py --offload [--gib 1.5]       # a Llama of random bf16 weights, with and without --offload

The first runs `probe extract` on 4,096 and on all 26,880 sentences of relative_clause and prints the largest resident set of each.
The second writes a checkpoint of the given size (needs PyTorch and safetensors) and runs it on 64 sentences, with weights held in
f32 and in bf16, and with weights left in their file, which must not change a byte of the result.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
parser = argparse.ArgumentParser()
parser.add_argument("models", nargs="*")
parser.add_argument("--offload", action="store_true")
parser.add_argument("--gib", type=float, default=1.5)
parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
parser.add_argument("--binary", default=ROOT / "target/release/probe")
arguments = parser.parse_args()


def peak(words):
    """Seconds and MiB of the program with `words`."""
    begun = time.perf_counter()
    with subprocess.Popen([str(arguments.binary), *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode:
        raise SystemExit(f"{' '.join(map(str, words))} failed")
    return time.perf_counter() - begun, usage.ru_maxrss / 1024


def grown(folder):
    sets = {}
    for n, options in [(4096, ["--sample", 4096, "--balance"]), (26880, [])]:
        sets[n] = folder / f"{n}.csv"
        peak(["generate", "relative_clause", *options, "-o", sets[n]])
    print("| model | 4,096 stimuli: MiB | 26,880 stimuli: MiB |\n| --- | ---: | ---: |")
    for model in [None, *arguments.models]:
        named = ["--model", model] if model else []
        found = [peak(["extract", csv, "--no-cache", "-o", folder / "a.safetensors", *named])[1] for csv in sets.values()]
        print(f"| {Path(model).name if model else 'embedded'} | {found[0]:.0f} | {found[1]:.0f} |", flush=True)


def write(model):
    """A checkpoint of random weights in the folder `model`."""
    import torch
    from safetensors.torch import save_file
    d, d_mlp, layers, vocabulary = 1024, 2816, 24, 4096
    # Wider until it has the size that was asked for.
    while (layers * (4 * d * d + 3 * d * d_mlp) + vocabulary * d) * 2 < arguments.gib * 2**30:
        d, d_mlp = d + 128, d_mlp + 352
    torch.manual_seed(0)

    def draw(*shape):
        return (torch.randn(*shape) * 0.02).to(torch.bfloat16)

    tensors = {"model.embed_tokens.weight": draw(vocabulary, d), "model.norm.weight": torch.ones(d, dtype=torch.bfloat16)}
    for i in range(layers):
        block = f"model.layers.{i}."
        for name, shape in [("self_attn.q_proj", (d, d)), ("self_attn.k_proj", (d, d)), ("self_attn.v_proj", (d, d)),
                            ("self_attn.o_proj", (d, d)), ("mlp.gate_proj", (d_mlp, d)), ("mlp.up_proj", (d_mlp, d)),
                            ("mlp.down_proj", (d, d_mlp))]:
            tensors[f"{block}{name}.weight"] = draw(*shape)
        for name in ["input_layernorm", "post_attention_layernorm"]:
            tensors[f"{block}{name}.weight"] = torch.ones(d, dtype=torch.bfloat16)
    save_file(tensors, model / "model.safetensors")
    config = {"model_type": "llama", "hidden_size": d, "intermediate_size": d_mlp, "num_hidden_layers": layers,
              "num_attention_heads": d // 64, "num_key_value_heads": d // 64, "hidden_act": "silu", "rms_norm_eps": 1e-5,
              "vocab_size": vocabulary, "max_position_embeddings": 2048, "rope_theta": 10000.0, "tie_word_embeddings": False,
              "attention_bias": False}
    (model / "config.json").write_text(json.dumps(config))
    (model / "tokenizer.json").write_bytes((ROOT / "assets/tiny-bert/tokenizer.json").read_bytes())


def offloaded(folder):
    model = folder / "model"
    model.mkdir()
    # In a process of its own: the peak of a child begins with what its parent has.
    subprocess.run([sys.executable, __file__, "--gib", str(arguments.gib), "--write", model], check=True)
    stored = (model / "model.safetensors").stat().st_size / 2**20
    csv = folder / "s.csv"
    peak(["generate", "relative_clause", "--sample", 64, "-o", csv])
    print(f"24 layers: {stored:.0f} MiB in bf16, {2 * stored:.0f} MiB in f32\n")
    print("| options | seconds | peak MiB |\n| --- | ---: | ---: |")
    bytes_of = {}
    for name, options in [("", []), ("--dtype bf16", ["--dtype", "bf16"]), ("--offload", ["--offload"]),
                          ("--dtype bf16 --offload", ["--dtype", "bf16", "--offload"])]:
        out = folder / "a.safetensors"
        seconds, mib = peak(["extract", csv, "--model", model, "--pool", "last", "--no-cache", "-o", out, *options])
        bytes_of[name] = out.read_bytes()
        print(f"| {name or '(none)'} | {seconds:.1f} | {mib:.0f} |", flush=True)
    assert bytes_of["--offload"] == bytes_of[""] and bytes_of["--dtype bf16 --offload"] == bytes_of["--dtype bf16"]


if arguments.write:
    write(arguments.write)
else:
    with tempfile.TemporaryDirectory() as name:
        (offloaded if arguments.offload else grown)(Path(name))

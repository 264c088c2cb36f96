"""Extraction against Hugging Face transformers on PyTorch, and against another build of this program: the same sentences, the same
model, in turns.

    cargo build --release
    python benches/extract_vs_transformers.py MODEL_FOLDER STIMULI.csv [--precision f32,fast] [--against OTHER_PROBE]
                                              [--theirs float32,bfloat16] [--pool mean|last] [--rounds 5] [--batch 64]
                                              [--device cpu|cuda:0] [--theirs-every 1]

Prints the best time of each in seconds, in sentences a second and in seconds of processor time, every ratio, the largest difference
from transformers in float32 (of the largest magnitude of its layer), and our peak memory. On a machine that others load, the
processor's time is the one to believe. Theirs is the loop that a user would write: batches of sentences, padded to the longest of
the batch, every hidden state, the mean over real tokens or the last of them. Tokenizing and pooling count on both sides; loading
does not (but it is in our processor time). Where theirs takes minutes, --theirs-every 20 runs one batch of twenty of it, and counts the
sentences of these; ours always runs all. On a GPU (with a program built for it) both run on the same one, and the processor's time
says little. Without transformers, or with --theirs '', ours are timed alone. OTHER_PROBE runs in f32, with no option that an
earlier version may not have.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("stimuli")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--pool", choices=["mean", "last"], default="mean")
parser.add_argument("--device", default="cpu")
parser.add_argument("--binary", default=ROOT / "target/release/probe")
parser.add_argument("--precision", default="f32", help="ours, one or several: f32,fast,bf16")
parser.add_argument("--against", help="another probe, in f32")
parser.add_argument("--theirs", default="float32", help="theirs, one or several, or nothing: float32,bfloat16")
parser.add_argument("--theirs-every", type=int, default=1, help="of so many batches of theirs one is run")
parser.add_argument("--threads", type=int, default=2)
arguments = parser.parse_args()
with open(arguments.stimuli, newline="") as file:
    sentences = [row["sentence"] for row in csv.DictReader(file)]
# Where the batches of theirs begin that are run, and the sentences in them.
starts = range(0, len(sentences), arguments.batch * arguments.theirs_every)
taken = [row for start in starts for row in range(start, min(start + arguments.batch, len(sentences)))]


def ours(out, binary, *options):
    """Seconds by the program's own clock, which starts when the model is loaded; processor time with loading; its words."""
    command = [binary, "extract", arguments.stimuli, "--model", arguments.model, "--pool", arguments.pool,
               "--device", arguments.device, "--no-cache", "--json", "-o", out, *options]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    environment = {**os.environ, "RAYON_NUM_THREADS": str(arguments.threads)}
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    line = run.stderr.strip().splitlines()[-1]
    seconds = json.loads(run.stdout)["seconds"]
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, line


def load_theirs(dtype):
    import torch
    import transformers
    torch.set_num_threads(arguments.threads)
    tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model, padding_side="right")
    model = transformers.AutoModel.from_pretrained(arguments.model, dtype=getattr(torch, dtype)).eval()
    model = model.to(arguments.device)

    def theirs():
        begun, processor = time.perf_counter(), time.process_time()
        pooled = []
        with torch.inference_mode():
            for start in starts:
                batch = tokenizer(sentences[start:start + arguments.batch], padding=True, return_tensors="pt")
                batch = batch.to(arguments.device)
                states = model(**batch, output_hidden_states=True).hidden_states
                mask = batch["attention_mask"][:, :, None]
                if arguments.pool == "last":
                    rows, last = torch.arange(len(mask), device=mask.device), mask.sum(1)[:, 0] - 1
                    pooled.append(torch.stack([state[rows, last] for state in states]))
                else:
                    pooled.append(torch.stack([(state * mask).sum(1) / mask.sum(1) for state in states]))
            # On the processor again, as ours are; a GPU is waited for.
            result = torch.cat(pooled, dim=1).float().cpu()
        return time.perf_counter() - begun, time.process_time() - processor, result

    print(f"transformers {transformers.__version__}, torch {torch.__version__}, {torch.get_num_threads()} threads, {dtype}")
    return theirs


with tempfile.TemporaryDirectory() as folder:
    contenders = {}
    files = {}
    for precision in arguments.precision.split(","):
        options = [] if precision == "f32" else ["--precision", precision]
        name = f"ours, {precision}"
        files[name] = Path(folder) / f"{precision}.safetensors"
        # Before anything large is in this process, whose memory a child would be charged with.
        line = ours(files[name], arguments.binary, *options)[-1]
        print(f"{name}: {line}; peak memory up to here "
              f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MiB")
        contenders[name] = lambda out=files[name], options=options: ours(out, arguments.binary, *options)
    if arguments.against:
        out = Path(folder) / "against.safetensors"
        contenders["the other, f32"] = lambda: ours(out, arguments.against)
    try:
        for dtype in filter(None, arguments.theirs.split(",")):
            contenders[f"transformers, {dtype}"] = load_theirs(dtype)
    except ImportError:
        print("without transformers")
    times = {name: [] for name in contenders}
    reference = None
    for _ in range(arguments.rounds):
        for name, run in contenders.items():
            seconds, processor, result = run()
            times[name].append((seconds, processor))
            if name == "transformers, float32":
                reference = result
    for name, rounds in times.items():
        shown = ", ".join(f"{seconds:.2f} ({processor:.2f})" for seconds, processor in rounds)
        print(f"{name}, seconds (of processor time): {shown}")
    # Of one sentence.
    counts = {name: len(taken) if name.startswith("transformers") else len(sentences) for name in times}
    best = {name: tuple(min(all) / counts[name] for all in zip(*rounds)) for name, rounds in times.items()}
    print(f"\nbest of {arguments.rounds}:")
    others = [name for name in contenders if not name.startswith("ours")]
    for name, (seconds, _) in best.items():
        print(f"  {name}: {1 / seconds:.0f} sentences/s")
    for name in files:
        for other in others:
            ratio, of_processor = (theirs / mine for theirs, mine in zip(best[other], best[name]))
            print(f"  {name}: {ratio:.2f} × {other} ({of_processor:.2f} × by processor time)")
    if reference is not None:
        import safetensors.torch
        for name, out in files.items():
            found = safetensors.torch.load_file(out)
            differences = [((found[f"layer.{layer}"][taken] - state).abs().max().item(), state.abs().max().item())
                           for layer, state in enumerate(reference)]
            largest, relative = max(a for a, _ in differences), max(a / b for a, b in differences)
            print(f"  {name}: largest difference {largest:.1e}, {relative:.1e} of its layer's largest magnitude")

"""What NLTK makes of the bundled feature grammars, and of one beside this file: generate every string, ignoring features, and keep those that parse.

    python tests/golden/nltk_fcfg.py                    write nltk_NAME.txt beside this file
    python tests/golden/nltk_fcfg.py PROGRAM            time PROGRAM generate as well, in the same run

PROGRAM is target/release/probe.
Written with nltk 3.10; the versions used last are in the first line of each output.
"""

import csv
import io
import pathlib
import subprocess
import sys
import time

import nltk
from nltk.grammar import FeatureGrammar
from nltk.parse import FeatureEarleyChartParser, generate

HERE = pathlib.Path(__file__).parent
# NLTK gives up after a million steps; the second grammar is recursive.
generate.MAX_GENERATE_OPERATIONS = 10**9
GRAMMARS = {"svo_agreement": None, "nested_questions": 7, "shared_structures": None}
# For a grammar that does not recurse the depth says nothing.
DEPTH = 8


def main():
    for name, depth in GRAMMARS.items():
        path = HERE.parent.parent / "grammars" / f"{name}.fcfg"
        if not path.exists():
            path = HERE / path.name
        grammar = FeatureGrammar.fromstring(path.read_text())
        parser = FeatureEarleyChartParser(grammar)
        begun = time.perf_counter()
        strings = {tuple(words) for words in generate.generate(grammar, depth=depth)}
        kept = sorted(" ".join(words) for words in strings if next(iter(parser.parse(list(words))), None))
        seconds = time.perf_counter() - begun
        out = HERE / f"nltk_{name}.txt"
        out.write_text("\n".join([f"# nltk {nltk.__version__}, Python {sys.version.split()[0]}", *kept]) + "\n")
        print(f"{name}: nltk kept {len(kept)} of {len(strings)} strings in {seconds:.2f} s")
        for program in sys.argv[1:]:
            times = []
            for _ in range(5):
                begun = time.perf_counter()
                command = [program, "generate", path, "--depth", str(depth or DEPTH), "--quiet"]
                printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
                times.append(time.perf_counter() - begun)
            same = sorted(row["sentence"] for row in csv.DictReader(io.StringIO(printed))) == kept
            print(f"  {program}: {min(times):.4f} s, {seconds / min(times):.0f} x faster, same set: {same}")


main()

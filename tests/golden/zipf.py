"""The Zipf frequencies of the words of the bundled grammars, as wordfreq has them.

    python tests/golden/zipf.py                         write zipf.csv beside this file

Written with wordfreq 3.1.1 (English, the large list).
"""

import importlib.metadata
import pathlib

from wordfreq import zipf_frequency

HERE = pathlib.Path(__file__).parent
WORDS = (
    "woman women girl girls queen queens lady ladies man men boy boys king kings mother mothers sister sisters wife wives"
    " father fathers brother brothers husband husbands"
).split()


def main():
    version = importlib.metadata.version("wordfreq")
    lines = [f"# wordfreq {version}, English, large list", "word,zipf"]
    lines += [f"{word},{zipf_frequency(word, 'en')}" for word in WORDS]
    (HERE / "zipf.csv").write_text("\n".join(lines) + "\n")


main()

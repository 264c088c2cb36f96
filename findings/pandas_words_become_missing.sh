#!/usr/bin/env bash
# pandas 2.3.3 (numpy 2.2.6): a table of words that `to_csv` wrote is another table when `read_csv` reads it.
#
# Behaviour   the texts `null`, `None`, `nan`, `NA` and `n/a` are written as they are, without quotes, and read back as missing,
#             in a column of any type; so is what stands in quotes. `keep_default_na=False` keeps them, and makes empty cells texts.
# Output      written 6 words; read 1 and 5 missing, quoted 1 and 5 missing, with keep_default_na=False 6 and 0 missing
# Here        only an empty cell is missing; other marks of missing values are named in a warning, never taken for one silently.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pandas==2.3.3 numpy==2.2.6
"$work/venv/bin/python" - "$work/words.csv" <<'PYTHON'
import csv
import sys

import pandas

path = sys.argv[1]
words = pandas.DataFrame({"word": ["null", "None", "nan", "NA", "n/a", "dog"], "zipf": [4.0, 5.0, 3.0, 4.0, 3.5, 5.5]})


def read(**options):
    column = pandas.read_csv(path, **options)["word"]
    return int(column.notna().sum()), int(column.isna().sum())


words.to_csv(path, index=False)
plain, kept = read(), read(keep_default_na=False)
words.to_csv(path, index=False, quoting=csv.QUOTE_NONNUMERIC)
quoted = read()
print(f"pandas {pandas.__version__}")
shown = [f"{there} and {missing} missing" for there, missing in (plain, quoted, kept)]
print(f"written {len(words)} words; read {shown[0]}, quoted {shown[1]}, with keep_default_na=False {shown[2]}")
assert (plain, quoted, kept) == ((1, 5), (1, 5), (6, 0)), "the behaviour has changed"
PYTHON

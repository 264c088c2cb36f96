#!/usr/bin/env bash
# NLTK 3.10.4: whether a start with a set of variables matches itself depends on whether anything else was bound on the way.
#
# Behaviour   without `% start` the start is the left side of the first production. If that has a set or union with variables
#             (`S[A={?x}]`), a sentence is found where the production binds no variable at all, because the finished left side is
#             then the same object as the start; where any variable is bound it is a copy, and `{?x}` does not equal `{?x2}`. A union
#             that was worked out never equals the start that it was worked out from.
# Output      nothing bound 1, another variable bound 0, worked out 0, the same with % start S 1
# Here        what is not worked out equals the start that says the same of it; what is worked out does not, as in NLTK, and the
#             message says to write % start.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nltk==3.10.4
"$work/venv/bin/python" - <<'PYTHON'
from nltk.grammar import FeatureGrammar
from nltk.parse import FeatureChartParser


def trees(grammar, sentence):
    parser = FeatureChartParser(FeatureGrammar.fromstring(grammar))
    return len(list(parser.parse(sentence.split())))


union = "S[A={?x+?y}] -> B[C=?x] D[C=?y]\nB[C={c}] -> 'a'\nD[C={d}] -> 'b'"
found = (
    trees("S[A={?x}] -> 'a'", "a"),
    trees("S[A={?x}] -> B[C=?y]\nB[C=c] -> 'a'", "a"),
    trees(union, "a b"),
    trees("% start S\n" + union, "a b"),
)
print("nothing bound %d, another variable bound %d, worked out %d, the same with %% start S %d" % found)
assert found == (1, 0, 0, 1), found
PYTHON

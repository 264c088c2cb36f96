"""``python -m mlem_probe``: the command ``probe``."""

import sys

from ._program import main

if __name__ == "__main__":
    sys.exit(main())

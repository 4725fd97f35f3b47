"""`python -m sessera …`: keys, revocations and questions about tokens, from a terminal."""

from __future__ import annotations

import sys

from sessera._cli.main import main

if __name__ == "__main__":
    sys.exit(main())

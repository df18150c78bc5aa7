"""`python -m tests.support.answering`: does in a house's environment what a test asks for, one question a line.

A question is the JSON list of a function's module, its name and its arguments; the answer is the JSON of its result.
It starts once, which is dearer than most answers.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module

import django


def main() -> None:
    """Answer until nobody asks any more."""
    django.setup()
    for line in sys.stdin:
        module, function, *arguments = json.loads(line)
        print(json.dumps(getattr(import_module(module), function)(*arguments)), flush=True)


if __name__ == "__main__":
    main()

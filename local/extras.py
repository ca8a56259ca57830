"""Prints what some of pyproject.toml's extras ask for, so that make can install it without building a package."""

import sys
import tomllib
from pathlib import Path

if __name__ == "__main__":
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    print(*(wanted for extra in sys.argv[1:] for wanted in project["optional-dependencies"][extra]))

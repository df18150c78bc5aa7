#!/bin/sh
# Find a Python 3.11 to 3.13 and let it make the virtual environment. Usage: python.sh runtime|dev
# PYTHON=/path/to/python names one; without it the usual names are tried.
set -eu

fits='import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 13)))'
here=$(dirname "$0")

for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
    if "$candidate" -I -c "$fits" >/dev/null 2>&1; then
        exec "$candidate" -I "$here/venv.py" "$@"
    fi
done

if [ -n "${PYTHON:-}" ]; then
    echo "PYTHON=$PYTHON is not a Python 3.11, 3.12 or 3.13 that can be started." >&2
else
    echo "Tandem needs Python 3.11, 3.12 or 3.13, and found none." >&2
fi
echo "  Debian 12, Ubuntu 24.04 and newer:  sudo apt install python3 python3-venv" >&2
echo "  macOS:                              brew install python@3.13, or the installer from python.org" >&2
echo "Is it installed in an unusual place? Then: make run PYTHON=/path/to/python3" >&2
exit 1

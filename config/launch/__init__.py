"""`make run`: everything on this one machine, started, watched and ended as one.

`python.sh` finds a Python, `venv.py` makes the environment, `python -m config.launch` does the rest: the lock, the
secrets, the database, then the children (sandbox, web, worker), each behind a `shim.py` that ends it when we die.
"""

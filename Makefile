# The two commands are `make run` and `make test`; `make` alone lists all. Works with GNU make (3.81 too) and BSD make.

PY = "$${TANDEM_VENV:-.venv}/bin/python"
RUNTIME = @sh config/launch/python.sh runtime
DEV = @sh config/launch/python.sh dev

help:
	@echo "make run             start Tandem with an Odoo sandbox, or with your Odoo (see .env.example)"
	@echo "make test            run all checks and tests that this machine can run"
	@echo "make test-lint       ruff, mypy, import rules, migrations"
	@echo "make test-unit       the suite on SQLite"
	@echo "make test-postgres   the suite on PostgreSQL and Redis"
	@echo "make test-browser    the browser tests"
	@echo "make test-system     whole processes: make run, kills"
	@echo "make bench           the performance table"
	@echo "make property        the two-way test at full length: 200 records, 50 rounds"
	@echo "make faults          the failure cases at full length, on both databases"
	@echo "make kills           the first sync of 20,000 partners, killed ten times, on both databases"
	@echo "make format          let ruff format the code"
	@echo "make clean           remove .venv and caches; data in var/ stays"

run:
	$(RUNTIME)
	@exec $(PY) -m config.launch

test:
	$(DEV)
	@exec $(PY) -m tests

test-lint test-unit test-postgres test-browser test-system:
	$(DEV)
	@exec $(PY) -m tests $@

bench:
	$(DEV)
	@exec $(PY) -m tests.bench

property:
	$(DEV)
	@PROPERTY_FULL=1 $(PY) -m pytest tests/integrations/odoo/test_two_way_property.py -q -s

faults:
	$(DEV)
	@FAULTS_FULL=1 $(PY) -m tests test-faults

kills:
	$(DEV)
	@KILLS_FULL=1 $(PY) -m pytest tests/system/test_first_sync_killed.py -q -s

format:
	$(DEV)
	@$(PY) -m ruff check --fix . && $(PY) -m ruff format .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help run test test-lint test-unit test-postgres test-browser test-system bench property faults kills format clean

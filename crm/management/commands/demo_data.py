"""Fill an installation with made-up companies, people and deals."""

from __future__ import annotations

import gc
import time
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from crm.demo import filling

LARGEST = 100_000


class Command(BaseCommand):
    help = (
        "Fill this installation with made-up data for trying out: N accounts and, per account, about 3 contacts, "
        "2 opportunities, 2 leads, 2 activities, 1 task and 1 note, spread unevenly as in real life; besides 5 users "
        "in 2 teams, 8 tags and some countries. All e-mail addresses end in example.com. The same seed gives the same "
        "data. Nothing is sent to Odoo unless you say --announce."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        size = parser.add_mutually_exclusive_group()
        size.add_argument("--scale", type=int, metavar="N", help="number of accounts (default 100)")
        size.add_argument("--records", type=int, metavar="TOTAL", help="number of records of all kinds, roughly")
        parser.add_argument("--seed", type=int, default=1, help="start of the random numbers (default 1)")
        parser.add_argument("--announce", action="store_true", help="queue everything for Odoo, as people's work is")
        parser.add_argument("--again", action="store_true", help="add to demo data that is there already")

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = options["scale"] if options["records"] is None else options["records"] // filling.PER_ACCOUNT
        if accounts is None:
            accounts = 100
        if not 1 <= accounts <= LARGEST:
            least = filling.PER_ACCOUNT if options["records"] is not None else 1
            name = "--records" if options["records"] is not None else "--scale"
            raise CommandError(f"{name} must be at least {least} and make at most {LARGEST:,} accounts.")
        if filling.is_filled() and not options["again"]:
            raise CommandError("There is demo data here already. Say --again to add more of it.")
        # Each block makes some ten thousand objects that all live to its end: looking for dead ones costs a quarter.
        usual = gc.get_threshold()
        gc.set_threshold(200_000, 50, 50)
        try:
            self._fill(accounts, options)
        finally:
            gc.set_threshold(*usual)

    def _fill(self, accounts: int, options: dict[str, Any]) -> None:
        started = time.monotonic()
        try:
            counts = filling.fill(accounts=accounts, seed=options["seed"], announce=options["announce"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        for name, count in counts.items():
            self.stdout.write(f"{count:>9,}  {name}")
        seconds = time.monotonic() - started
        self.stdout.write(f"{sum(counts.values()):>9,}  records in {seconds:.1f} s")
        if options["announce"]:
            self.stdout.write("Queued for Odoo, if a connection is live.")
        else:
            self.stdout.write("Nothing was queued for Odoo; say --announce to do so.")

"""Start a fault proxy: ``python -m integrations.odoo.faultproxy --listen 8070 --upstream http://127.0.0.1:8069``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from types import FrameType
from urllib.parse import urlsplit

from .rules import KINDS, Rule
from .server import ProxyServer


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    kinds = "\n".join(f"  {kind:15} {text}" for kind, text in KINDS.items())
    made = argparse.ArgumentParser(
        prog="python -m integrations.odoo.faultproxy",
        description=__doc__,
        epilog=f"Kinds of fault:\n{kinds}\n\nRules are added with --rule or by POST /_proxy/rule.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--listen", type=int, default=8070, help="port to listen on; 0 picks a free one")
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    made.add_argument("--upstream", required=True, help="the Odoo behind, http:// or https://")
    made.add_argument("--hooks", default="", help="where webhooks sent to /_hook/… go on to")
    made.add_argument("--seed", type=int, default=1, help="number that the dice come from")
    made.add_argument("--rule", action="append", default=[], help='a rule as JSON: \'{"kind": "reset", "count": 3}\'')
    return made


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status."""
    options = parser().parse_args(arguments)
    for url in (options.upstream, options.hooks):
        if url and urlsplit(url).scheme not in ("http", "https"):
            print(f"{url} is no http:// or https:// address", file=sys.stderr)
            return 2
    try:
        rules = [Rule(**json.loads(text)) for text in options.rule]
        server = ProxyServer(
            (options.host, options.listen), upstream=options.upstream, hooks=options.hooks, seed=options.seed
        )
    except (TypeError, ValueError) as error:
        print(f"Unreadable rule: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Cannot listen on {options.host}:{options.listen}: {error.strerror}", file=sys.stderr)
        return 1
    for rule in rules:
        server.rules.add(rule)

    def stop(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    port = server.server_address[1]
    print(f"Fault proxy on http://{options.host}:{port} before {options.upstream}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

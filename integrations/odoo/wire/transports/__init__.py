"""How a call becomes bytes and bytes become a value: one module a protocol, all behind `base.Transport`."""

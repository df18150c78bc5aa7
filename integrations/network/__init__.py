"""The one door to the network, which addresses it opens to, and how much may be asked of one Odoo at a time."""

"""Made-up data for trying out: names and sentences in words.py, the records in world.py, all together in filling.py."""

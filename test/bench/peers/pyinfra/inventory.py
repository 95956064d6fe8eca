"""The hosts and their data, from the file that the bench wrote."""

import json
import os

with open(os.environ["BENCH_INVENTORY"], encoding="utf-8") as file:
    members = [(name, data) for name, data in json.load(file).items()]

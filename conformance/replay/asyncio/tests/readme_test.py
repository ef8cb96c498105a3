"""The table of differences in the README says what differences.json says.

usage: readme_test.py FOLDER-OF-THE-REPLAY
"""

import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1]).resolve()
readme = (folder.parent / "README.md").read_text(encoding="utf-8")
for entry in json.loads((folder / "differences.json").read_text(encoding="utf-8")):
    row = f"| `{entry['scenario']}` | {entry['reason']} ({', '.join(entry['rules'])}) |"
    if row not in readme:
        sys.exit(f"conformance/replay/README.md lacks the row\n{row}")

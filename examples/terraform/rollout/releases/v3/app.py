"""Release v3: one request in ten fails."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from service import serve  # noqa: E402

serve("v3", fail_every=10)

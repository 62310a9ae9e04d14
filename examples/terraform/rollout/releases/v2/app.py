"""Release v2."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from service import serve  # noqa: E402

serve("v2")

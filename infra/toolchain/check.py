"""`make check`: run every check, print each by name, and exit with 1 when one of them failed.

All of them run, so that one look shows everything there is to mend. What a check printed is shown only when it
failed.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
BIN: Final = Path(sys.executable).parent

CHECKS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("Python style (ruff check)", (f"{BIN}/ruff", "check", "--quiet", ".")),
    ("Python layout (ruff format)", (f"{BIN}/ruff", "format", "--check", "--quiet", ".")),
    ("Python types (mypy --strict)", (f"{BIN}/mypy", "--no-error-summary")),
    ("Who may import whom (import-linter)", (f"{BIN}/lint-imports", "--no-cache")),
    ("JavaScript types (tsc)", ("npm", "--prefix", "server/web", "run", "--silent", "check")),
    ("Libraries of the pages (vendor.sha256)", (sys.executable, "-m", "server.web.vendor", "--check")),
    (
        "OpenAPI as committed (docs/openapi.json)",
        (sys.executable, "-m", "server.openapi", "--check", "docs/openapi.json"),
    ),
    ("--help as committed (docs/cli.md)", (sys.executable, "infra/toolchain/cli_page.py", "--check")),
    ("Who signs what as committed (docs/formats/acts.md)", (sys.executable, "infra/toolchain/acts_page.py", "--check")),
    ("README: commands, options, links", (sys.executable, "infra/toolchain/readme.py")),
)


def main() -> int:
    """Run all checks from the root of the project and return the exit code."""
    failed = 0
    for name, command in CHECKS:
        begun = time.monotonic()
        try:
            done = subprocess.run(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            )
            code, output = done.returncode, done.stdout
        except OSError as error:
            code, output = 1, str(error)
        print(f"{'ok    ' if code == 0 else 'FAILED'} {time.monotonic() - begun:5.1f} s  {name}", flush=True)
        if code != 0:
            failed += 1
            print("".join(f"    {line}\n" for line in output.splitlines()), flush=True)
    print(f"{len(CHECKS) - failed} of {len(CHECKS)} checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tools.docs`: builds the site into build/site; ends with 1 where a link or a reference leads nowhere."""

import sys

from tools.docs.pages import ROOT
from tools.docs.site import build

if __name__ == "__main__":
    sys.exit(build(ROOT / "build" / "docs", ROOT / "build" / "site"))

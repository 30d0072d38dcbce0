"""`python -m lacr_lib ...` is `lacr ...`."""

import sys

from lacr_lib.cli import main

sys.exit(main())

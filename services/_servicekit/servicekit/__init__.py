"""What every Modomo service needs and none of them owns.

One topic a module; a module enters when two services use it already and it knows no word of their trade.
"""

import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its core writes to stderr what is no record; calls tell their errors

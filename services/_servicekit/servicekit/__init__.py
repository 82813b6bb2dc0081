"""What every Modomo service needs and none of them owns.

One topic a module; a module enters when two services use it already and it knows no word of their trade.
"""

"""The program that makes first looks: a picture of every queued job at once, before any device is free.

It holds no lease. The lite engines beside it need no device; what it makes is the job's first picture, or comes too
late and is dropped (`servicekit.jobstore.FirstLooks`).

main      composes and runs it
maker     makes a job's picture, and shows it
settings  MODOMO_FIRSTLOOK_*
"""

"""The way of one photo, from a claimed job to its result.

job          the whole way; start reading here
run          what belongs to one job while it is worked on
patience     waiting for services that are away
analysis     room type, objects and control maps, together
keeping      which parts of the photo must stay
restyling    first look, restyling, judgement, and a second attempt
previews     pictures of the unfinished result
pictures     thumbnail and before/after
storing      where everything goes
stage_cache  results of stages, for retried jobs and other styles of the same photo
announcer    what the job's followers are told
stopwatch    how long it took
together     several things at once, of which each must succeed
"""

"""The way of one photo, from a claimed job to its result.

job                the whole way; start reading here
run                the state of one job while it is worked on
photo_analysis     room type, objects and control maps, at the same time
group_look         what photos of one room share
keep_mask          which parts of the photo must stay
restyling          restyling, quality, and a second attempt
previews           pictures of the unfinished result
thumbnails         thumbnail and before/after
artifacts          stores all pictures
progress_reporter  tells the job's followers how far it is
stopwatch          how long each stage takes
retry              repeats calls to services that are away
fail_fast          several tasks, of which the first failure ends all
"""

"""Telling whoever submitted a job how it ended, by a signed POST (Standard Webhooks, standardwebhooks.com).

dispatcher  takes what is due, a few at a time, and writes down how it went; start reading here
message     what is told
signer      proves who tells it
sender      one request to a stranger's server, which may be slow, broken or somewhere it should not be

The schedule is the job store's (`servicekit.jobstore.outbox`): it outlives this process, and no job ever waits for it.
"""

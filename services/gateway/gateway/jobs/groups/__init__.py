"""Photos of one room: up to MOST jobs of a tenant that share style, colours, materials and seed.

terms    what the jobs of a group have in common, as the first one of them said it
store    the groups in Redis, for api and worker; each change is one script on one key, so that a crash leaves no half

A group ends by itself as its newest job does. A member that crashed before its job was made gives its place back when
the group is full and somebody asks.
"""

"""The gateway's door for other backends: the use cases of the HTTP endpoints, over gRPC.

servicer  answers TransformService
convert   between its messages and the gateway's values
"""

"""The use cases of the HTTP endpoints over gRPC, for other backends.

servicer  answers TransformService
convert   between its messages and the gateway's values
"""

"""The use cases of the HTTP endpoints over gRPC, for other backends.

admission  admits callers before a message of theirs is read
servicer   answers TransformService
convert    between its messages and the gateway's values
"""

"""Materials as tileable pictures of albedo, drawn by rule.

One file a family; `catalogue.texture` finds the right one for a finish. What a rule leaves to chance comes from the
request's seed, so that the same request draws the same planks.
"""

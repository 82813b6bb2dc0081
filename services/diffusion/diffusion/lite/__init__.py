"""Restyling by classical graphics: new albedo under the photo's own light."""

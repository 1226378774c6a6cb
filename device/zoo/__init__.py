"""Bundles that come with the kit."""

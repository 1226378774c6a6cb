"""The one place that holds the version of the kit."""

VERSION = "0.1.0"

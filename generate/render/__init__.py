"""Views of a person: camera, light, backdrop, rasteriser, shading, and the labels that follow."""

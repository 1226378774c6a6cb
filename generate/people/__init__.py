"""The parametric person: head, face, hair and clothes as geometry, from a baked asset."""

"""Motion: what face, head and eyes do over time, as ARKit blendshapes and angles."""

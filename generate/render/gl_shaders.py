"""GLSL of what is no kernel: drawing triangles, and fragments from samples and back to pixels."""

from __future__ import annotations

from generate.people.ids import EYE, N_MATERIALS, TONGUE
from generate.render.shade_fragments import SAMPLES

CORNERS = """
#version 430
// One call per corner; a triangle that is not to be seen shrinks to a point outside.
layout(std430, binding=0) buffer Tris { int tris[]; };
layout(std430, binding=1) buffer Kinds { int kinds[]; };
layout(std430, binding=2) buffer Screen { int xy[]; };
layout(std430, binding=3) buffer Near { float inverse_z[]; };
uniform int side;
uniform float nearest;
flat out int triangle;
flat out ivec4 corners;
out vec3 weights;
out float nearness;
ivec2 at(int v) { return ivec2(xy[2 * v], xy[2 * v + 1]); }
void main() {
  int t = gl_VertexID / 3, corner = gl_VertexID % 3;
  int a = tris[3 * t], b = tris[3 * t + 1], c = tris[3 * t + 2];
  int v = corner == 0 ? a : corner == 1 ? b : c;
  ivec2 ab = at(b) - at(a), ac = at(c) - at(a);
  float area = float(ab.x) * float(ac.y) - float(ab.y) * float(ac.x);
  bool away = area == 0.0 || (area > 0.0 && kinds[t] <= TONGUE);
  bool behind = min(min(inverse_z[a], inverse_z[b]), inverse_z[c]) <= 0.0;
  triangle = t;
  corners = ivec4(kinds[t], a, b, c);
  weights = vec3(corner == 0, corner == 1, corner == 2);
  nearness = inverse_z[v];
  vec2 place = vec2(at(v)) / (128.0 * float(side)) - 1.0;
  gl_Position = away || behind ? vec4(2.0, 2.0, 2.0, 1.0)
      : vec4(place, 1.0 - 2.0 * nearness / nearest, 1.0);
}
""".replace("TONGUE", str(TONGUE))  # fmt: skip

SAMPLE_HEAD = """
#version 430
layout(std430, binding=4) buffer Aux { float aux[]; };
uniform int cut;
flat in int triangle;
flat in ivec4 corners;
in vec3 weights;
in float nearness;
out vec2 found;
"""
SAMPLE_MAIN = """
void main() {
  if (cut == 1 && IS_CUT(corners.x, corners.y, corners.z, corners.w, weights.x, weights.y,
                         weights.z)) discard;
  found = vec2(nearness, float(triangle + 1));
}
"""

_PIXEL = f"""
#version 430
layout(local_size_x=8, local_size_y=8) in;
layout(binding=0) uniform sampler2D samples;
layout(std430, binding=0) buffer Kinds {{ int kinds[]; }};
layout(std430, binding=1) buffer Counts {{ int counts[]; }};
layout(std430, binding=2) buffer Slots {{ int slots[]; }};
uniform int side;
const int N = {SAMPLES * SAMPLES};
int found[N], triangles[N];
ivec2 place(ivec2 pixel, int s) {{ return pixel * {SAMPLES} + ivec2(s % {SAMPLES}, s / {SAMPLES}); }}
void look(ivec2 pixel) {{
  for (int s = 0; s < N; s++) {{
    triangles[s] = int(texelFetch(samples, place(pixel, s), 0).g) - 1;
    found[s] = triangles[s] < 0 ? -1 : kinds[triangles[s]];
  }}
}}
// Samples that fragment s stands for: 0 where an earlier sample already does.
int share(int s) {{
  if (found[s] < 0) return 0;
  if (found[s] == {EYE}) return 1;
  int count = 1;
  for (int o = 0; o < N; o++) if (o != s && found[o] == found[s]) {{
    if (o < s) return 0;
    count++;
  }}
  return count;
}}
"""  # noqa: E501

COUNT = (
    _PIXEL
    + f"""
shared int here[{N_MATERIALS}], before[{N_MATERIALS}];
void main() {{
  uint lane = gl_LocalInvocationIndex;
  if (lane < {N_MATERIALS}u) here[lane] = 0;
  barrier();
  ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
  bool inside = max(pixel.x, pixel.y) < side;
  int rank[N];
  if (inside) {{
    look(pixel);
    for (int s = 0; s < N; s++) rank[s] = share(s) > 0 ? atomicAdd(here[found[s]], 1) : -1;
  }}
  barrier();
  if (lane < {N_MATERIALS}u) before[lane] = atomicAdd(counts[lane], here[lane]);
  barrier();
  if (inside) for (int s = 0; s < N; s++)
    slots[(pixel.y * side + pixel.x) * N + s] = rank[s] < 0 ? -1 : before[found[s]] + rank[s];
}}
"""
)

GATHER = (
    _PIXEL
    + """
layout(std430, binding=3) buffer Tris { int tris[]; };
layout(std430, binding=4) buffer Screen { int xy[]; };
layout(std430, binding=5) buffer Near { float inverse_z[]; };
layout(std430, binding=6) buffer Vertices { float vertices[]; };
layout(std430, binding=7) buffer Aux { float aux[]; };
layout(std430, binding=8) buffer Pixels { int pixels[]; };
layout(std430, binding=9) buffer Weights { float weights[]; };
layout(std430, binding=10) buffer Depths { float depths[]; };
layout(std430, binding=11) buffer Positions { float positions[]; };
layout(std430, binding=12) buffer Normals { float normals[]; };
layout(std430, binding=13) buffer Canons { float canons[]; };
layout(std430, binding=14) buffer Auxes { float auxes[]; };
uniform int n_vertices;
vec3 three(int field, int v) {
  int i = 3 * (field * n_vertices + v);
  return vec3(vertices[i], vertices[i + 1], vertices[i + 2]);
}
vec3 blend(int field, ivec3 v, vec3 w) {
  return w.x * three(field, v.x) + w.y * three(field, v.y) + w.z * three(field, v.z);
}
vec2 at(int v, vec2 origin) { return vec2(xy[2 * v], xy[2 * v + 1]) - origin; }
float across(vec2 a, vec2 b) { return a.x * b.y - a.y * b.x; }
void fill(int k, int t, ivec2 place) {
  ivec3 v = ivec3(tris[3 * t], tris[3 * t + 1], tris[3 * t + 2]);
  vec2 p = vec2(place) * 256.0 + 128.0;
  vec2 a = at(v.x, p), b = at(v.y, p), c = at(v.z, p);
  float area = across(b - a, c - a);
  vec3 w = vec3(across(b, c), across(c, a), 0.0) / area;
  w.z = 1.0 - w.x - w.y;
  w *= vec3(inverse_z[v.x], inverse_z[v.y], inverse_z[v.z]);
  float total = w.x + w.y + w.z;
  w /= total;
  depths[k] = 1.0 / total;
  vec3 point = blend(0, v, w), normal = normalize(blend(1, v, w)), canon = blend(2, v, w);
  for (int i = 0; i < 3; i++) {
    positions[3 * k + i] = point[i];
    normals[3 * k + i] = normal[i];
    canons[3 * k + i] = canon[i];
  }
  for (int i = 0; i < 4; i++)
    auxes[4 * k + i] = w.x * aux[4 * v.x + i] + w.y * aux[4 * v.y + i] + w.z * aux[4 * v.z + i];
}
void main() {
  ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
  if (max(pixel.x, pixel.y) >= side) return;
  look(pixel);
  int number = pixel.y * side + pixel.x;
  for (int s = 0; s < N; s++) {
    int slot = slots[number * N + s];
    if (slot < 0) continue;
    int k = counts[found[s]] + slot;
    slots[number * N + s] = k;
    pixels[k] = number;
    weights[k] = float(share(s)) / float(N);
    fill(k, triangles[s], place(pixel, s));
  }
}
"""
)

RESOLVE = """
#version 430
layout(local_size_x=64) in;
layout(std430, binding=0) buffer Slots { int slots[]; };
layout(std430, binding=1) buffer Weights { float weights[]; };
layout(std430, binding=2) buffer Depths { float depths[]; };
layout(std430, binding=3) buffer Colors { float colors[]; };
layout(std430, binding=4) buffer Parts { int parts[]; };
layout(std430, binding=5) buffer Image { float image[]; };
layout(std430, binding=6) buffer Labels { int labels[]; };
layout(std430, binding=7) buffer Far { float far[]; };
uniform int pixels;
const int N = SAMPLES;
void main() {
  int p = int(gl_GlobalInvocationID.x);
  if (p >= pixels) return;
  vec3 color = vec3(0.0);
  float best = 1.0;
  int last = -1;
  for (int s = 0; s < N; s++) if (slots[p * N + s] >= 0) best -= weights[slots[p * N + s]];
  for (int i = 0; i < 3; i++) color[i] = best * image[3 * p + i];
  labels[p] = 0;
  far[p] = 0.0;
  for (int round = 0; round < N; round++) {
    int k = 1 << 30;
    for (int s = 0; s < N; s++) {
      int slot = slots[p * N + s];
      if (slot > last && slot < k) k = slot;
    }
    if (k == 1 << 30) break;
    last = k;
    for (int i = 0; i < 3; i++) color[i] += weights[k] * colors[3 * k + i];
    if (weights[k] >= best) {
      best = weights[k];
      labels[p] = parts[k];
      far[p] = depths[k];
    }
  }
  for (int i = 0; i < 3; i++) image[3 * p + i] = color[i];
}
""".replace("N = SAMPLES", f"N = {SAMPLES * SAMPLES}")

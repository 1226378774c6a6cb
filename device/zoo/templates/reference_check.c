/* See reference.h. Here: whether an operator of a damaged file would read or write elsewhere. */
#include "reference_parts.h"

#include <stddef.h>

#define MOST 1024 /* of a stride, a reach or a spread */

static int axis_of(const Tensor *t, int back) { /* length of an axis, counted from the last */
  return back < t->axes ? t->shape[t->axes - 1 - back] : 1;
}

static int32_t word(const Tensor *t, int k) { /* of a list of int32 */
  return reference_i32((const unsigned char *)t->values + 4 * k);
}

static int scaled(const Tensor *t, int channels) { /* scales that are there, and sensible */
  if (t->scales != 1 && t->scales != channels) return 0;
  for (int k = 0; k < t->scales; k++) {
    const float s = reference_f32(t->scale_at + 4 * k);
    if (!(s > 1e-12f && s < 1e12f)) return 0;
  }
  return 1;
}

static int steps(const unsigned char *options, const unsigned *fields, int count) {
  for (int k = 0; k < count; k++) {
    const int value = reference_number(options, fields[k], 1);
    if (value < 1 || value > MOST) return 0;
  }
  return 1;
}

static int convolves(const Tensor **in, int count, const Tensor *out, const unsigned char *options,
                     int depthwise) {
  static const unsigned plain[] = {1, 2, 4, 5}, deep[] = {1, 2, 5, 6};
  const Tensor *w = in[1];
  const int c = axis_of(in[0], 0), made = axis_of(out, 0);
  if (count < 2 || in[0]->axes != 4 || w->axes != 4 || out->axes != 4) return 0;
  if (in[0]->shape[0] != out->shape[0] || !steps(options, depthwise ? deep : plain, 4)) return 0;
  if (depthwise ? w->shape[0] != 1 || w->shape[3] != made || made % c
                : w->shape[0] != made || w->shape[3] != c) return 0;
  return scaled(w, made) && (count < 3 || in[2]->bytes == 4 * made);
}

static int connects(const Tensor **in, int count, const Tensor *out) {
  const Tensor *w = in[1];
  if (count < 2 || w->axes != 2 || in[0]->size % w->shape[1]) return 0;
  if (out->size != in[0]->size / w->shape[1] * w->shape[0]) return 0;
  return scaled(w, w->shape[0]) && (count < 3 || in[2]->bytes == 4 * w->shape[0]);
}

static int broadcasts(const Tensor *t, const Tensor *out) {
  if (t->axes > out->axes) return 0;
  for (int k = 0; k < t->axes; k++)
    if (axis_of(t, k) != 1 && axis_of(t, k) != axis_of(out, k)) return 0;
  return scaled(t, 1);
}

static int pools(const Tensor *in, const Tensor *out, const unsigned char *options) {
  static const unsigned fields[] = {1, 2, 3, 4};
  return in->axes == 4 && out->axes == 4 && in->shape[0] == out->shape[0] &&
         in->shape[3] == out->shape[3] && steps(options, fields, 4);
}

static int joins(const Tensor **in, int count, const Tensor *out, int axis) {
  int sum = 0;
  if (axis < 0) axis += out->axes;
  if (axis < 0 || axis >= out->axes || count < 1) return 0;
  for (int k = 0; k < count; k++) {
    if (in[k]->axes != out->axes) return 0;
    for (int n = 0; n < out->axes; n++)
      if (n != axis && in[k]->shape[n] != out->shape[n]) return 0;
    sum += in[k]->shape[axis];
  }
  return sum == out->shape[axis];
}

/* Lists of int32: widths of a pad, the order of a transpose, the begin of a slice. */
static int lists(int code, const Tensor *in, const Tensor *list, const Tensor *out) {
  unsigned seen = 0;
  if (in->axes != out->axes || list->bytes != (code == PAD ? 8 : 4) * in->axes) return 0;
  for (int k = 0; k < in->axes; k++) {
    const int32_t n = word(list, code == PAD ? 2 * k : k);
    if (n < 0) return 0;
    if (code == PAD && n > out->shape[k] - in->shape[k]) return 0;
    if (code == SLICE && n > in->shape[k] - out->shape[k]) return 0;
    if (code != TRANSPOSE) continue;
    if (n >= in->axes || in->shape[n] != out->shape[k]) return 0;
    seen |= 1u << n;
  }
  return code != TRANSPOSE || seen == (1u << in->axes) - 1;
}

static int averages(const Tensor *in, const Tensor *axes, const Tensor *out) {
  int gone[MAX_AXES] = {0}, left = 1;
  for (int k = 0; k < axes->bytes / 4; k++) {
    const int32_t axis = word(axes, k) < 0 ? word(axes, k) + in->axes : word(axes, k);
    if (axis < 0 || axis >= in->axes) return 0;
    gone[axis] = 1;
  }
  for (int k = 0; k < in->axes; k++) left *= gone[k] ? 1 : in->shape[k];
  return left == out->size;
}

int reference_fits(int code, const Tensor **in, int count, const Tensor *out,
                   const unsigned char *options) {
  const Tensor *a = in[0], *b = in[1];
  const int second = code == ADD || code == SUB || code == MUL || code == PAD || code == MEAN ||
                     code == TRANSPOSE || code == SLICE || code == CONV || code == DEPTHWISE ||
                     code == FULLY_CONNECTED;
  if (count < (second ? 2 : 1)) return 0;
  if (code != CONCATENATION && code != RESHAPE && code != PAD && code != TRANSPOSE && code != SLICE &&
      !(scaled(a, 1) && scaled(out, 1))) return 0;
  switch (code) {
    case ADD: case SUB: case MUL: return broadcasts(a, out) && broadcasts(b, out);
    case AVERAGE_POOL: case MAX_POOL: return pools(a, out, options);
    case CONCATENATION: return joins(in, count, out, reference_number(options, 0, 0));
    case CONV: case DEPTHWISE: return convolves(in, count, out, options, code == DEPTHWISE);
    case FULLY_CONNECTED: return connects(in, count, out);
    case PAD: case TRANSPOSE: case SLICE: return lists(code, a, b, out);
    case MEAN: return averages(a, b, out);
    case RESIZE_NEAREST:
      return a->axes == 4 && out->axes == 4 && a->shape[0] == out->shape[0] &&
             a->shape[3] == out->shape[3];
    case RESHAPE: case SOFTMAX: case QUANTIZE: return a->size == out->size && a->axes > 0;
    default: return 1; /* unknown: said by reference_operate */
  }
}

/* See reference.h. Here: the operators. The arithmetic is that of the TFLite 8-bit quantization
 * specification: real = scale * (int8 - zero_point), products rescaled by a 31-bit multiplier and a
 * power of two (Jacob et al., CVPR 2018), softmax by a fixed-point exponential.
 */
#include "reference_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct { int32_t multiplier; int shift; } Factor;

static int32_t high_product(int32_t a, int32_t b) { /* a * b / 2^31, rounded */
  const int64_t product = (int64_t)a * b;
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  return (int32_t)((product + (product >= 0 ? 1 << 30 : 1 - (1 << 30))) / (INT64_C(1) << 31));
}

static int32_t halved(int32_t x, int times) { /* x / 2^times, rounded, halves away from zero */
  const int32_t mask = (int32_t)((INT64_C(1) << times) - 1), rest = x & mask;
  return (x >> times) + (rest > (mask >> 1) + (x < 0));
}

static int32_t doubled(int32_t x, int times) { /* x * 2^times, saturated */
  const int64_t wide = (int64_t)x * (INT64_C(1) << times);
  return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

static Factor factor(double real) {
  Factor made = {0, 0};
  int64_t fixed;
  if (real == 0.0) return made;
  fixed = (int64_t)round(frexp(real, &made.shift) * (double)(INT64_C(1) << 31));
  if (fixed == INT64_C(1) << 31) {
    fixed /= 2;
    made.shift++;
  }
  if (made.shift < -31) {
    made.shift = 0;
    fixed = 0;
  }
  made.multiplier = (int32_t)fixed;
  return made;
}

static int32_t times(int32_t x, Factor by) {
  const int left = by.shift > 0 ? by.shift : 0, right = by.shift > 0 ? 0 : -by.shift;
  return halved(high_product((int32_t)((uint32_t)x << left), by.multiplier), right);
}

static int8_t clamp(int32_t x, int low, int high) {
  return (int8_t)(x < low ? low : x > high ? high : x);
}

static float scale(const Tensor *t, int channel) {
  return reference_f32(t->scale_at + 4 * (t->scales > 1 ? channel : 0));
}

/* Range that a fused activation leaves: 0 none, 1 relu, 2 -1..1, 3 relu6. */
static void range(const Tensor *out, int activation, int *low, int *high) {
  const float s = out->scale_at ? scale(out, 0) : 1.0f;
  *low = -128;
  *high = 127;
  if (activation == 1 || activation == 3) *low = out->zero > -128 ? out->zero : -128;
  if (activation == 2) *low = out->zero - (int)roundf(1.0f / s);
  if (activation == 2) *high = out->zero + (int)roundf(1.0f / s);
  if (activation == 3) *high = out->zero + (int)roundf(6.0f / s);
  if (*low < -128) *low = -128;
  if (*high > 127) *high = 127;
}

/* The last four axes as B H W C, missing ones of length 1. */
static void four(const Tensor *t, int shape[4]) {
  for (int k = 0; k < 4; k++) {
    const int from = k - (4 - t->axes);
    shape[k] = from >= 0 ? t->shape[from] : 1;
  }
}

static int pad_before(int in, int out, int step, int reach, int valid) {
  const int missing = (out - 1) * step + reach - in;
  return valid || missing < 0 ? 0 : missing / 2;
}

static void conv(const Tensor *in, const Tensor *weight, const Tensor *bias, Tensor *out,
                 const unsigned char *options, int depthwise) {
  const int late = depthwise ? 1 : 0; /* depthwise has a field more before the activation */
  const int step_x = reference_number(options, 1, 1), step_y = reference_number(options, 2, 1);
  const int spread_x = reference_number(options, 4 + late, 1);
  const int spread_y = reference_number(options, 5 + late, 1);
  int i[4], w[4], o[4], low, high, top, left;
  four(in, i);
  four(weight, w);
  four(out, o);
  range(out, reference_small(options, 3 + late), &low, &high);
  top = pad_before(i[1], o[1], step_y, (w[1] - 1) * spread_y + 1, reference_small(options, 0));
  left = pad_before(i[2], o[2], step_x, (w[2] - 1) * spread_x + 1, reference_small(options, 0));
  for (int c = 0; c < o[3]; c++) {
    const Factor by = factor((double)scale(in, 0) * scale(weight, c) / scale(out, 0));
    const int start = bias ? reference_i32((const unsigned char *)bias->values + 4 * c) : 0;
    for (int row = 0; row < o[0] * o[1]; row++) { /* picture after picture */
      const int8_t *picture = in->values + row / o[1] * i[1] * i[2] * i[3];
      const int y = row % o[1];
      for (int x = 0; x < o[2]; x++) {
        int32_t sum = start;
        for (int ky = 0; ky < w[1]; ky++) {
          for (int kx = 0; kx < w[2]; kx++) {
            const int iy = y * step_y - top + ky * spread_y, ix = x * step_x - left + kx * spread_x;
            if (iy < 0 || iy >= i[1] || ix < 0 || ix >= i[2]) continue;
            const int8_t *a = picture + (iy * i[2] + ix) * i[3];
            if (depthwise) {
              const int8_t by_weight = weight->values[(ky * w[2] + kx) * w[3] + c];
              sum += (a[c / (w[3] / i[3])] - in->zero) * by_weight;
              continue;
            }
            const int8_t *b = weight->values + ((c * w[1] + ky) * w[2] + kx) * w[3];
            for (int k = 0; k < i[3]; k++) sum += (a[k] - in->zero) * b[k];
          }
        }
        out->made[(row * o[2] + x) * o[3] + c] = clamp(times(sum, by) + out->zero, low, high);
      }
    }
  }
}

static void fully_connected(const Tensor *in, const Tensor *weight, const Tensor *bias, Tensor *out,
                            const unsigned char *options) {
  const int n_in = weight->shape[1], n_out = weight->shape[0], rows = in->size / n_in;
  int low, high;
  range(out, reference_small(options, 0), &low, &high);
  for (int c = 0; c < n_out; c++) {
    const Factor by = factor((double)scale(in, 0) * scale(weight, c) / scale(out, 0));
    for (int row = 0; row < rows; row++) {
      int32_t sum = bias ? reference_i32((const unsigned char *)bias->values + 4 * c) : 0;
      for (int k = 0; k < n_in; k++)
        sum += (in->values[row * n_in + k] - in->zero) * weight->values[c * n_in + k];
      out->made[row * n_out + c] = clamp(times(sum, by) + out->zero, low, high);
    }
  }
}

/* Place in `t` of place `k` of the result: axes of length 1 are repeated (broadcast). */
static int repeated(const Tensor *t, const Tensor *out, int k) {
  int place = 0, stride = 1;
  for (int axis = out->axes - 1, own = t->axes - 1; own >= 0; axis--, own--) {
    place += t->shape[own] == 1 ? 0 : k % out->shape[axis] * stride;
    stride *= t->shape[own];
    k /= out->shape[axis];
  }
  return place;
}

/* a + b, or a - b where `sign` is -1. */
static void add(const Tensor *a, const Tensor *b, Tensor *out, const unsigned char *options,
                int sign) {
  const double both = 2.0 * (scale(a, 0) > scale(b, 0) ? scale(a, 0) : scale(b, 0));
  const Factor by_a = factor(scale(a, 0) / both), by_b = factor(scale(b, 0) / both);
  const Factor back = factor(both / ((1 << 20) * (double)scale(out, 0)));
  int low, high;
  range(out, reference_small(options, 0), &low, &high);
  for (int k = 0; k < out->size; k++) {
    const int32_t left = times((a->values[repeated(a, out, k)] - a->zero) * (1 << 20), by_a);
    const int32_t right = times((b->values[repeated(b, out, k)] - b->zero) * (1 << 20), by_b);
    out->made[k] = clamp(times(left + sign * right, back) + out->zero, low, high);
  }
}

static void multiply(const Tensor *a, const Tensor *b, Tensor *out, const unsigned char *options) {
  const Factor by = factor((double)scale(a, 0) * (double)scale(b, 0) / (double)scale(out, 0));
  int low, high;
  range(out, reference_small(options, 0), &low, &high);
  for (int k = 0; k < out->size; k++) {
    const int32_t left = a->values[repeated(a, out, k)] - a->zero;
    const int32_t right = b->values[repeated(b, out, k)] - b->zero;
    out->made[k] = clamp(times(left * right, by) + out->zero, low, high);
  }
}

static void pool(const Tensor *in, Tensor *out, const unsigned char *options, int largest) {
  const int step_x = reference_number(options, 1, 1), step_y = reference_number(options, 2, 1);
  const int wide = reference_number(options, 3, 1), tall = reference_number(options, 4, 1);
  int i[4], o[4], low, high, top, left;
  four(in, i);
  four(out, o);
  range(out, reference_small(options, 5), &low, &high);
  top = pad_before(i[1], o[1], step_y, tall, reference_small(options, 0));
  left = pad_before(i[2], o[2], step_x, wide, reference_small(options, 0));
  for (int place = 0; place < out->size; place++) {
    const int c = place % o[3], x = place / o[3] % o[2], row = place / o[3] / o[2];
    const int8_t *picture = in->values + row / o[1] * i[1] * i[2] * i[3];
    const int y = row % o[1];
    int32_t sum = 0, count = 0, most = -128;
    for (int iy = y * step_y - top; iy < y * step_y - top + tall; iy++) {
      for (int ix = x * step_x - left; ix < x * step_x - left + wide; ix++) {
        if (iy < 0 || iy >= i[1] || ix < 0 || ix >= i[2]) continue;
        const int8_t value = picture[(iy * i[2] + ix) * i[3] + c];
        sum += value;
        count++;
        if (value > most) most = value;
      }
    }
    sum = count ? (sum > 0 ? sum + count / 2 : sum - count / 2) / count : 0;
    out->made[place] = clamp(largest ? most : sum, low, high);
  }
}

static void concatenate(const Tensor **parts, int count, Tensor *out, int axis) {
  int outer = 1, at = 0;
  if (axis < 0) axis += out->axes;
  for (int k = 0; k < axis; k++) outer *= out->shape[k];
  for (int row = 0; row < outer; row++) {
    for (int k = 0; k < count; k++) {
      const int run = parts[k]->size / outer;
      memcpy(out->made + at, parts[k]->values + row * run, (size_t)run);
      at += run;
    }
  }
}

/* Mean over the axes listed: the sum is divided inside the multiplier, as far as 31 bits go. */
static void mean(const Tensor *in, const Tensor *axes, Tensor *out) {
  int gone[MAX_AXES] = {0}, n = 1, bits = 0;
  Factor by = factor((double)scale(in, 0) / (double)scale(out, 0));
  int32_t *sums = calloc((size_t)out->size, sizeof *sums);
  for (int k = 0; k < axes->size / 4; k++) {
    const int axis = reference_i32((const unsigned char *)axes->values + 4 * k);
    gone[axis < 0 ? axis + in->axes : axis] = 1;
  }
  for (int k = 0; k < in->axes; k++) n *= gone[k] ? in->shape[k] : 1;
  for (int place = 0; place < in->size && sums; place++) {
    int rest = place, to = 0, stride = 1;
    for (int k = in->axes - 1; k >= 0; k--) {
      if (!gone[k]) {
        to += rest % in->shape[k] * stride;
        stride *= in->shape[k];
      }
      rest /= in->shape[k];
    }
    sums[to] += in->values[place];
  }
  while (n >> (bits + 1)) bits++;
  if (bits > 32) bits = 32;
  if (bits > 31 + by.shift) bits = 31 + by.shift;
  by.multiplier = (int32_t)(((int64_t)by.multiplier << bits) / n);
  by.shift -= bits;
  for (int k = 0; k < out->size && sums; k++)
    out->made[k] = clamp(times(sums[k] - in->zero * n, by) + out->zero, -128, 127);
  free(sums);
}

static void pad(const Tensor *in, const Tensor *widths, Tensor *out) {
  memset(out->made, out->zero, (size_t)out->size);
  for (int place = 0; place < in->size; place++) {
    int rest = place, to = 0, stride = 1;
    for (int k = in->axes - 1; k >= 0; k--) {
      const int before = reference_i32((const unsigned char *)widths->values + 8 * k);
      to += (rest % in->shape[k] + before) * stride;
      stride *= out->shape[k];
      rest /= in->shape[k];
    }
    out->made[to] = in->values[place];
  }
}

static void transpose(const Tensor *in, const Tensor *order, Tensor *out) {
  int stride[MAX_AXES], step = 1;
  for (int k = in->axes - 1; k >= 0; k--) {
    stride[k] = step;
    step *= in->shape[k];
  }
  for (int place = 0; place < out->size; place++) {
    int rest = place, from = 0;
    for (int k = out->axes - 1; k >= 0; k--) {
      const int axis = reference_i32((const unsigned char *)order->values + 4 * k);
      from += rest % out->shape[k] * stride[axis];
      rest /= out->shape[k];
    }
    out->made[place] = in->values[from];
  }
}

static void slice(const Tensor *in, const Tensor *begin, Tensor *out) {
  for (int place = 0; place < out->size; place++) {
    int rest = place, from = 0, stride = 1;
    for (int k = out->axes - 1; k >= 0; k--) {
      const int first = reference_i32((const unsigned char *)begin->values + 4 * k);
      from += (rest % out->shape[k] + first) * stride;
      stride *= in->shape[k];
      rest /= out->shape[k];
    }
    out->made[place] = in->values[from];
  }
}

static void quantize(const Tensor *in, Tensor *out) {
  const Factor by = factor((double)scale(in, 0) / (double)scale(out, 0));
  for (int k = 0; k < out->size; k++)
    out->made[k] = clamp(times(in->values[k] - in->zero, by) + out->zero, -128, 127);
}

static int nearest(int place, int from, int to, int corners, int centres) {
  const int ends = corners && to > 1; /* first on first and last on last */
  const float ratio = (float)(from - ends) / (float)(to - ends);
  const float at = ((float)place + (centres ? 0.5f : 0.0f)) * ratio;
  const int found = (int)(corners ? roundf(at) : floorf(at));
  return found < from - 1 ? found : from - 1;
}

static void resize(const Tensor *in, Tensor *out, const unsigned char *options) {
  const int corners = reference_small(options, 0), centres = reference_small(options, 1);
  int i[4], o[4];
  four(in, i);
  four(out, o);
  for (int row = 0; row < o[0] * o[1]; row++) {
    const int8_t *picture = in->values + row / o[1] * i[1] * i[2] * i[3];
    const int iy = nearest(row % o[1], i[1], o[1], corners, centres);
    for (int x = 0; x < o[2]; x++) {
      const int ix = nearest(x, i[2], o[2], corners, centres);
      memcpy(out->made + (row * o[2] + x) * o[3], picture + (iy * i[2] + ix) * i[3], (size_t)o[3]);
    }
  }
}

/* exp(x) of x <= 0 with 5 integer bits -> 31 fraction bits: a polynomial, then powers. */
static int32_t exponential(int32_t x) {
  static const int32_t power[] = {1672461947, 1302514674, 790015084, 290630308,
                                  39332535,   720401,     242};
  const int32_t quarter = 1 << 24, part = (x & (quarter - 1)) - quarter, rest = part - x;
  const int32_t near_0 = doubled(part, 5) + (1 << 28), square = high_product(near_0, near_0);
  const int32_t cube = high_product(square, near_0), fourth = high_product(square, square);
  const int32_t tail = halved(high_product(halved(fourth, 2) + cube, 715827883) + square, 1);
  int32_t made = 1895147668 + high_product(1895147668, near_0 + tail);
  for (int k = 0; k < 7; k++)
    if (rest & (1 << (24 + k))) made = high_product(made, power[k]);
  return x == 0 ? INT32_MAX : made;
}

/* 1 / (1 + x) of 0 <= x < 1, both with 31 fraction bits: three steps of Newton and Raphson. */
static int32_t inverse(int32_t x) {
  const int64_t both = (int64_t)x + INT32_MAX;
  const int32_t half = (int32_t)((both + 1) / 2);
  int32_t made = 1515870810 + high_product(half, -1010580540);
  for (int k = 0; k < 3; k++)
    made += doubled(high_product(made, (1 << 29) - high_product(half, made)), 2);
  return doubled(made, 1);
}

static void softmax(const Tensor *in, Tensor *out, const unsigned char *options) {
  const unsigned char *beta = reference_field(options, 0);
  const double wanted = (double)(beta ? reference_f32(beta) : 1.0f) * scale(in, 0) * (1 << 26);
  const Factor by = factor(wanted < 2147483647.0 ? wanted : 2147483647.0);
  const int least = -(int)floor(31.0 * (1 << 26) / (double)(INT64_C(1) << by.shift));
  const int row = in->shape[in->axes - 1];
  for (int start = 0; start < in->size; start += row) {
    const int8_t *a = in->values + start;
    int32_t most = -128, sum = 0, share;
    int spare = 0;
    for (int k = 0; k < row; k++) most = a[k] > most ? a[k] : most;
    for (int k = 0; k < row; k++)
      if (a[k] - most >= least) sum += halved(exponential(times(a[k] - most, by)), 12);
    while (!((uint32_t)sum << spare & 0x80000000u)) spare++;
    share = inverse((int32_t)(((uint32_t)sum << spare) - 0x80000000u));
    for (int k = 0; k < row; k++) {
      const int32_t e = a[k] - most >= least ? exponential(times(a[k] - most, by)) : 0;
      const int32_t part = halved(high_product(share, e), 12 - spare + 31 - 8);
      out->made[start + k] = clamp(part - 128, -128, 127);
    }
  }
}

const char *reference_operate(int code, const Tensor **in, int count, Tensor *out,
                              const unsigned char *options) {
  switch (code) {
    case ADD: add(in[0], in[1], out, options, 1); break;
    case SUB: add(in[0], in[1], out, options, -1); break;
    case MUL: multiply(in[0], in[1], out, options); break;
    case AVERAGE_POOL: pool(in[0], out, options, 0); break;
    case MAX_POOL: pool(in[0], out, options, 1); break;
    case CONCATENATION: concatenate(in, count, out, reference_number(options, 0, 0)); break;
    case CONV: conv(in[0], in[1], count > 2 ? in[2] : NULL, out, options, 0); break;
    case DEPTHWISE: conv(in[0], in[1], count > 2 ? in[2] : NULL, out, options, 1); break;
    case FULLY_CONNECTED:
      fully_connected(in[0], in[1], count > 2 ? in[2] : NULL, out, options);
      break;
    case RESHAPE: memcpy(out->made, in[0]->values, (size_t)out->size); break;
    case SOFTMAX: softmax(in[0], out, options); break;
    case PAD: pad(in[0], in[1], out); break;
    case TRANSPOSE: transpose(in[0], in[1], out); break;
    case MEAN: mean(in[0], in[1], out); break;
    case SLICE: slice(in[0], in[1], out); break;
    case RESIZE_NEAREST: resize(in[0], out, options); break;
    case QUANTIZE: quantize(in[0], out); break;
    default: return "an operator that this interpreter does not know";
  }
  return NULL;
}

/* See reference.h. Here: the file, a flatbuffer, and the order of the operators. */
#include "reference.h"

#include <stdlib.h>
#include <string.h>

#include "reference_parts.h"

#define MAX_TENSORS 512
#define MAX_SIZE (1 << 26)
#define DAMAGED "the file is damaged"

static const unsigned char *base, *end_of_model;

static int within(const unsigned char *at, int count) { /* are these bytes in the file? */
  return at && at >= base && at <= end_of_model && count <= end_of_model - at;
}

static uint32_t u32(const unsigned char *at) {
  if (!within(at, 4)) return 0;
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

int32_t reference_i32(const unsigned char *at) { return (int32_t)u32(at); }

float reference_f32(const unsigned char *at) {
  const uint32_t bits = u32(at);
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

/* Address of a table's field, or NULL where it has its default. */
const unsigned char *reference_field(const unsigned char *table, unsigned number) {
  const unsigned char *entries, *slot;
  if (!table) return NULL;
  entries = table - reference_i32(table);
  slot = entries + 4 + 2 * number;
  if (4 + 2 * number + 2 > (u32(entries) & 0xffffu) || !within(slot, 2)) return NULL;
  return slot[0] | slot[1] ? table + (slot[0] | slot[1] << 8) : NULL;
}

/* What an offset in a field points at: a table, or a vector, which begins with its length. */
static const unsigned char *follow(const unsigned char *at) {
  const uint32_t far = within(at, 4) ? u32(at) : 0;
  return far && far < (uint32_t)(end_of_model - at) ? at + far : NULL;
}

static int length(const unsigned char *vector) { /* 0 where more is said than there is */
  const int said = vector ? reference_i32(vector) : 0;
  return said > 0 && within(vector + 4, said) ? said : 0;
}

static const unsigned char *item(const unsigned char *vector, int place) {
  return place >= 0 && place < length(vector) ? follow(vector + 4 + 4 * place) : NULL;
}

int reference_number(const unsigned char *table, unsigned place, int otherwise) {
  const unsigned char *at = reference_field(table, place);
  return at ? reference_i32(at) : otherwise;
}

int reference_small(const unsigned char *table, unsigned place) {
  const unsigned char *at = reference_field(table, place);
  return within(at, 1) ? (signed char)*at : 0;
}

static Tensor tensors[MAX_TENSORS];

static const char *load(const unsigned char *list, const unsigned char *buffers) {
  for (int k = 0; k < length(list); k++) {
    const unsigned char *table = item(list, k), *shape = follow(reference_field(table, 0));
    const unsigned char *numbers = follow(reference_field(table, 4)), *data;
    const unsigned char *scales = numbers ? follow(reference_field(numbers, 2)) : NULL;
    const unsigned char *zeros = numbers ? follow(reference_field(numbers, 3)) : NULL;
    Tensor *t = tensors + k;
    t->axes = length(shape);
    if (t->axes > MAX_AXES) return "a tensor has more than 5 axes";
    t->size = 1;
    for (int axis = 0; axis < t->axes; axis++) {
      t->shape[axis] = reference_i32(shape + 4 + 4 * axis);
      if (t->shape[axis] < 1 || t->shape[axis] > MAX_SIZE / t->size) return DAMAGED;
      t->size *= t->shape[axis];
    }
    t->scales = length(scales);
    t->scale_at = t->scales ? scales + 4 : NULL;
    t->zero = length(zeros) ? reference_i32(zeros + 4) : 0;
    data = follow(reference_field(item(buffers, reference_number(table, 2, 0)), 0));
    if (t->zero < -128 || t->zero > 127) return DAMAGED;
    if (data && length(data)) {
      t->values = (const int8_t *)(data + 4);
      t->bytes = length(data);
      if (t->bytes != t->size && t->bytes != 4 * t->size) return DAMAGED; /* int8, int32 */
      t->size = t->bytes;
    }
  }
  return NULL;
}

/* A tensor by its number, NULL where there is none. */
static Tensor *numbered(const unsigned char *vector, int place, int many) {
  const int number = place < length(vector) ? reference_i32(vector + 4 + 4 * place) : -1;
  return number >= 0 && number < many ? tensors + number : NULL;
}

static const char *run_all(const unsigned char *graph, const unsigned char *codes, int many) {
  const unsigned char *steps = follow(reference_field(graph, 3));
  for (int k = 0; k < length(steps); k++) {
    const unsigned char *step = item(steps, k), *code = item(codes, reference_number(step, 0, 0));
    const unsigned char *from = follow(reference_field(step, 1));
    const unsigned char *to = follow(reference_field(step, 2));
    const Tensor *in[16] = {NULL};
    const int old = reference_small(code, 0), young = reference_number(code, 3, 0);
    Tensor *out = numbered(to, 0, many);
    const unsigned char *options;
    const char *wrong;
    int count = length(from);
    if (count > 16) return "an operator has more than 16 inputs";
    while (count > 0 && reference_i32(from + 4 * count) < 0) count--; /* no bias */
    for (int n = 0; n < count; n++)
      if (!(in[n] = numbered(from, n, many)) || !in[n]->values) return DAMAGED;
    if (!out || out->values) return DAMAGED;
    options = follow(reference_field(step, 4));
    if (!reference_fits(young > old ? young : old, in, count, out, options)) return DAMAGED;
    if (!(out->made = malloc((size_t)out->size + 1))) return "no memory";
    out->values = out->made;
    wrong = reference_operate(young > old ? young : old, in, count, out, options);
    if (wrong) return wrong;
  }
  return NULL;
}

const char *collodi_reference_run(const unsigned char *model, unsigned size, const int8_t *input,
                                  int8_t *output) {
  const unsigned char *root, *graph, *list;
  Tensor *first, *last;
  const char *wrong;
  base = model;
  end_of_model = model + size;
  if (size < 32 || memcmp(model + 4, "TFL3", 4) != 0) return "not a TFLite file";
  root = follow(model);
  graph = item(follow(reference_field(root, 2)), 0);
  list = follow(reference_field(graph, 0));
  if (length(list) > MAX_TENSORS) return "more than 512 tensors";
  memset(tensors, 0, sizeof tensors); /* also those that a damaged file stops at */
  wrong = load(list, follow(reference_field(root, 4)));
  first = numbered(follow(reference_field(graph, 1)), 0, length(list));
  last = numbered(follow(reference_field(graph, 2)), 0, length(list));
  if (!wrong && (!first || !last || first->values)) wrong = DAMAGED;
  if (!wrong) {
    first->values = input;
    wrong = run_all(graph, follow(reference_field(root, 1)), length(list));
  }
  if (!wrong && !last->values) wrong = DAMAGED;
  if (!wrong) memcpy(output, last->values, (size_t)last->size);
  for (int k = 0; k < length(list); k++) free(tensors[k].made);
  return wrong;
}

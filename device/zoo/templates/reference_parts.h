/* What reference.c and reference_ops.c share. */
#ifndef COLLODI_REFERENCE_PARTS_H
#define COLLODI_REFERENCE_PARTS_H

#include <stdint.h>

#define MAX_AXES 5

typedef struct {
  int axes, size, zero, shape[MAX_AXES], scales;
  const unsigned char *scale_at; /* float for each channel, or one */
  const int8_t *values;          /* of a constant in the model, or `made` */
  int8_t *made;                  /* computed here */
} Tensor;

/* Numbers of the file, little-endian; 0 outside of it. */
int32_t reference_i32(const unsigned char *at);
float reference_f32(const unsigned char *at);

/* Address of a table's field, or NULL where it has its default. */
const unsigned char *reference_field(const unsigned char *table, unsigned number);

/* A field of 32 bits, or what it is otherwise; a field of 8 bits, or 0. */
int reference_number(const unsigned char *table, unsigned place, int otherwise);
int reference_small(const unsigned char *table, unsigned place);

/* Run one operator of the TFLite schema; returns NULL, or what is wrong. */
const char *reference_operate(int code, const Tensor **in, int count, Tensor *out,
                              const unsigned char *options);

#endif /* COLLODI_REFERENCE_PARTS_H */

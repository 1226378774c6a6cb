/* What the files of the reference interpreter share. */
#ifndef COLLODI_REFERENCE_PARTS_H
#define COLLODI_REFERENCE_PARTS_H

#include <stdint.h>

#define MAX_AXES 5

/* Operators, by their numbers in the schema. */
enum { ADD = 0, AVERAGE_POOL = 1, CONCATENATION = 2, CONV = 3, DEPTHWISE = 4, FULLY_CONNECTED = 9,
       MAX_POOL = 17, MUL = 18, RESHAPE = 22, SOFTMAX = 25, PAD = 34, TRANSPOSE = 39, MEAN = 40,
       SUB = 41, SLICE = 65, RESIZE_NEAREST = 97, QUANTIZE = 114 };

typedef struct {
  int axes, size, zero, shape[MAX_AXES], scales;
  int bytes; /* of a constant, 0 of others */
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

/* 0 where a damaged file would make the operator read or write elsewhere. */
int reference_fits(int code, const Tensor **in, int count, const Tensor *out,
                   const unsigned char *options);

#endif /* COLLODI_REFERENCE_PARTS_H */

/* Made by Collodi; do not edit. See MODEL_CARD.md. */
#ifndef TOY_FIND_H
#define TOY_FIND_H

/* Working memory of TFLite Micro, measured on a 64-bit machine: enough for 32 bits. */
#define TOY_FIND_ARENA_BYTES 67584

/* real = SCALE * (int8 - ZERO_POINT) */
/* input: int8 1 x 120 x 160 x 1 (B H W C), grey / 127.5 - 1 (device/front_end.py, scene) */
#define TOY_FIND_INPUT_SIZE 19200
#define TOY_FIND_INPUT_SCALE 7.874015719e-03f
#define TOY_FIND_INPUT_ZERO_POINT (0)
/* output: int8 1 x 380 x 4 (B P C), score, x, y, side of each cell (device/find.py) */
#define TOY_FIND_OUTPUT_SIZE 1520
#define TOY_FIND_OUTPUT_SCALE 7.731599733e-03f
#define TOY_FIND_OUTPUT_ZERO_POINT (-9)
#define TOY_FIND_LABELS 4

/* Operators, for tflite::MicroMutableOpResolver<N> (C++). */
#define TOY_FIND_OPS 6 /* ADD CONCATENATION CONV_2D PAD QUANTIZE RESHAPE */
#define TOY_FIND_ADD_OPS(resolver) do { (resolver).AddAdd(); (resolver).AddConcatenation(); (resolver).AddConv2D(); (resolver).AddPad(); (resolver).AddQuantize(); (resolver).AddReshape(); } while (0)

#ifdef __cplusplus
extern "C" {
#endif
extern const unsigned char toy_find_data[];
extern const unsigned int toy_find_size; /* 64880 bytes */
extern const char *const toy_find_labels[TOY_FIND_LABELS];
#ifdef __cplusplus
}
#endif

#endif /* TOY_FIND_H */

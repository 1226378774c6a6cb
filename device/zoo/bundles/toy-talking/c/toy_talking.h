/* Made by Collodi; do not edit. See MODEL_CARD.md. */
#ifndef TOY_TALKING_H
#define TOY_TALKING_H

/* Working memory of TFLite Micro, measured on a 64-bit machine: enough for 32 bits. */
#define TOY_TALKING_ARENA_BYTES 330752

/* real = SCALE * (int8 - ZERO_POINT) */
/* input: int8 1 x 40 x 1104 x 1 (B T row C), a picture's two log-mel frames, then its pixels (device/front_end.py, audiovisual) */
#define TOY_TALKING_INPUT_SIZE 44160
#define TOY_TALKING_INPUT_SCALE 1.574803144e-02f
#define TOY_TALKING_INPUT_ZERO_POINT (0)
/* output: int8 1 x 2 (B C), logit of this face speaks, logit of this head faces the camera */
#define TOY_TALKING_OUTPUT_SIZE 2
#define TOY_TALKING_OUTPUT_SCALE 1.109287962e-01f
#define TOY_TALKING_OUTPUT_ZERO_POINT (44)
#define TOY_TALKING_LABELS 2

/* Operators, for tflite::MicroMutableOpResolver<N> (C++). */
#define TOY_TALKING_OPS 11 /* ADD CONCATENATION CONV_2D DEPTHWISE_CONV_2D MEAN MUL PAD QUANTIZE RESHAPE SLICE SUB */
#define TOY_TALKING_ADD_OPS(resolver) do { (resolver).AddAdd(); (resolver).AddConcatenation(); (resolver).AddConv2D(); (resolver).AddDepthwiseConv2D(); (resolver).AddMean(); (resolver).AddMul(); (resolver).AddPad(); (resolver).AddQuantize(); (resolver).AddReshape(); (resolver).AddSlice(); (resolver).AddSub(); } while (0)

#ifdef __cplusplus
extern "C" {
#endif
extern const unsigned char toy_talking_data[];
extern const unsigned int toy_talking_size; /* 354800 bytes */
extern const char *const toy_talking_labels[TOY_TALKING_LABELS];
#ifdef __cplusplus
}
#endif

#endif /* TOY_TALKING_H */

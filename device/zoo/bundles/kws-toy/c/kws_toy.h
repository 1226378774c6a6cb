/* Made by Collodi; do not edit. See MODEL_CARD.md. */
#ifndef KWS_TOY_H
#define KWS_TOY_H

/* Working memory of TFLite Micro, measured on a 64-bit machine: enough for 32 bits. */
#define KWS_TOY_ARENA_BYTES 36864

/* real = SCALE * (int8 - ZERO_POINT) */
/* input: int8 1 x 50 x 40 x 1 (B T L C), log-mel / 2, loudest cell near 0 (device/front_end.py, logmel) */
#define KWS_TOY_INPUT_SIZE 2000
#define KWS_TOY_INPUT_SCALE 1.574803144e-02f
#define KWS_TOY_INPUT_ZERO_POINT (0)
/* output: int8 1 x 12 (B C), logit */
#define KWS_TOY_OUTPUT_SIZE 12
#define KWS_TOY_OUTPUT_SCALE 5.019219965e-02f
#define KWS_TOY_OUTPUT_ZERO_POINT (-5)
#define KWS_TOY_LABELS 12

/* Operators, for tflite::MicroMutableOpResolver<N> (C++). */
#define KWS_TOY_OPS 6 /* CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED MEAN PAD TRANSPOSE */
#define KWS_TOY_ADD_OPS(resolver) do { (resolver).AddConv2D(); (resolver).AddDepthwiseConv2D(); (resolver).AddFullyConnected(); (resolver).AddMean(); (resolver).AddPad(); (resolver).AddTranspose(); } while (0)

#ifdef __cplusplus
extern "C" {
#endif
extern const unsigned char kws_toy_data[];
extern const unsigned int kws_toy_size; /* 48368 bytes */
extern const char *const kws_toy_labels[KWS_TOY_LABELS];
#ifdef __cplusplus
}
#endif

#endif /* KWS_TOY_H */

/* Made by Collodi; do not edit. See MODEL_CARD.md. */
#ifndef TOY_FACE_H
#define TOY_FACE_H

/* Working memory of TFLite Micro, measured on a 64-bit machine: enough for 32 bits. */
#define TOY_FACE_ARENA_BYTES 71680

/* real = SCALE * (int8 - ZERO_POINT) */
/* input: int8 1 x 96 x 96 x 3 (B H W C), RGB as the image front end makes it (device/front_end.py, image) */
#define TOY_FACE_INPUT_SIZE 27648
#define TOY_FACE_INPUT_SCALE 5.872765183e-02f
#define TOY_FACE_INPUT_ZERO_POINT (0)
/* output: int8 1 x 246 (B C), points: (fraction of the crop from its top left - 0.5) / 1; spread: (ln of the mean error to expect along one axis, fraction of the crop - -4) / 8; pose: (degrees, camera - 0) / 120; gaze: (degrees, camera - 0) / 120; open: (gap of the lids over the eye's width; of the lips over that of the outer eye corners - 0.3) / 1; code: (ARKit blendshape, 0 to 1 - 0.5) / 1; expression: (logit - 0) / 32; age: (logit - 0) / 32; present: (logit - 0) / 64 */
#define TOY_FACE_OUTPUT_SIZE 246
#define TOY_FACE_OUTPUT_SCALE 2.324680798e-03f
#define TOY_FACE_OUTPUT_ZERO_POINT (-2)
#define TOY_FACE_LABELS 246

/* Operators, for tflite::MicroMutableOpResolver<N> (C++). */
#define TOY_FACE_OPS 12 /* ADD AVERAGE_POOL_2D CONCATENATION CONV_2D FULLY_CONNECTED MEAN PAD QUANTIZE RESHAPE RESIZE_NEAREST_NEIGHBOR SOFTMAX TRANSPOSE */
#define TOY_FACE_ADD_OPS(resolver) do { (resolver).AddAdd(); (resolver).AddAveragePool2D(); (resolver).AddConcatenation(); (resolver).AddConv2D(); (resolver).AddFullyConnected(); (resolver).AddMean(); (resolver).AddPad(); (resolver).AddQuantize(); (resolver).AddReshape(); (resolver).AddResizeNearestNeighbor(); (resolver).AddSoftmax(); (resolver).AddTranspose(); } while (0)

#ifdef __cplusplus
extern "C" {
#endif
extern const unsigned char toy_face_data[];
extern const unsigned int toy_face_size; /* 248944 bytes */
extern const char *const toy_face_labels[TOY_FACE_LABELS];
#ifdef __cplusplus
}
#endif

#endif /* TOY_FACE_H */

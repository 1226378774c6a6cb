/* Made by Collodi; do not edit. What TFLite Micro answers to the inputs of the test. */
#ifndef KWS_TOY_GOLDEN_H
#define KWS_TOY_GOLDEN_H

#include <stdint.h>

#define KWS_TOY_GOLDEN_VECTORS 2
#define KWS_TOY_GOLDEN_SOUND 1 /* front end too */

/* Outputs for input 0, a ramp, and input 1, noise. */
static const int8_t kws_toy_golden[2][12] = {
  {-51, -40, -51, -63, -52, -64, -38, -46, -45, -52, 22, 43},
  {-66, -50, -60, -71, -39, -37, -53, -62, -47, -58, 23, 36},
};

/* A second of sound: FNV-1a of the features of the front end, and the output. */
#define KWS_TOY_GOLDEN_FEATURES 0x4fe7dbe8u
static const int8_t kws_toy_golden_heard[12] = {-79, -70, -56, -46, -64, -63, -50, -68, -90, -35, 53, -18};

#endif /* KWS_TOY_GOLDEN_H */

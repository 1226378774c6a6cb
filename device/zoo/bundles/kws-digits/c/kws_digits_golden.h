/* Made by Collodi; do not edit. What TFLite Micro answers to the inputs of the test. */
#ifndef KWS_DIGITS_GOLDEN_H
#define KWS_DIGITS_GOLDEN_H

#include <stdint.h>

#define KWS_DIGITS_GOLDEN_VECTORS 2
#define KWS_DIGITS_GOLDEN_SOUND 1 /* front end too */

/* Outputs for input 0, a ramp, and input 1, noise. */
static const int8_t kws_digits_golden[2][12] = {
  {-26, -45, -31, -36, -25, -41, -31, -68, -33, -27, 30, 32},
  {-11, -31, -44, -35, -34, -60, -33, -53, -44, -36, 28, 6},
};

/* A second of sound: FNV-1a of the features of the front end, and the output. */
#define KWS_DIGITS_GOLDEN_FEATURES 0x4fe7dbe8u
static const int8_t kws_digits_golden_heard[12] = {2, -18, -53, -52, -44, -89, -51, -57, -60, -52, 42, -8};

#endif /* KWS_DIGITS_GOLDEN_H */

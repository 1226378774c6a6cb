/* Made by Collodi; do not edit. What TFLite Micro answers to the inputs of the test. */
#ifndef TOY_TALKING_GOLDEN_H
#define TOY_TALKING_GOLDEN_H

#include <stdint.h>

#define TOY_TALKING_GOLDEN_VECTORS 2
#define TOY_TALKING_GOLDEN_SOUND 0 /* front end too */

/* Outputs for input 0, a ramp, and input 1, noise. */
static const int8_t toy_talking_golden[2][2] = {
  {59, 67},
  {52, 67},
};

#endif /* TOY_TALKING_GOLDEN_H */

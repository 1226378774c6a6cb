/* Made by Collodi; do not edit. The golden test of @name@: exit 0 where every number is right.
 *
 * As it stands it runs on a desk, through reference.c. With -D@NAME@_TFLM it runs what a product
 * runs, @name@_run.cc on TFLite Micro; GOLDEN_TOLERANCE allows for kernels that round otherwise.
 */
#include "@name@.h"
#include "@name@_golden.h"
#if @NAME@_GOLDEN_SOUND
#include "@name@_frontend.h"
#endif
#ifdef @NAME@_TFLM
#include "@name@_run.h"
#else
#include "reference.h"
#endif

#include <stdio.h>
#include <stdlib.h>

#ifndef GOLDEN_TOLERANCE
#define GOLDEN_TOLERANCE 0
#endif

static int8_t input[@NAME@_INPUT_SIZE], output[@NAME@_OUTPUT_SIZE];

static uint32_t next_random(uint32_t *state) { /* xorshift32 */
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

static void make_input(int vector) {
  uint32_t state = 0x9E3779B9u;
  for (uint32_t k = 0; k < @NAME@_INPUT_SIZE; k++) {
    const uint32_t byte = vector ? next_random(&state) >> 24 : (5 * k + k / 97) & 255u;
    input[k] = (int8_t)((int)byte - 128);
  }
}

static const char *infer(void) {
#ifdef @NAME@_TFLM
  return @name@_run(input, output);
#else
  return collodi_reference_run(@name@_data, @name@_size, input, output);
#endif
}

static int compare(const char *what, const int8_t *golden) {
  int wrong = 0, furthest = 0;
  const char *failure = infer();
  for (int k = 0; k < @NAME@_OUTPUT_SIZE && !failure; k++) {
    const int distance = abs(output[k] - golden[k]);
    wrong += distance > GOLDEN_TOLERANCE;
    furthest = distance > furthest ? distance : furthest;
  }
  printf("%-8s %d of %d outputs wrong, furthest by %d%s%s\n", what, wrong, @NAME@_OUTPUT_SIZE,
         furthest, failure ? ": " : "", failure ? failure : "");
  return wrong > 0 || failure != NULL;
}

#if @NAME@_GOLDEN_SOUND
static int16_t samples[@NAME@_FRONTEND_SAMPLES];
static uint16_t levels[@NAME@_FRONTEND_FRAMES * @NAME@_FRONTEND_MELS];

static int hear(void) {
  uint32_t state = 0x9E3779B9u, phase = 0, hash = 0x811c9dc5u;
  for (int n = 0; n < @NAME@_FRONTEND_SAMPLES; n++) {
    int height, noise = (int)(next_random(&state) >> 24) - 128;
    phase = (phase + 600u + (uint32_t)n / 4) & 0xffffu;
    height = (int)(phase < 0x8000u ? phase : 0xffffu - phase) - 0x4000;
    height = (height - (height < 0 ? 3 : 0)) / 4; /* rounded down */
    samples[n] = (int16_t)(height * (n * 8 / @NAME@_FRONTEND_SAMPLES % 2) + noise);
  }
  @name@_frontend_second(samples, levels, input);
  for (int k = 0; k < @NAME@_INPUT_SIZE; k++) hash = (hash ^ (uint8_t)input[k]) * 0x01000193u;
  printf("features %s\n", hash == @NAME@_GOLDEN_FEATURES ? "right" : "WRONG");
  return compare("sound", @name@_golden_heard) + (hash != @NAME@_GOLDEN_FEATURES);
}
#endif

int main(void) {
  int failures = 0;
#ifdef @NAME@_TFLM
  const char *failure = @name@_begin();
  if (failure) {
    printf("%s\n", failure);
    return 1;
  }
#endif
  for (int vector = 0; vector < @NAME@_GOLDEN_VECTORS; vector++) {
    make_input(vector);
    failures += compare(vector ? "noise" : "ramp", @name@_golden[vector]);
  }
#if @NAME@_GOLDEN_SOUND
  failures += hear();
#endif
  printf(failures ? "FAILED\n" : "passed\n");
  return failures ? 1 : 0;
}

#ifdef ESP_PLATFORM
void app_main(void) { main(); }
#endif

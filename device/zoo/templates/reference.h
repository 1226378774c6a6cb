/* A plain interpreter of int8 TFLite models: no speed, no library, C99.
 *
 * It gives what TFLite Micro's reference kernels give, number by number, so that a golden test runs
 * on a desk without TFLite Micro, and so that a wrong number on a board can be told from a wrong
 * build. It allocates every tensor by malloc: for tests, not for products.
 */
#ifndef COLLODI_REFERENCE_H
#define COLLODI_REFERENCE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
/* Run `model` (a .tflite of `size` bytes) once; returns NULL, or what is wrong. */
const char *collodi_reference_run(const unsigned char *model, unsigned size, const int8_t *input,
                                  int8_t *output);
#ifdef __cplusplus
}
#endif

#endif /* COLLODI_REFERENCE_H */

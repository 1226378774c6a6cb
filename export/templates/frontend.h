/* Made by Collodi; do not edit. Log-mel features of int16 sound at @rate@ Hz, in whole numbers. */
#ifndef @NAME@_FRONTEND_H
#define @NAME@_FRONTEND_H

#include <stdint.h>

#define @NAME@_FRONTEND_SAMPLES @samples@ /* of one second that the model hears */
#define @NAME@_FRONTEND_WINDOW @window_samples@ /* samples of a frame */
#define @NAME@_FRONTEND_HOP @hop@ /* samples from frame to frame */
#define @NAME@_FRONTEND_FRAMES @frames@
#define @NAME@_FRONTEND_MELS @mels@
#define @NAME@_FRONTEND_OCTAVE @octave@ /* level steps an octave: 3.01 dB of power */

#ifdef __cplusplus
extern "C" {
#endif
/* One frame: WINDOW samples -> MELS levels. Once a hop while listening. */
void @name@_frontend_frame(const int16_t *samples, uint16_t *levels);

/* A ring of FRAMES x MELS levels, row `oldest` first -> the model's int8 input. */
void @name@_frontend_features(const uint16_t *levels, unsigned oldest, int8_t *features);

/* One second on its own: SAMPLES samples -> the model's int8 input; levels is FRAMES x MELS. */
void @name@_frontend_second(const int16_t *samples, uint16_t *levels, int8_t *features);
#ifdef __cplusplus
}
#endif

#endif /* @NAME@_FRONTEND_H */

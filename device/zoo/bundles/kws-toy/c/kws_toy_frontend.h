/* Made by Collodi; do not edit. Log-mel features of int16 sound at 16000 Hz, in whole numbers. */
#ifndef KWS_TOY_FRONTEND_H
#define KWS_TOY_FRONTEND_H

#include <stdint.h>

#define KWS_TOY_FRONTEND_SAMPLES 16000 /* of one second that the model hears */
#define KWS_TOY_FRONTEND_WINDOW 480 /* samples of a frame */
#define KWS_TOY_FRONTEND_HOP 320 /* samples from frame to frame */
#define KWS_TOY_FRONTEND_FRAMES 50
#define KWS_TOY_FRONTEND_MELS 40
#define KWS_TOY_FRONTEND_OCTAVE 1024 /* level steps an octave: 3.01 dB of power */

#ifdef __cplusplus
extern "C" {
#endif
/* One frame: WINDOW samples -> MELS levels. Once a hop while listening. */
void kws_toy_frontend_frame(const int16_t *samples, uint16_t *levels);

/* A ring of FRAMES x MELS levels, row `oldest` first -> the model's int8 input. */
void kws_toy_frontend_features(const uint16_t *levels, unsigned oldest, int8_t *features);

/* One second on its own: SAMPLES samples -> the model's int8 input; levels is FRAMES x MELS. */
void kws_toy_frontend_second(const int16_t *samples, uint16_t *levels, int8_t *features);
#ifdef __cplusplus
}
#endif

#endif /* KWS_TOY_FRONTEND_H */

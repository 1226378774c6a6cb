/* Made by Collodi; do not edit. Log-mel features of int16 sound in whole numbers.
 *
 * The same steps, bit for bit, as device/backends/fixed.py of the kit, which explains the scales.
 * C99; 32-bit integers with 64-bit products, no floating point, 4 KiB of static memory.
 */
#include "@name@_frontend.h"

#define N_FFT @n_fft@
#define SHIFT @shift@
#define POWER_SHIFT @power_shift@
#define WINDOW @NAME@_FRONTEND_WINDOW
#define HOP @NAME@_FRONTEND_HOP
#define FRAMES @NAME@_FRONTEND_FRAMES
#define MELS @NAME@_FRONTEND_MELS

/* Right shifts of negative numbers must keep the sign, as every compiler for such boards does. */
typedef char needs_arithmetic_shift[(-1 >> 1) == -1 ? 1 : -1];

static const uint16_t window[WINDOW] = {@window@};  /* Hann, Q15 */
static const int16_t cosine[N_FFT / 2] = {@cosine@};  /* cos(2 pi k / n), Q14 */
static const int16_t sine[N_FFT / 2] = {@sine@};  /* -sin(2 pi k / n), Q14 */
static const uint16_t first_bin[MELS] = {@first@};
static const uint16_t bins[MELS] = {@count@};
static const uint16_t weight[] = {@weight@};  /* triangles, Q15 */
static const uint32_t chord[] = {@chord@};  /* log2(1 + i / 128), Q16 */

static int32_t re[N_FFT], im[N_FFT];

static unsigned reversed(unsigned place) {
  unsigned back = 0;
  for (unsigned bit = 1; bit < N_FFT; bit <<= 1) {
    back = (back << 1) | (place & 1u);
    place >>= 1;
  }
  return back;
}

/* Radix-2 FFT of numbers that stand in bit-reversed order. */
static void fft(void) {
  for (unsigned half = 1; half < N_FFT; half *= 2) {
    const unsigned step = N_FFT / 2 / half;
    for (unsigned start = 0; start < N_FFT; start += 2 * half) {
      for (unsigned k = 0; k < half; k++) {
        const unsigned low = start + k, high = low + half;
        const int64_t c = cosine[k * step], s = sine[k * step];
        const int32_t a = (int32_t)((re[high] * c - im[high] * s + 8192) >> 14);
        const int32_t b = (int32_t)((re[high] * s + im[high] * c + 8192) >> 14);
        re[high] = re[low] - a;
        im[high] = im[low] - b;
        re[low] += a;
        im[low] += b;
      }
    }
  }
}

/* Base-2 logarithm, @NAME@_FRONTEND_OCTAVE steps an octave, of a value from 1 to 2^52. */
static uint16_t log2_steps(uint64_t value) {
  unsigned octave = 0;
  while (value >> (octave + 1)) octave++;
  const uint32_t fraction =
      (uint32_t)(octave > 16 ? value >> (octave - 16) : value << (16 - octave)) & 0xFFFFu;
  const uint32_t place = fraction >> 9, rest = fraction & 511u;
  const uint32_t log =
      ((uint32_t)octave << 16) + chord[place] + (((chord[place + 1] - chord[place]) * rest) >> 9);
  return (uint16_t)((log + 32) >> 6);
}

static uint64_t square(int32_t value) { return (uint64_t)((int64_t)value * value); }

void @name@_frontend_frame(const int16_t *samples, uint16_t *levels) {
  for (unsigned n = 0; n < N_FFT; n++) {
    re[reversed(n)] = n < WINDOW ? ((int32_t)samples[n] * window[n]) >> SHIFT : 0;
    im[n] = 0;
  }
  fft();
  const uint16_t *w = weight;
  for (unsigned band = 0; band < MELS; band++) {
    uint64_t sum = 0;
    for (unsigned k = first_bin[band]; k < (unsigned)first_bin[band] + bins[band]; k++)
      sum += ((square(re[k]) + square(im[k])) >> POWER_SHIFT) * *w++;
    levels[band] = log2_steps((sum >> 15) + @epsilon@u);
  }
}

void @name@_frontend_features(const uint16_t *levels, unsigned oldest, int8_t *features) {
  int32_t loudest = @quietest@; /* quieter than this is silence */
  for (unsigned cell = 0; cell < FRAMES * MELS; cell++)
    if (levels[cell] > loudest) loudest = levels[cell];
  for (unsigned frame = 0; frame < FRAMES; frame++) {
    const uint16_t *row = levels + (oldest + frame) % FRAMES * MELS;
    for (unsigned band = 0; band < MELS; band++) {
      int32_t below = row[band] - loudest;
      if (below < -@depth@) below = -@depth@; /* the floor */
      const int64_t step = (below * INT64_C(@gain@) + INT64_C(@offset@)) >> 32;
      *features++ = (int8_t)(step < -128 ? -128 : step > 127 ? 127 : step);
    }
  }
}

void @name@_frontend_second(const int16_t *samples, uint16_t *levels, int8_t *features) {
  const int side = (WINDOW - HOP) / 2;
  for (int frame = 0; frame < FRAMES; frame++) {
    int16_t piece[WINDOW];
    for (int n = 0; n < WINDOW; n++) {
      const int place = frame * HOP - side + n;
      piece[n] = place >= 0 && place < FRAMES * HOP ? samples[place] : 0;
    }
    @name@_frontend_frame(piece, levels + frame * MELS);
  }
  @name@_frontend_features(levels, 0, features);
}

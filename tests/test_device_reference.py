"""The reference interpreter on damaged models: a line or an answer, never memory of others."""

import shutil
import subprocess
from pathlib import Path

import pytest

from device.zoo.store import BUNDLES

TEMPLATES = Path(__file__).resolve().parent.parent / "device/zoo/templates"
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
FUZZ = r"""
#include "reference.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static uint32_t state = 2463534242u;
static uint32_t drawn(uint32_t most) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % most;
}
int main(int count, char **words) { /* FILE RUNS INPUT OUTPUT */
  static unsigned char whole[1 << 20];
  FILE *file = fopen(words[1], "rb");
  const unsigned size = (unsigned)fread(whole, 1, sizeof whole, file);
  int8_t *in = calloc((size_t)atoi(words[3]), 1), *out = malloc((size_t)atoi(words[4]));
  const char *wrong = collodi_reference_run(whole, size, in, out);
  if (count != 5 || wrong) return printf("%s\n", wrong ? wrong : "usage"), 1;
  for (int k = 0, refused = 0; k < atoi(words[2]); k++) {
    const unsigned cut = drawn(5) ? size : 32 + drawn(size - 32), edge = 4000;
    unsigned char *model = malloc(cut);
    memcpy(model, whole, cut);
    for (int n = (int)drawn(9); n > 0; n--) { /* most of a file is weights: not there */
      const unsigned at = drawn(2) ? drawn(edge) : size - 1 - drawn(3 * edge);
      if (at < cut) model[at] = drawn(3) ? (unsigned char)drawn(256) : model[at] ^ 1 << drawn(8);
    }
    refused += collodi_reference_run(model, cut, in, out) != NULL;
    free(model);
    if (k + 1 == atoi(words[2])) printf("refused %d\n", refused);
  }
  free(in);
  free(out);
  return 0;
}
"""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_damaged_models_are_refused_or_answered(tmp_path: Path) -> None:
    (tmp_path / "fuzz.c").write_text(FUZZ)
    sources = [str(path) for path in TEMPLATES.glob("reference*.c")]
    words = ["gcc", "-std=c99", "-g", "-O1", *SANITIZE, f"-I{TEMPLATES}", "fuzz.c", *sources]
    made = subprocess.run([*words, "-lm", "-o", "fuzz"], cwd=tmp_path, capture_output=True)
    if b"cannot find" in made.stderr:
        pytest.skip("gcc has no sanitizers")
    assert made.returncode == 0, made.stderr.decode()
    model = BUNDLES / "kws-digits/model.int8.tflite"
    done = subprocess.run(
        ["./fuzz", str(model), "200", "2000", "12"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr[:2000]
    assert int(done.stdout.split()[1]) > 20

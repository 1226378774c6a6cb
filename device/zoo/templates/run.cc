// Made by Collodi; do not edit. See @name@_run.h. Needs TFLite Micro and C++17.
#include "@name@_run.h"

#include <cstring>

#include "@name@.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

// Where the arena lies, for instance -D@NAME@_ARENA_SECTION='__attribute__((section(".dtcm")))'.
#ifndef @NAME@_ARENA_SECTION
#define @NAME@_ARENA_SECTION
#endif

namespace {
alignas(16) @NAME@_ARENA_SECTION uint8_t arena[@NAME@_ARENA_BYTES];
tflite::MicroInterpreter* interpreter = nullptr;
}  // namespace

const char* @name@_begin(void) {
  const tflite::Model* model = tflite::GetModel(@name@_data);
  if (model->version() != TFLITE_SCHEMA_VERSION) return "the model has another schema version";
  static tflite::MicroMutableOpResolver<@NAME@_OPS> resolver;
  static bool added = false;
  if (!added) @NAME@_ADD_OPS(resolver);
  added = true;
  static tflite::MicroInterpreter made(model, resolver, arena, sizeof arena);
  if (made.AllocateTensors() != kTfLiteOk) return "the arena is too small, or an operator missing";
  if (made.input(0)->bytes != @NAME@_INPUT_SIZE || made.output(0)->bytes != @NAME@_OUTPUT_SIZE)
    return "the model has other sizes than its header";
  interpreter = &made;
  return nullptr;
}

const char* @name@_run(const int8_t* input, int8_t* output) {
  if (interpreter == nullptr) return "call @name@_begin first";
  std::memcpy(interpreter->input(0)->data.int8, input, @NAME@_INPUT_SIZE);
  if (interpreter->Invoke() != kTfLiteOk) return "the model did not run";
  std::memcpy(output, interpreter->output(0)->data.int8, @NAME@_OUTPUT_SIZE);
  return nullptr;
}

unsigned @name@_arena_used(void) {
  return interpreter ? static_cast<unsigned>(interpreter->arena_used_bytes()) : 0;
}

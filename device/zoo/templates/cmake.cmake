cmake_minimum_required(VERSION 3.16)
project(@name@ C)

add_library(@name@ STATIC @sources@)
target_include_directories(@name@ PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
set_target_properties(@name@ PROPERTIES C_STANDARD 99)

# The call through TFLite Micro: name your build's target of it, -D@NAME@_TFLM=tflite-micro.
if(@NAME@_TFLM)
  enable_language(CXX)
  add_library(@name@_run STATIC @name@_run.cc)
  target_compile_features(@name@_run PRIVATE cxx_std_17)
  target_link_libraries(@name@_run PUBLIC @name@ ${@NAME@_TFLM})
endif()

if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR) # on its own: the golden test
  enable_testing()
  add_executable(@name@_test @name@_test.c reference.c reference_check.c reference_ops.c)
  set_target_properties(@name@_test PROPERTIES C_STANDARD 99)
  target_link_libraries(@name@_test PRIVATE @name@ m)
  add_test(NAME golden COMMAND @name@_test)
endif()

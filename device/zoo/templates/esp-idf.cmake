if(ESP_PLATFORM) # a component of ESP-IDF; idf_component.yml brings TFLite Micro
  idf_component_register(SRCS @sources@ "@name@_run.cc" INCLUDE_DIRS ".")
  return()
endif()

"""Export: run folder -> ONNX, TFLite and C files, checked on the code that runs on the board."""

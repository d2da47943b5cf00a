// The module: every group of bindings registers its functions.
#include <node_api.h>

#include "bindings/bindings.h"
#include "napi/napi-helpers.h"

NAPI_MODULE_INIT() {
  using namespace bleubird;
  try {
    registerSettings(env, exports);
    registerMemory(env, exports);
    registerGemm(env, exports);
    registerRows(env, exports);
    registerLayout(env, exports);
    registerArithmetic(env, exports);
    registerAttention(env, exports);
    registerCrossEntropy(env, exports);
    registerDecoder(env, exports);
  } catch (...) {
    throwToJavaScript(env);
  }
  return exports;
}

#pragma once

#include <node_api.h>

namespace bleubird {

void registerSettings(napi_env env, napi_value exports);
void registerMemory(napi_env env, napi_value exports);
void registerGemm(napi_env env, napi_value exports);
void registerRows(napi_env env, napi_value exports);
void registerLayout(napi_env env, napi_value exports);
void registerArithmetic(napi_env env, napi_value exports);
void registerAttention(napi_env env, napi_value exports);
void registerCrossEntropy(napi_env env, napi_value exports);
void registerDecoder(napi_env env, napi_value exports);

}  // namespace bleubird

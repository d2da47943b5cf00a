// Instruction set, threads and precision.
#include <stdexcept>

#include "../isa.h"
#include "../napi/napi-helpers.h"
#include "../threads.h"
#include "bindings.h"

namespace bleubird {
namespace {

/** chooseIsa(name): '' is the best. */
napi_value chooseIsaByName(Arguments& arguments) {
  chooseIsa(arguments.text(0));
  return arguments.undefined();
}

napi_value getIsa(Arguments& arguments) { return arguments.result(currentIsa().name); }

/** isas(): one line each, slowest first: its name, and after a tab what stands in its way, if anything does. */
napi_value listIsas(Arguments& arguments) {
  std::string lines;
  for (const IsaState& isa : allIsas()) lines += std::string(isa.name) + "\t" + isa.obstacle + "\n";
  return arguments.result(lines);
}

napi_value getIsBf16Faster(Arguments& arguments) { return arguments.result(isBf16Faster() ? 1 : 0); }

napi_value setThreads(Arguments& arguments) {
  const int64_t count = arguments.integer(0);
  if (count < 1 || count > 256) throw std::out_of_range(std::to_string(count) + " threads; expected 1 to 256");
  setThreadCount(static_cast<int>(count));
  return arguments.undefined();
}

napi_value getThreads(Arguments& arguments) { return arguments.result(threadCount()); }

napi_value setPrecision(Arguments& arguments) {
  const std::string name = arguments.text(0);
  if (name != "bf16" && name != "f32") throw std::invalid_argument("the precision " + name + " is not known");
  setUsesBf16(name == "bf16");
  return arguments.undefined();
}

napi_value getPrecision(Arguments& arguments) { return arguments.result(usesBf16() ? "bf16" : "f32"); }

}  // namespace

void registerSettings(napi_env env, napi_value exports) {
  exportFunction<chooseIsaByName>(env, exports, "chooseIsa");
  exportFunction<getIsa>(env, exports, "isa");
  exportFunction<listIsas>(env, exports, "isas");
  exportFunction<getIsBf16Faster>(env, exports, "isBf16Faster");
  exportFunction<setThreads>(env, exports, "setThreads");
  exportFunction<getThreads>(env, exports, "threads");
  exportFunction<setPrecision>(env, exports, "setPrecision");
  exportFunction<getPrecision>(env, exports, "precision");
}

}  // namespace bleubird

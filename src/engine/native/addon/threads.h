// A pool of threads that stays. Work is cut into pieces whose size the caller fixes, so what a piece computes, and with it
// every result, is the same for any number of threads; only who computes it differs.
#pragma once

#include <cstdint>

namespace bleubird {

/** At least 1: the calling thread works too. */
int threadCount();
/** @throws std::out_of_range outside 1…256, std::runtime_error when the system refuses one: those made so far work */
void setThreadCount(int count);

/** Of a clock that only goes forward. */
int64_t nanoseconds();

using PieceFunction = void (*)(const void* context, int64_t begin, int64_t end);
void runPieces(int64_t count, int64_t grain, PieceFunction piece, const void* context);

/**
 * Calls body(begin, end) for consecutive pieces of 0…count, each of `grain` (the last may be shorter), on all threads;
 * returns when all are done. A body whose pieces threads share may call it too: then one thread does all of that.
 * The first exception of a body is thrown again when every thread has come out; pieces not begun by then are left out.
 */
template <typename Body>
inline void parallelFor(int64_t count, int64_t grain, const Body& body) {
  runPieces(
      count, grain,
      [](const void* context, int64_t begin, int64_t end) { (*static_cast<const Body*>(context))(begin, end); }, &body);
}

}  // namespace bleubird

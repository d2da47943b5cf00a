#include "threads.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace bleubird {
namespace {

// How long a worker looks for new work before it sleeps: longer than the gaps between the kernels of a step, since waking
// one costs some 50 µs; short enough not to take a core from others while JavaScript is busy.
constexpr std::chrono::microseconds kSpin{100};

thread_local bool isInsidePiece = false;

class InsidePiece {
 public:
  InsidePiece() { isInsidePiece = true; }
  InsidePiece(const InsidePiece&) = delete;
  InsidePiece& operator=(const InsidePiece&) = delete;
  ~InsidePiece() { isInsidePiece = false; }
};

void pauseBriefly() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

class Pool {
 public:
  int count() const { return static_cast<int>(workers_.size()) + 1; }

  void resize(int count) {
    stop();
    workers_.reserve(static_cast<size_t>(count) - 1);
    for (int worker = 1; worker < count; worker++) {
      try {
        workers_.emplace_back([this] { work(); });
      } catch (const std::system_error& error) {
        throw std::runtime_error("the system refuses thread " + std::to_string(worker + 1) + " of " +
                                 std::to_string(count) + ": " + error.what());
      }
    }
  }

  void run(int64_t count, int64_t grain, PieceFunction piece, const void* context) {
    count_ = count;
    grain_ = grain;
    piece_ = piece;
    context_ = context;
    next_.store(0, std::memory_order_relaxed);
    isOpen_.store(true);
    {
      // Under the lock, so that a worker about to sleep cannot miss it.
      const std::lock_guard<std::mutex> lock(mutex_);
      round_.fetch_add(1);
    }
    if (sleeping_.load() > 0) wake_.notify_all();
    takePieces();
    // No piece is left. Workers that came are awaited; one that wakes up only now finds the round closed. Both sides write
    // their own flag before they read the other's, so one of them sees the other, and the fields above may change after.
    isOpen_.store(false);
    while (working_.load() > 0) pauseBriefly();
    if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  void takePieces() {
    const InsidePiece inside;
    try {
      for (;;) {
        const int64_t begin = next_.fetch_add(grain_, std::memory_order_relaxed);
        if (begin >= count_) break;
        const int64_t end = begin + grain_ < count_ ? begin + grain_ : count_;
        piece_(context_, begin, end);
      }
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (failure_ == nullptr) failure_ = std::current_exception();
      next_.store(count_);
    }
  }

  void work() {
    uint64_t seen = startRound_;
    for (;;) {
      seen = nextRound(seen);
      if (isStopping_) return;
      working_.fetch_add(1);
      if (isOpen_.load()) takePieces();
      working_.fetch_sub(1);
    }
  }

  uint64_t nextRound(uint64_t seen) {
    const auto deadline = std::chrono::steady_clock::now() + kSpin;
    do {
      for (int turn = 0; turn < 32; turn++) {
        const uint64_t round = round_.load(std::memory_order_acquire);
        if (round != seen) return round;
        pauseBriefly();
      }
    } while (std::chrono::steady_clock::now() < deadline);
    std::unique_lock<std::mutex> lock(mutex_);
    sleeping_.fetch_add(1);
    wake_.wait(lock, [&] { return round_.load(std::memory_order_acquire) != seen; });
    sleeping_.fetch_sub(1);
    return round_.load(std::memory_order_acquire);
  }

  void stop() {
    if (workers_.empty()) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      isStopping_ = true;
      round_.fetch_add(1);
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    isStopping_ = false;
    startRound_ = round_.load();
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> round_{0};
  uint64_t startRound_ = 0;
  std::atomic<int> sleeping_{0};
  std::atomic<int> working_{0};
  std::atomic<bool> isOpen_{false};
  bool isStopping_ = false;
  std::atomic<int64_t> next_{0};
  int64_t count_ = 0;
  int64_t grain_ = 1;
  PieceFunction piece_ = nullptr;
  const void* context_ = nullptr;
  std::exception_ptr failure_;  // the first of a round; written under the lock
};

// Never destroyed: a process that exits does not wait for its workers.
Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

}  // namespace

int threadCount() { return pool().count(); }

void setThreadCount(int count) {
  if (count < 1 || count > 256) throw std::out_of_range(std::to_string(count) + " threads; expected 1 to 256");
  if (count != pool().count()) pool().resize(count);
}

int64_t nanoseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

void runPieces(int64_t count, int64_t grain, PieceFunction piece, const void* context) {
  if (count <= 0) return;
  if (grain < 1) grain = 1;
  if (isInsidePiece || pool().count() == 1 || count <= grain) {
    for (int64_t begin = 0; begin < count; begin += grain) {
      piece(context, begin, begin + grain < count ? begin + grain : count);
    }
    return;
  }
  pool().run(count, grain, piece, context);
}

}  // namespace bleubird

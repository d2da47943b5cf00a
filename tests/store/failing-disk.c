// Preloaded: a disk that fails for a while, as Linux tells of it. While the file named by BLEUBIRD_FLUSH_FAULT exists, a flush
// of a journal fails, and what was written since the last one that succeeded is gone, as pages are that could not be
// written: the next flush succeeds without them. While that of BLEUBIRD_WRITE_FAULT exists, a write takes half of its bytes,
// then none, and nothing can be cut off.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static off_t flushed_bytes = 0;
static int has_written_half = 0;

static int is_journal(int file, char *link) {
  char path[4096];
  snprintf(link, 64, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  const char *name = strrchr(path, '/');
  return name != NULL && strcmp(name, "/journal.jsonl") == 0;
}

static int is_on(const char *fault) {
  const char *path = getenv(fault);
  return path != NULL && access(path, F_OK) == 0;
}

static void lose(const char *link, off_t from, off_t to) {
  const int file = open(link, O_WRONLY); // not for appending, as that of the program is
  for (off_t at = from; at < to; at++) syscall(SYS_pwrite64, file, "", 1, at);
  close(file);
}

int fdatasync(int file) {
  char link[64];
  struct stat status;
  if (!is_journal(file, link)) return (int)syscall(SYS_fdatasync, file);
  fstat(file, &status);
  if (is_on("BLEUBIRD_FLUSH_FAULT")) {
    lose(link, flushed_bytes, status.st_size);
    errno = EIO;
    return -1;
  }
  flushed_bytes = status.st_size;
  return (int)syscall(SYS_fdatasync, file);
}

ssize_t write(int file, const void *bytes, size_t count) {
  char link[64];
  if (is_on("BLEUBIRD_WRITE_FAULT") && is_journal(file, link)) {
    if (has_written_half) {
      errno = ENOSPC;
      return -1;
    }
    has_written_half = 1;
    count /= 2;
  }
  return syscall(SYS_write, file, bytes, count);
}

int ftruncate(int file, off_t length) {
  char link[64];
  if (is_on("BLEUBIRD_WRITE_FAULT") && is_journal(file, link)) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(SYS_ftruncate, file, length);
}

int ftruncate64(int file, off_t length) { return ftruncate(file, length); }

// Preloaded: while the file named by BLEUBIRD_STARVE exists, the system has no memory left for large blocks. Who gives back
// 16 MB ends that.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *mmap(void *at, size_t bytes, int protection, int flags, int file, off_t offset) {
  const char *starves = getenv("BLEUBIRD_STARVE");
  const int isBlock = file == -1 && protection == (PROT_READ | PROT_WRITE) && bytes >= 256 << 10 && bytes < 1 << 30;
  if (isBlock && starves != NULL && access(starves, F_OK) == 0) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return (void *)syscall(SYS_mmap, at, bytes, protection, flags, file, offset);
}

int munmap(void *at, size_t bytes) {
  const char *starves = getenv("BLEUBIRD_STARVE");
  if (bytes >= 16 << 20 && starves != NULL) unlink(starves);
  return (int)syscall(SYS_munmap, at, bytes);
}

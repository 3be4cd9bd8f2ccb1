/* Preloaded into the server: keeps a journal of every write to the database file and its log, and of every fsync, in
   their order and with the monotonic time. From it the disk can be built as it would be after a power cut: what was
   not yet synced is lost, or torn. JOURNAL is the file to write, JOURNAL_OF a part of the names to watch. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int journal = -1;

#define REAL(name, type, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)

static ssize_t plain_write(int fd, const void *data, size_t length) {
  REAL("write", ssize_t, int, const void *, size_t);
  return real(fd, data, length);
}

static int watched(int fd, char *path, size_t room) {
  char link[40];
  const char *part = getenv("JOURNAL_OF");
  if (!part || !getenv("JOURNAL") || fd == journal) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, room - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return strstr(path, part) != NULL && strstr(path, "-shm") == NULL;
}

/* One entry: kind, length of the path, offset, length of the data, nanoseconds; then path and data. */
static void note(char kind, const char *path, uint64_t offset, const void *data, uint64_t length) {
  struct timespec now;
  uint64_t head[5];
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (journal < 0) journal = open(getenv("JOURNAL"), O_WRONLY | O_CREAT | O_APPEND, 0600);
  head[0] = (uint64_t)kind;
  head[1] = strlen(path);
  head[2] = offset;
  head[3] = data ? length : 0;
  head[4] = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  plain_write(journal, head, sizeof head);
  plain_write(journal, path, head[1]);
  if (data) plain_write(journal, data, length);
}

static ssize_t noted_write(int fd, const void *data, size_t length, off_t offset,
                           ssize_t (*real)(int, const void *, size_t, off_t)) {
  char path[4096];
  if (!watched(fd, path, sizeof path)) return real(fd, data, length, offset);
  pthread_mutex_lock(&lock);
  ssize_t done = real(fd, data, length, offset);
  if (done > 0) note('w', path, (uint64_t)offset, data, (uint64_t)done);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
  REAL("pwrite", ssize_t, int, const void *, size_t, off_t);
  return noted_write(fd, data, length, offset, real);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
  REAL("pwrite64", ssize_t, int, const void *, size_t, off_t);
  return noted_write(fd, data, length, offset, real);
}

ssize_t write(int fd, const void *data, size_t length) {
  char path[4096];
  if (!watched(fd, path, sizeof path)) return plain_write(fd, data, length);
  pthread_mutex_lock(&lock);
  off_t offset = lseek(fd, 0, SEEK_CUR);
  ssize_t done = plain_write(fd, data, length);
  if (done > 0) note('w', path, (uint64_t)offset, data, (uint64_t)done);
  pthread_mutex_unlock(&lock);
  return done;
}

static int noted_sync(int fd, int (*real)(int)) {
  char path[4096];
  if (!watched(fd, path, sizeof path)) return real(fd);
  pthread_mutex_lock(&lock);
  int result = real(fd);
  note('s', path, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int fsync(int fd) {
  REAL("fsync", int, int);
  return noted_sync(fd, real);
}

int fdatasync(int fd) {
  REAL("fdatasync", int, int);
  return noted_sync(fd, real);
}

static int noted_cut(int fd, off_t length, int (*real)(int, off_t)) {
  char path[4096];
  if (!watched(fd, path, sizeof path)) return real(fd, length);
  pthread_mutex_lock(&lock);
  int result = real(fd, length);
  note('t', path, (uint64_t)length, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int ftruncate(int fd, off_t length) {
  REAL("ftruncate", int, int, off_t);
  return noted_cut(fd, length, real);
}

int ftruncate64(int fd, off64_t length) {
  REAL("ftruncate64", int, int, off_t);
  return noted_cut(fd, length, real);
}

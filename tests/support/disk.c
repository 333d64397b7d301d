/* A disk that is slow or that fails: preload it into a program, and write into the file that GETUIGE_TEST_DISK names
 * what fsync and fdatasync do from now on: "ok", "delay 2000" (microseconds), or "fail" (EIO, as a dying disk says it).
 * The data goes through to the real file; only the promise that it is durable is slow or broken. Each promise for a
 * journal (SQLite's -wal) adds a byte to the file of that name with ".promises" behind it, each that is broken for a part
 * of an upload (.part) one to that with ".broken". */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int misbehave(void) {
  const char *path = getenv("GETUIGE_TEST_DISK");
  char text[64] = {0};
  if (path == NULL) return 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  if (size <= 0) return 0;
  if (strncmp(text, "fail", 4) == 0) {
    errno = EIO;
    return -1;
  }
  if (strncmp(text, "delay ", 6) == 0) usleep((useconds_t)atoi(text + 6));
  return 0;
}

static void count(int fd, const char *kind, const char *counter) {
  const char *path = getenv("GETUIGE_TEST_DISK");
  char link[64], name[4096] = {0}, counted[4096];
  if (path == NULL) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, name, sizeof name - 1);
  size_t end = strlen(kind);
  if (size < (ssize_t)end || strcmp(name + size - end, kind) != 0) return;
  snprintf(counted, sizeof counted, "%s.%s", path, counter);
  int file = open(counted, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return;
  if (write(file, ".", 1) < 0) abort();
  close(file);
}

static int promise(int fd, int (*real)(int)) {
  count(fd, "-wal", "promises");
  if (!misbehave()) return real(fd);
  count(fd, ".part", "broken");
  errno = EIO;
  return -1;
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return promise(fd, real);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return promise(fd, real);
}

/* A disk that is slow or that fails: preload it into a program, and write into the file that GETUIGE_TEST_DISK names
 * what fsync and fdatasync do from now on: "ok", "delay 2000" (microseconds), or "fail" (EIO, as a dying disk says it).
 * The data goes through to the real file; only the promise that it is durable is slow or broken. */
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

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return misbehave() ? -1 : real(fd);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return misbehave() ? -1 : real(fd);
}

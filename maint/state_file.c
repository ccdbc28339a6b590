/* SPDX-License-Identifier: Apache-2.0
 * state_file.c: see state_file.h. Plain POSIX, because durability and a root that writes into
 * a directory of another user need flags that APR does not have: links are never followed,
 * and a file that exists is never given away. */
#include "maint/state_file.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_FILE "state.lock"
#define TEMP_FILE CFC_STATE_FILE ".tmp"
#define FILE_BYTES_MAX (1024 * 1024)    /* 128 nodes with the longest notes are under 256 KiB */
#define LOCK_WAIT apr_time_from_sec(5)
#define LOCK_STEP apr_time_from_msec(10)

/* "what DIR/FILE: why", why being errno's. */
static const char *complain(const char *what, const cfc_state_place_t *place, const char *file,
                            apr_pool_t *p)
{
    char why[128];

    apr_strerror(errno, why, sizeof(why));
    return apr_psprintf(p, "%s %s%s%s: %s", what, place->dir, *file ? "/" : "", file, why);
}

static int open_dir(const cfc_state_place_t *place)
{
    return open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A file that root made belongs to the children, who must be able to replace it. */
static int give(int fd, const cfc_state_place_t *place)
{
    return geteuid() == 0 ? fchown(fd, place->uid, place->gid) : 0;
}

const char *cfc_state_prepare(const cfc_state_place_t *place, apr_pool_t *p)
{
    const char *complaint = NULL;
    int dir;

    if (mkdir(place->dir, 0750) != 0) {
        return errno == EEXIST ? NULL : complain("cannot make", place, "", p);
    }
    dir = open_dir(place);
    if (dir < 0 || give(dir, place) != 0) {
        complaint = complain("cannot give to the server's user", place, "", p);
    }
    if (dir >= 0) {
        close(dir);
    }
    return complaint;
}

const char *cfc_state_check(const cfc_state_place_t *place, apr_pool_t *p)
{
    struct stat st;
    mode_t need;

    if (stat(place->dir, &st) != 0) {
        return complain("cannot use", place, "", p);
    }
    if (!S_ISDIR(st.st_mode)) {
        return apr_psprintf(p, "cannot use %s: it is not a directory", place->dir);
    }
    if (geteuid() != 0) {
        return faccessat(AT_FDCWD, place->dir, W_OK | X_OK, AT_EACCESS) == 0
                   ? NULL
                   : complain("cannot write in", place, "", p);
    }
    need = st.st_uid == place->uid   ? S_IWUSR | S_IXUSR
           : st.st_gid == place->gid ? S_IWGRP | S_IXGRP
                                     : S_IWOTH | S_IXOTH;
    if (place->uid != 0 && (st.st_mode & need) != need) {
        return apr_psprintf(p, "cannot write in %s: user %d, whom the server runs as, may not",
                            place->dir, (int)place->uid);
    }
    return NULL;
}

static const char *read_whole(int fd, const cfc_state_place_t *place, const char **text,
                              size_t *bytes, apr_pool_t *p)
{
    struct stat st;
    char *buffer;
    ssize_t got;

    if (fstat(fd, &st) != 0) {
        return complain("cannot read", place, CFC_STATE_FILE, p);
    }
    if (!S_ISREG(st.st_mode)) {
        return apr_psprintf(p, "%s/" CFC_STATE_FILE " is not a plain file", place->dir);
    }
    if (st.st_size > FILE_BYTES_MAX) {
        return apr_psprintf(p, "%s/" CFC_STATE_FILE " is larger than 1 MiB", place->dir);
    }
    buffer = apr_palloc(p, (size_t)st.st_size + 1);
    for (*bytes = 0; *bytes < (size_t)st.st_size; *bytes += (size_t)got) {
        got = read(fd, buffer + *bytes, (size_t)st.st_size - *bytes);
        if (got < 0) {
            return complain("cannot read", place, CFC_STATE_FILE, p);
        }
        if (got == 0) {
            break;
        }
    }
    buffer[*bytes] = '\0';
    *text = buffer;
    return NULL;
}

const char *cfc_state_read(const cfc_state_place_t *place, const char **text, size_t *bytes,
                           apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, place->dir, "/" CFC_STATE_FILE, NULL);
    const char *complaint;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    *text = NULL;
    *bytes = 0;
    if (fd < 0) {
        return errno == ENOENT ? NULL : complain("cannot read", place, CFC_STATE_FILE, p);
    }
    complaint = read_whole(fd, place, text, bytes, p);
    close(fd);
    return complaint;
}

static int write_whole(int fd, const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t done = write(fd, text, bytes);

        if (done < 0) {
            return -1;
        }
        text += done;
        bytes -= (size_t)done;
    }
    return 0;
}

/* The new content in the temporary file, safe on disk. Only the lock's holder is here, so
 * what is there already was left by a writer that died. */
static const char *write_temp(int dir, const cfc_state_place_t *place, const char *text,
                              size_t bytes, apr_pool_t *p)
{
    const char *complaint = NULL;
    int fd;

    unlinkat(dir, TEMP_FILE, 0);
    fd = openat(dir, TEMP_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0) {
        return complain("cannot write", place, TEMP_FILE, p);
    }
    if (give(fd, place) != 0 || write_whole(fd, text, bytes) != 0 || fsync(fd) != 0) {
        complaint = complain("cannot write", place, TEMP_FILE, p);
    }
    if (close(fd) != 0 && complaint == NULL) {
        complaint = complain("cannot write", place, TEMP_FILE, p);
    }
    return complaint;
}

const char *cfc_state_write(const cfc_state_place_t *place, const char *text, size_t bytes,
                            apr_pool_t *p)
{
    const char *complaint;
    int dir = open_dir(place);

    if (dir < 0) {
        return complain("cannot write in", place, "", p);
    }
    complaint = write_temp(dir, place, text, bytes, p);
    if (complaint == NULL
        && (renameat(dir, TEMP_FILE, dir, CFC_STATE_FILE) != 0 || fsync(dir) != 0)) {
        complaint = complain("cannot replace", place, CFC_STATE_FILE, p);
    }
    if (complaint != NULL) {
        unlinkat(dir, TEMP_FILE, 0);    /* a full disk needs its bytes back */
    }
    close(dir);
    return complaint;
}

const char *cfc_state_set_aside(const cfc_state_place_t *place, apr_time_t now, const char **kept,
                                apr_pool_t *p)
{
    const char *complaint = NULL;
    apr_time_exp_t t;
    int dir = open_dir(place);

    *kept = NULL;
    if (dir < 0) {
        return complain("cannot write in", place, "", p);
    }
    apr_time_exp_gmt(&t, now);
    *kept = apr_psprintf(p, CFC_STATE_FILE ".bad-%04d%02d%02dT%02d%02d%02d.%06dZ",
                         t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
                         t.tm_usec);
    if (renameat(dir, CFC_STATE_FILE, dir, *kept) != 0) {
        complaint = complain("cannot set aside", place, CFC_STATE_FILE, p);
        *kept = NULL;
    }
    close(dir);
    return complaint;
}

/* flock() belongs to the open file, not to the process as fcntl()'s locks do, so that one
 * opened for each use excludes threads and processes alike. */
static const char *lock_wait(int fd, const cfc_state_place_t *place, apr_pool_t *p)
{
    apr_time_t deadline = apr_time_now() + LOCK_WAIT;

    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return complain("cannot lock", place, LOCK_FILE, p);
        }
        if (apr_time_now() > deadline) {
            return apr_psprintf(p, "another change has held %s/" LOCK_FILE " for 5 s; is the disk "
                                "hanging?", place->dir);
        }
        apr_sleep(LOCK_STEP);
    }
    return NULL;
}

/* Opened, or made and given to the children: an existing one is never given away, since in
 * their directory the name could stand for any file. */
static int open_lock(int dir, const cfc_state_place_t *place)
{
    int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = openat(dir, LOCK_FILE, flags | O_CREAT | O_EXCL, 0640);

    if (fd < 0) {
        return errno == EEXIST ? openat(dir, LOCK_FILE, flags) : -1;
    }
    if (give(fd, place) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

const char *cfc_state_lock(const cfc_state_place_t *place, int *lock, apr_pool_t *p)
{
    const char *complaint;
    int dir = open_dir(place);

    *lock = -1;
    if (dir < 0) {
        return complain("cannot write in", place, "", p);
    }
    *lock = open_lock(dir, place);
    complaint = *lock < 0 ? complain("cannot write", place, LOCK_FILE, p)
                          : lock_wait(*lock, place, p);
    close(dir);
    if (complaint != NULL && *lock >= 0) {
        close(*lock);
        *lock = -1;
    }
    return complaint;
}

void cfc_state_unlock(int lock)
{
    close(lock);
}

/* SPDX-License-Identifier: Apache-2.0
 * program.c: see program.h. After fork() in a process with threads only what is safe in a signal
 * handler may be called until exec. */
#include "maint/program.h"

#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT_RUN 127          /* what shells say, too */

static const char *complain(const char *what, apr_pool_t *p)
{
    char why[128];

    apr_strerror(errno, why, sizeof(why));
    return apr_pstrcat(p, what, ": ", why, NULL);
}

/* The alarm outlives exec, and this process: nobody else would end an orphan that hangs. */
static void become(const char *const *argv, const char *const *env, int in, unsigned longest_s)
    __attribute__((noreturn));
static void become(const char *const *argv, const char *const *env, int in, unsigned longest_s)
{
    int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    sigset_t none;

    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (setsid() >= 0 && chdir("/") == 0 && dup2(in, STDIN_FILENO) >= 0
        && dup2(out, STDOUT_FILENO) >= 0 && close_range(STDERR_FILENO + 1, ~0u, 0) == 0) {
        alarm(longest_s);
        execve(argv[0], (char *const *)argv, (char *const *)env);
    }
    _exit(CANNOT_RUN);
}

/* A pipe that has the input in it and no writer. @return -1: see errno */
static int pipe_with(const char *input)
{
    size_t bytes = strlen(input);
    int ends[2];
    bool full;

    assert(bytes <= CFC_PROGRAM_INPUT_MAX);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    full = write(ends[1], input, bytes) == (ssize_t)bytes;
    close(ends[1]);
    if (!full) {
        close(ends[0]);
        return -1;
    }
    return ends[0];
}

const char *cfc_program_start(const char *const *argv, const char *const *env, const char *input,
                              unsigned longest_s, pid_t *pid, apr_pool_t *p)
{
    const char *complaint = NULL;
    int in;

    *pid = 0;
    if (access(argv[0], X_OK) != 0) {       /* asked here, where it can be told why not */
        return complain("it cannot be run", p);
    }
    in = pipe_with(input);
    if (in < 0) {
        return complain("no pipe can be made for it", p);
    }
    *pid = fork();
    if (*pid == 0) {
        become(argv, env, in, longest_s);
    }
    if (*pid < 0) {
        *pid = 0;
        complaint = complain("no process can be made for it", p);
    }
    close(in);
    return complaint;
}

bool cfc_program_ended(pid_t pid, const char **complaint, apr_pool_t *p)
{
    int status;
    pid_t ended = waitpid(pid, &status, WNOHANG);

    *complaint = NULL;
    if (ended == 0) {
        return false;
    }
    if (ended < 0) {
        *complaint = complain("nothing is known of its end", p);
    }
    else if (WIFSIGNALED(status)) {
        *complaint = apr_psprintf(p, "it was ended by signal %d", WTERMSIG(status));
    }
    else if (WEXITSTATUS(status) != 0) {
        *complaint = apr_psprintf(p, "it ended with status %d", WEXITSTATUS(status));
    }
    return true;
}

void cfc_program_kill(pid_t pid)
{
    /* Both: it may not have made its session yet. */
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
}

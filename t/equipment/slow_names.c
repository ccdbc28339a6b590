/* SPDX-License-Identifier: Apache-2.0
 * slow_names.c: to be preloaded: the look-up of one name never ends, as with servers of names that
 * do not answer; all others are as ever. */
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

typedef int look_up_t(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    look_up_t *real = (look_up_t *)dlsym(RTLD_NEXT, "getaddrinfo");

    while (name != NULL && strcmp(name, "hangs.example.org") == 0) {
        sleep(3600);
    }
    return real(name, service, hints, found);
}

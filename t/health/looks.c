/* SPDX-License-Identifier: Apache-2.0
 * looks.c: looks at a server that is well, over and over in one thread, as the monitor does by the
 * hour, and prints what the second half of them left behind: "BYTES DESCRIPTORS", or what is wrong.
 * Usage: looks mysql|ldap PORT FILE CA BASE COUNT */
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "health/client.h"

static size_t bytes(void)
{
    struct mallinfo2 heap = mallinfo2();

    return heap.uordblks + heap.hblkhd;
}

static int descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    int count = 0;

    while (directory != NULL && readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

static void look(const cfc_client_kind_t *kind, void *client, int count)
{
    static cfc_db_facts_t facts;

    for (int i = 0; i < count; i++) {
        const char *complaint;

        kind->errand.run(client);
        complaint = kind->result(client, &facts);
        if (complaint != NULL) {
            puts(complaint);
            exit(1);
        }
    }
}

int main(int argc, char **argv)
{
    bool ldap = argc == 7 && strcmp(argv[1], "ldap") == 0;
    const cfc_client_kind_t *kind = ldap ? &cfc_directory_client : &cfc_db_client;
    cfc_dependency_t conf = {.name = "d", .kind = ldap ? CFC_DEPENDENCY_LDAP : CFC_DEPENDENCY_MYSQL,
                             .host = "127.0.0.1", .tls = CFC_TLS_VERIFY, .timeout_ms = 60000};
    char address[32];
    size_t before;
    int open_before;
    void *client;

    if (argc != 7) {
        return 2;
    }
    snprintf(address, sizeof(address), "127.0.0.1:%s", argv[2]);
    conf.port = atoi(argv[2]);
    conf.address = address;
    conf.file = argv[3];
    conf.ca = argv[4];
    conf.path = argv[5];
    kind->begin();
    client = kind->make(&conf);
    look(kind, client, atoi(argv[6]));
    before = bytes();
    open_before = descriptors();
    look(kind, client, atoi(argv[6]));
    printf("%ld %d\n", (long)(bytes() - before), descriptors() - open_before);
    kind->errand.drop(client);
    return 0;
}

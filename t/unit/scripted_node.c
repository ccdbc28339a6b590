/* SPDX-License-Identifier: Apache-2.0
 * scripted_node.c: the node of scripted_node.h. Everything is bounded by the test's own end:
 * each wait is a poll of at most STEP_MS. */
#include "t/unit/scripted_node.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 20
#define TRICKLE_MS 150
#define FLOOD_BYTES 102400
#define BACKLOG 64

static void say(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

        if (sent <= 0) {
            return;     /* the prober has what it wanted */
        }
        bytes += sent;
        length -= (size_t)sent;
    }
}

/* Until the peer closes; `drip` is sent at each step. */
static void linger(cfc_scripted_node_t *node, int fd, const char *drip)
{
    while (!node->stopping) {
        struct pollfd fds[] = {{.fd = fd, .events = POLLIN},
                               {.fd = node->overlapped ? -1 : node->listener, .events = POLLIN}};
        char byte;

        poll(fds, 2, STEP_MS);
        if (fds[0].revents != 0 && recv(fd, &byte, 1, MSG_DONTWAIT) <= 0) {
            return;
        }
        if (fds[1].revents != 0) {
            node->overlapped = true;
        }
        say(fd, drip, strlen(drip));
    }
}

static size_t length_of(const cfc_scripted_node_t *node)
{
    return node->length > 0 ? (size_t)node->length : strlen(node->answer);
}

static void trickle(cfc_scripted_node_t *node, int fd)
{
    const struct timespec pause = {.tv_nsec = TRICKLE_MS * 1000000L};

    for (size_t i = 0; i < length_of(node) && !node->stopping; i++) {
        nanosleep(&pause, NULL);
        say(fd, node->answer + i, 1);
    }
    linger(node, fd, "");
}

static void flood(int fd)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 102400\r\n\r\n";
    static const char good[] = "{\"state\":\"RUNNING\"}";
    static char body[FLOOD_BYTES];

    memset(body, ' ', sizeof(body));    /* wherever it is cut, it reads as JSON */
    memcpy(body, good, sizeof(good) - 1);
    say(fd, head, sizeof(head) - 1);
    say(fd, body, sizeof(body));
}

static void reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

/* @return false: the peer closed, or the test ends, before the request was whole */
static bool hear(cfc_scripted_node_t *node, int fd)
{
    char request[sizeof(node->request)] = "";
    size_t length = 0;

    while (!node->stopping && strstr(request, "\r\n\r\n") == NULL) {
        struct pollfd pending = {.fd = fd, .events = POLLIN};
        ssize_t got;

        if (poll(&pending, 1, STEP_MS) == 0) {
            continue;
        }
        got = recv(fd, request + length, sizeof(request) - 1 - length, 0);
        if (got <= 0) {
            return false;
        }
        length += (size_t)got;
    }
    if (!node->heard) {
        memcpy(node->request, request, sizeof(request));
        node->heard = true;
    }
    return true;
}

static void serve(cfc_scripted_node_t *node, int fd)
{
    bool unasked = node->manner == CFC_NODE_GREETS || node->manner == CFC_NODE_TRICKLES;

    if (!unasked && !hear(node, fd)) {
        return;
    }
    switch (node->manner) {
    case CFC_NODE_ANSWERS:
    case CFC_NODE_GREETS:
        say(fd, node->answer, length_of(node));
        break;
    case CFC_NODE_TRICKLES:
        trickle(node, fd);
        break;
    case CFC_NODE_HANGS:
        linger(node, fd, "");
        break;
    case CFC_NODE_DRIPS:
        say(fd, "HTTP/1.1 200 OK\r\n\r\n", 19);
        linger(node, fd, " ");
        break;
    case CFC_NODE_FLOODS:
        flood(fd);
        break;
    case CFC_NODE_RESETS:
        reset(fd);
        break;
    case CFC_NODE_SLAMS:
    case CFC_NODE_ABSENT:
        break;
    }
}

static void *live(void *data)
{
    cfc_scripted_node_t *node = data;

    while (!node->stopping) {
        struct pollfd pending = {.fd = node->listener, .events = POLLIN};

        if (poll(&pending, 1, STEP_MS) > 0) {
            int fd = accept(node->listener, NULL, NULL);

            node->accepted++;
            serve(node, fd);
            close(fd);
        }
    }
    return NULL;
}

void cfc_scripted_node_start(cfc_scripted_node_t *node)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);

    node->listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(node->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(getsockname(node->listener, (struct sockaddr *)&address, &length), 0);
    node->port = ntohs(address.sin_port);
    if (node->manner != CFC_NODE_ABSENT) {      /* bound and not listening: refused for sure */
        ck_assert_int_eq(listen(node->listener, BACKLOG), 0);
        ck_assert_int_eq(pthread_create(&node->thread, NULL, live, node), 0);
    }
}

void cfc_scripted_node_stop(cfc_scripted_node_t *node)
{
    if (node->manner != CFC_NODE_ABSENT) {
        node->stopping = true;
        pthread_join(node->thread, NULL);
    }
    close(node->listener);
}

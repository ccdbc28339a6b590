/* SPDX-License-Identifier: Apache-2.0
 * logins_httpd.h: failed logins of requests that go to a cluster: counted by client address in
 * shared memory, told in the error log in a form that fail2ban can read, and refused above a
 * limit where the configuration wants it. Rules and table are login.h and logins.h. */
#ifndef CFC_GUARD_LOGINS_HTTPD_H
#define CFC_GUARD_LOGINS_HTTPD_H

#include <httpd.h>
#include <stdbool.h>

struct cfc_logins_conf;

/** One request; as long as it. */
typedef struct {
    /* the caller's */
    const struct cfc_logins_conf *conf;
    const char *cluster;        /* its name */
    const char *target;         /* from cfc_target_path() */
    const char *context;        /* where the application is, as for cfc_area_covers() */
    /* ours */
    apr_int64_t wait_ms;        /* until its address is below its limit; 0: it is */
    const bool *found;          /* a login, in the form of one that is above; NULL: not watched */
} cfc_logins_at_t;

/**
 * Make the table, once for all generations: it outlives reloads. In post_config.
 * @return NULL, or the complaint
 */
const char *cfc_logins_open(server_rec *s, apr_pool_t *ptemp);

/**
 * Before a node is asked, with r->headers_in as the node will get them: may the request go on? If
 * its address is over its limit and it has a form, that is watched while it is read, and given
 * up at the first parameter of a login.
 * @return OK, or HTTP_TOO_MANY_REQUESTS with Retry-After set: it asks to log in, and its address
 *         is over its limit
 */
int cfc_logins_admit(request_rec *r, cfc_logins_at_t *at);

/**
 * After it was carried: what the client gets.
 * @param status what carrying brought
 * @return status, or HTTP_TOO_MANY_REQUESTS as above: a login was found in its form
 */
int cfc_logins_settle(request_rec *r, const cfc_logins_at_t *at, int status);

/**
 * When the node's answer begins, with its headers in r->headers_out: count and log a failed
 * login, and take the header that says so out if the configuration wants it.
 * @return whether one failed
 */
bool cfc_logins_answered(request_rec *r, const cfc_logins_at_t *at);

#endif

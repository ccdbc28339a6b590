/* SPDX-License-Identifier: Apache-2.0
 * tester.c: see tester.h. Who may have a link made is control.c's business, what a tester's
 * request gets lb/'s. Pure but for the slots that it reads. */
#include "maint/tester.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "maint/kept.h"
#include "maint/sign.h"

#define ID_DIGITS 8
#define UNTIL_DIGITS_MAX 12
#define SIGNATURE_DIGITS 64

static const char *const purposes[] = {"tester link", "tester cookie"};

uint32_t cfc_tester_id_read(const char *text)
{
    return strlen(text) == ID_DIGITS && strspn(text, "0123456789abcdef") == ID_DIGITS
               ? (uint32_t)strtoul(text, NULL, 16)
               : 0;
}

/* The key in this place; key has CFC_SECRET_BYTES. @return false: there is none */
static bool key_read(const cfc_cluster_t *cl, int place, unsigned char *key, apr_time_t *since)
{
    cfc_subject_t subject = cfc_kind_tester_key.subject(cl, place);
    apr_size_t bytes = 0;
    cfc_kept_t kept;

    *since = 0;
    if (!cfc_kind_tester_key.now(&subject, &kept)
        || strlen(kept.texts[CFC_TESTER_SECRET]) != 2 * CFC_SECRET_BYTES
        || apr_unescape_hex(key, kept.texts[CFC_TESTER_SECRET], APR_ESCAPE_STRING, 0, &bytes)
               != APR_SUCCESS
        || bytes != CFC_SECRET_BYTES) {
        return false;
    }
    *since = kept.plan.note.since;
    return true;
}

int cfc_tester_key_newest(const cfc_cluster_t *cl, apr_time_t *since)
{
    unsigned char key[CFC_SECRET_BYTES];
    int newest = -1;

    *since = 0;
    for (int i = 0; i < CFC_TESTER_KEYS; i++) {
        apr_time_t made;

        if (key_read(cl, i, key, &made) && made > *since) {
            newest = i;
            *since = made;
        }
    }
    return newest;
}

/* What is signed. Names have no line ends, and neither has a host that httpd has accepted. */
static const char *claim_text(const cfc_cluster_t *cl, const char *host,
                              const cfc_tester_claim_t *claim, apr_pool_t *p)
{
    return apr_psprintf(p, "%s\n%08x\n%" APR_TIME_T_FMT "\n%s\n%s", cl->name, claim->id,
                        apr_time_sec(claim->until), claim->node, host);
}

const char *cfc_tester_token(const cfc_cluster_t *cl, cfc_tester_use_t use, const char *host,
                             const cfc_tester_claim_t *claim, apr_pool_t *p)
{
    unsigned char key[CFC_SECRET_BYTES];
    apr_time_t since;
    int place = cfc_tester_key_newest(cl, &since);
    const char *signature;

    if (place < 0 || !key_read(cl, place, key, &since)) {
        return NULL;
    }
    signature = cfc_sign(key, purposes[use], claim_text(cl, host, claim, p), p);
    return signature == NULL ? NULL
                             : apr_psprintf(p, "%08x.%" APR_TIME_T_FMT ".%s.%s", claim->id,
                                            apr_time_sec(claim->until), signature, claim->node);
}

/* The part of the token up to the next dot. @return NULL: it is not so long, or has other digits */
static const char *part(const char **token, size_t least, size_t most, const char *digits,
                        apr_pool_t *p)
{
    size_t length = strspn(*token, digits);
    const char *text = *token;

    if (length < least || length > most || text[length] != '.') {
        return NULL;
    }
    *token += length + 1;
    return apr_pstrmemdup(p, text, length);
}

/* Take a token to pieces. Its id is never 0, and everything is written as we write it.
 * @return the signature; NULL: it is no token */
static const char *token_read(const char *token, cfc_tester_claim_t *claim, apr_pool_t *p)
{
    const char *hex = "0123456789abcdef";
    const char *id = part(&token, ID_DIGITS, ID_DIGITS, hex, p);
    const char *until = id ? part(&token, 1, UNTIL_DIGITS_MAX, "0123456789", p) : NULL;
    const char *signature = until ? part(&token, SIGNATURE_DIGITS, SIGNATURE_DIGITS, hex, p)
                                  : NULL;

    if (signature == NULL || strlen(token) == 0 || strlen(token) >= CFC_NAME_MAX
        || (claim->id = cfc_tester_id_read(id)) == 0) {
        return NULL;
    }
    claim->until = apr_time_from_sec(apr_atoi64(until));
    claim->node = apr_pstrdup(p, token);
    return signature;
}

/* Whether one of the cluster's keys has signed it. Each of them is tried. */
static bool is_signed(const cfc_cluster_t *cl, cfc_tester_use_t use, const char *host,
                      const cfc_tester_claim_t *claim, const char *signature, apr_pool_t *p)
{
    const char *text = claim_text(cl, host, claim, p);
    unsigned char key[CFC_SECRET_BYTES];
    apr_time_t since;
    bool good = false;

    for (int i = 0; i < CFC_TESTER_KEYS; i++) {
        good = (key_read(cl, i, key, &since)
                && cfc_sign_check(key, purposes[use], text, signature, p)) || good;
    }
    return good;
}

int cfc_tester_find(const cfc_cluster_t *cl, uint32_t id)
{
    for (int i = 0; id != 0 && i < CFC_TESTERS_MAX; i++) {
        if (atomic_load_explicit(&cl->slot->testers[i].id, memory_order_acquire) == id) {
            return i;
        }
    }
    return -1;
}

cfc_tester_worth_t cfc_tester_judge(const cfc_cluster_t *cl, cfc_tester_use_t use,
                                    const char *host, const char *token, apr_time_t now,
                                    cfc_tester_claim_t *claim, cfc_tester_slot_t **slot,
                                    apr_pool_t *p)
{
    const char *signature = token_read(token, claim, p);
    int place;

    *slot = NULL;
    if (signature == NULL || !is_signed(cl, use, host, claim, signature, p)) {
        return CFC_TESTER_FORGED;
    }
    if (claim->until <= now) {
        return CFC_TESTER_OVER;
    }
    place = cfc_tester_find(cl, claim->id);
    if (place < 0 || cfc_cluster_node(cl, claim->node) == NULL) {
        return CFC_TESTER_REVOKED;
    }
    *slot = &cl->slot->testers[place];
    return CFC_TESTER_WORTHY;
}

const char *cfc_tester_complaint(cfc_tester_worth_t worth)
{
    static const char *const texts[] = {
        [CFC_TESTER_FORGED] = "its signature is none of ours for this site: it is forged, or "
                              "incomplete, or made for another host or cluster, or with a key "
                              "that is gone",
        [CFC_TESTER_OVER] = "its time is over",
        [CFC_TESTER_REVOKED] = "it was revoked, or its node is gone",
        [CFC_TESTER_WORTHY] = "it is good",
    };

    return texts[worth];
}

apr_time_t cfc_tester_open_until(apr_time_t since, apr_time_t until)
{
    return since + CFC_TESTER_OPEN < until ? since + CFC_TESTER_OPEN : until;
}

/* Between the pairs of a Cookie header. ',' too: httpd joins several headers with it. */
#define SEPARATORS "; ,\t"

const char *cfc_tester_cookie(const char *cookies, const char *name, apr_pool_t *p)
{
    size_t named = strlen(name), length;

    for (const char *at = cookies; at != NULL && *at != '\0'; at += length) {
        at += strspn(at, SEPARATORS);
        length = strcspn(at, ";,");
        if (length > named && at[named] == '=' && memcmp(at, name, named) == 0) {
            return apr_pstrmemdup(p, at + named + 1, length - named - 1);
        }
    }
    return NULL;
}

const char *cfc_tester_strip(const char *cookies, apr_pool_t *p)
{
    size_t length, kept = 0;
    char *left;

    if (cookies == NULL || strstr(cookies, CFC_TESTER_COOKIE) == NULL) {
        return cookies;
    }
    left = apr_palloc(p, strlen(cookies) + 1);
    for (const char *at = cookies; *at != '\0'; at += length) {
        at += strspn(at, SEPARATORS);
        length = strcspn(at, ";,");
        length += strspn(at + length, SEPARATORS);
        if (strncmp(at, CFC_TESTER_COOKIE, strlen(CFC_TESTER_COOKIE)) != 0) {
            memcpy(left + kept, at, length);
            kept += length;
        }
    }
    while (kept > 0 && strchr(SEPARATORS, left[kept - 1]) != NULL) {
        kept--;
    }
    left[kept] = '\0';
    return kept > 0 ? left : NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 * wants.h: in which form a client can use an answer of ours. */
#ifndef CFC_MAINT_WANTS_H
#define CFC_MAINT_WANTS_H

/** The forms an answer comes in. */
typedef enum {
    CFC_WANTS_HTML,             /* people with a browser, and whoever does not say */
    CFC_WANTS_JSON,             /* scripts in pages and API clients */
    CFC_WANTS_IMAGE,            /* without a picture a browser draws a broken one */
    CFC_WANTS_STYLE,
    CFC_WANTS_SCRIPT,
    CFC_WANTS_XMLRPC,           /* programs that call these ways read faults */
    CFC_WANTS_SOAP,
    CFC_WANTS_NOTHING           /* WebSockets, fonts, films: nobody would read it */
} cfc_wants_t;

/** What a request says about the answer it wants; NULL: the header was not sent. */
typedef struct {
    const char *method;             /* never NULL */
    const char *path;               /* decoded, without query */
    const char *accept;
    const char *requested_with;     /* X-Requested-With */
    const char *fetch_dest;         /* Sec-Fetch-Dest */
    const char *upgrade;
    const char *soap_action;        /* SOAPAction: every call of SOAP 1.1 has it */
} cfc_wants_ask_t;

/**
 * The form that a client wants. The first that knows decides: Upgrade, a POST to where
 * Confluence and Jira take XML-RPC and SOAP, Sec-Fetch-Dest, X-Requested-With, Accept, the path.
 * Threads: pure.
 * Source:  facts of Confluence: /rpc/xmlrpc, /rpc/soap-axis/, /plugins/servlet/soap-axis1/.
 */
cfc_wants_t cfc_wants(const cfc_wants_ask_t *ask);

/**
 * How much an Accept header wants a type, 0 (not at all) to 2001. Comparable between types;
 * among equal qualities one that is named beats one that only a wildcard covers.
 * @param accept NULL: everything is welcome
 * @param type   "application/json"
 */
int cfc_accept_rank(const char *accept, const char *type);

#endif

/* SPDX-License-Identifier: Apache-2.0
 * protect_httpd.h: <CFClusterProtect> sections and what they do to a request.
 *
 *     <CFClusterProtect admin-console remote-api path /secret /pages/drop.action>
 *         Require ip 10.0.9.0/24
 *     </CFClusterProtect>
 *
 * Names of presets first, then, after the word "path", own paths: a path stands for itself and
 * all below it, and one that ends in .action for that Struts action in all its spellings.
 * Inside stands whatever decides about access in a <Location>: Require, AuthType and their
 * kind. A section without any Require refuses everybody. If a request reaches several sections
 * all must admit it, and <Location> must too; a section's AuthType takes the place of the
 * <Location>'s.
 *
 * A request goes through here four times: claim, post_perdir, fixups, strip_credentials. What a
 * path can be read as is target.h's business, what lies in an area areas.h's; who is admitted
 * httpd's own modules decide. */
#ifndef CFC_GUARD_PROTECT_HTTPD_H
#define CFC_GUARD_PROTECT_HTTPD_H

#include <httpd.h>
#include <http_config.h>

typedef struct cfc_protect_conf cfc_protect_conf_t;     /* a server's sections */
typedef struct cfc_protect_req cfc_protect_req_t;       /* what a request reached */

cfc_protect_conf_t *cfc_protect_conf_create(apr_pool_t *p);

/** A virtual host's sections come after the main server's, and both apply. */
cfc_protect_conf_t *cfc_protect_conf_merge(apr_pool_t *p, const cfc_protect_conf_t *base,
                                           const cfc_protect_conf_t *add);

/**
 * Where the module keeps them; mod_cfcluster's structs are not known here.
 * @return of cfc_protect_slot: NULL: no CFClusterPass has claimed the request
 */
cfc_protect_conf_t *cfc_protect_conf_of(server_rec *s);
cfc_protect_req_t **cfc_protect_slot(request_rec *r);

/** Handler of "<CFClusterProtect", raw arguments, RSRC_CONF. */
const char *cfc_protect_section(cmd_parms *cmd, void *unused, const char *args);

/**
 * Part of the check_config hook: refuses two sections of one server with different logins on
 * one path (one request has one Authorization header, so nobody could pass both), and says
 * which sections refuse everybody.
 *
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR after all complaints are logged
 */
int cfc_protect_check(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

/**
 * Judge the target of a request that will be forwarded, and note which sections it reaches. For
 * every request of this kind, subrequests and internal redirects too, in translate_name. What
 * is forwarded later must be this very target, byte for byte.
 *
 * @param target  from cfc_target_path(); NULL is refused
 * @param context the path that is passed to the cluster; "", "/" or NULL: all
 * @return OK, or HTTP_BAD_REQUEST after one log line that says why
 */
int cfc_protect_claim(request_rec *r, const char *target, const char *context);

/**
 * post_perdir_config hook: puts the sections that were reached on top of the request's
 * configuration, after the last walk through <Location>, so that they have the last word.
 *
 * @return DECLINED: nothing reached; OK; HTTP_FORBIDDEN: httpd could not apply them faithfully
 *         (Satisfy Any, two different logins), and the log says so
 */
int cfc_protect_post_perdir(request_rec *r);

/**
 * fixups hook, APR_HOOK_FIRST: remembers the Authorization header that httpd has just checked,
 * before AuthBasicFake or RequestHeader (both fixups) can set one that is meant for the node.
 * For an error page or an included part it is the one that was checked for the whole request.
 */
int cfc_protect_fixups(request_rec *r);

/**
 * Take the Authorization header that httpd consumed out of r->headers_in, be it for one of our
 * sections or for a <Location>: it is no login of the node's, and Confluence would count it as
 * a failed one. A header that httpd did not check passes. For the handler, before it carries;
 * internal redirects share the table, so it puts the original table back afterwards.
 */
void cfc_protect_strip_credentials(request_rec *r);

#endif

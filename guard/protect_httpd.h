/* SPDX-License-Identifier: Apache-2.0
 * protect_httpd.h: <CFClusterProtect> sections and what they do to a request.
 *
 *     <CFClusterProtect admin-console remote-api path /secret exact /pages/drop.action>
 *         Require ip 10.0.9.0/24
 *     </CFClusterProtect>
 *
 * Names of presets first, then, after the word "path" or "exact", own paths. A path stands for
 * itself and all below it, and one that ends in .action for that Struts action in all its
 * spellings; an exact one for itself. Inside stands whatever decides about access in a
 * <Location>: Require, AuthType and their kind. A section without any Require refuses everybody.
 * If a request reaches several sections all must admit it, and <Location> must too; a section's
 * AuthType takes the place of the <Location>'s. With the word "observe" among the presets the
 * section refuses nothing and says what it would refuse.
 *
 * A section stands in the server's configuration, in a virtual host's, or in a <CFCluster>, and
 * holds for what is passed from there, or to there. A profile can add a section that nobody
 * passes (cfc_protect_close).
 *
 * A request goes through here five times: claim, post_perdir, fixups, strip_credentials, and
 * with its body (form_httpd.h). What a path can be read as is target.h's business, what lies in
 * an area areas.h's, which parameters are there keys.h's; who is admitted httpd's own modules
 * decide. */
#ifndef CFC_GUARD_PROTECT_HTTPD_H
#define CFC_GUARD_PROTECT_HTTPD_H

#include <httpd.h>
#include <http_config.h>
#include <stdbool.h>

typedef struct cfc_protect_conf cfc_protect_conf_t;     /* a server's sections */
typedef struct cfc_protect_req cfc_protect_req_t;       /* what a request reached */

cfc_protect_conf_t *cfc_protect_conf_create(apr_pool_t *p);

/** A virtual host's sections come after the main server's, and both apply. */
cfc_protect_conf_t *cfc_protect_conf_merge(apr_pool_t *p, const cfc_protect_conf_t *base,
                                           const cfc_protect_conf_t *add);

/**
 * Where the module keeps them; mod_cfcluster's structs are not known here.
 *
 * @return of cfc_protect_conf_read: where the section belongs that is being read: to the cluster
 *         whose section it stands in, or to the server; of cfc_protect_slot: NULL: no
 *         CFClusterPass has claimed the request
 */
cfc_protect_conf_t *cfc_protect_conf_of(server_rec *s);
cfc_protect_conf_t *cfc_protect_conf_read(const cmd_parms *cmd);
cfc_protect_req_t **cfc_protect_slot(request_rec *r);

/** Handler of "<CFClusterProtect", raw arguments, RSRC_CONF. */
const char *cfc_protect_section(cmd_parms *cmd, void *unused, const char *args);

/**
 * Add a section for a preset that nobody may enter. Any other section of that preset, of the
 * cluster or of the server that the request came to, takes its place.
 *
 * @param preset one of cfc_preset_names
 * @param file, line of what asked for it, for messages
 */
void cfc_protect_close(apr_pool_t *p, cfc_protect_conf_t *conf, const char *preset,
                       const char *file, int line);

/**
 * Parts of the check_config hook. One complaint is two sections with different logins on one
 * path: one request has one Authorization header, so nobody could pass both. The other, which
 * refuses nothing, is a section that refuses everybody.
 *
 * @return of cfc_protect_check: false: two sections of conf clash; of cfc_protect_check_both:
 *         one of the cluster and one of the server; all complaints are logged
 */
bool cfc_protect_check(server_rec *s, const cfc_protect_conf_t *conf);
bool cfc_protect_check_both(server_rec *s, const cfc_protect_conf_t *cluster,
                            const cfc_protect_conf_t *server);

/**
 * Judge the target of a request that will be forwarded, and note which sections it reaches. For
 * every request of this kind, subrequests and internal redirects too, in translate_name. What
 * is forwarded later must be this very target, byte for byte.
 *
 * @param target  from cfc_target_path(); NULL is refused
 * @param passed  the path that is passed to the cluster; "", "/" or NULL: all
 * @param context where in it the application is, as for cfc_area_covers()
 * @param cluster the cluster's own sections
 * @return OK, or HTTP_BAD_REQUEST after one log line that says why
 */
int cfc_protect_claim(request_rec *r, const char *target, const char *passed,
                      const char *context, const cfc_protect_conf_t *cluster);

/**
 * post_perdir_config hook: puts the sections that were reached on top of the request's
 * configuration, after the last walk through <Location>, so that they have the last word.
 *
 * @return DECLINED: nothing reached; OK; HTTP_FORBIDDEN: httpd could not apply them faithfully
 *         (Satisfy Any, two different logins), or a profile's section was reached; the log says so
 */
int cfc_protect_post_perdir(request_rec *r);

/**
 * fixups hook, APR_HOOK_FIRST: remembers the Authorization header that httpd has just checked,
 * before AuthBasicFake or RequestHeader (both fixups) can set one that is meant for the node.
 * For an error page or an included part it is the one that was checked for the whole request.
 *
 * Now that it is known whose login the header is, sections about logins are asked; a body that
 * is a form will be watched for the sections that look for parameters; and sections that only
 * observe say what they would have refused.
 *
 * @return DECLINED or OK: go on; HTTP_FORBIDDEN, and the log says why
 */
int cfc_protect_fixups(request_rec *r);

/**
 * Take the Authorization header that httpd consumed out of r->headers_in, be it for one of our
 * sections or for a <Location>: it is no login of the node's, and Confluence would count it as
 * a failed one. A header that httpd did not check passes. For the handler, before it carries;
 * internal redirects share the table, so it puts the original table back afterwards.
 */
void cfc_protect_strip_credentials(request_rec *r);

/**
 * Does the request's target lie at a path, or below it, in any of its readings? For a claimed
 * request; any thread, allocates nothing.
 *
 * @param path as cfc_rule_read() takes it, less than 256 bytes
 */
bool cfc_protect_lies_below(const request_rec *r, const char *path);

/** Was a parameter found in the body, while it passed, that a section refuses? */
bool cfc_protect_refused(request_rec *r);

#endif

/* SPDX-License-Identifier: Apache-2.0
 * Reads parameters from the query string only. getParameter() would also read, and so swallow,
 * the body of a form post, which several routes here must hand back untouched. */
package equipment;

import jakarta.servlet.http.HttpServletRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;

final class Query {
    private Query() {
    }

    /** The first value of a parameter, decoded; preset when it is not there. */
    static String get(HttpServletRequest request, String name, String preset) {
        String query = request.getQueryString();
        if (query == null) {
            return preset;
        }
        for (String pair : query.split("&")) {
            if (pair.startsWith(name + "=")) {
                return URLDecoder.decode(pair.substring(name.length() + 1),
                                         StandardCharsets.UTF_8);
            }
        }
        return preset;
    }

    static long number(HttpServletRequest request, String name, long preset) {
        return Long.parseLong(get(request, name, Long.toString(preset)));
    }
}

/* SPDX-License-Identifier: Apache-2.0
 * /s/<anything>/_/<path> as Confluence's resource rule treats it: the raw path is decoded until
 * nothing changes, normalised, and what follows the last /_/ is forwarded to, whatever it is. */
package equipment;

import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

@WebServlet("/s/*")
public class Forward extends HttpServlet {
    private static final Pattern NO_CACHE = Pattern.compile("^/s/(.*)/NOCACHE(.*)/_/(?<tail>.*)");
    private static final Pattern CACHED = Pattern.compile("^/s/(.*)/_/(?<tail>.*)");

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws IOException, ServletException {
        String tail = tail(request.getRequestURI().substring(request.getContextPath().length()));
        if (tail == null) {
            response.sendError(404);
        } else {
            request.getRequestDispatcher("/" + tail).forward(request, response);
        }
    }

    private static String tail(String raw) {
        String path;
        try {
            path = new URI(null, null, decodeFully(raw), null).normalize().getPath();
        } catch (URISyntaxException e) {
            return null;
        }
        if (path.contains("/WEB-INF/") || path.contains("/META-INF/")) {
            return null;
        }
        for (Pattern pattern : new Pattern[] {NO_CACHE, CACHED}) {
            Matcher match = pattern.matcher(path);
            if (match.find()) {
                return match.group("tail");
            }
        }
        return null;
    }

    /* A plus sign stands for itself in a path; a broken escape ends the decoding. */
    private static String decodeFully(String raw) {
        String now = raw;
        try {
            for (String last = null; !now.equals(last); ) {
                last = now;
                now = URLDecoder.decode(now.replace("+", "%2B"), StandardCharsets.UTF_8);
            }
        } catch (IllegalArgumentException e) {
            return now;
        }
        return now;
    }
}

/* SPDX-License-Identifier: Apache-2.0
 * /s/<anything>/_/<path> as Confluence's resource rule treats it: the raw path is decoded as a
 * form's value until nothing changes, normalised as a URI, and what follows the last /_/ is
 * forwarded to, whatever it is; of download/images the first directory is left out. What is no
 * URI after decoding (a plus sign has become a blank) is none of the rule's. */
package equipment;

import jakarta.servlet.RequestDispatcher;
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
    private static final Pattern NO_CACHE = Pattern.compile("/s/(.*)/NOCACHE(.*)/_/(?<tail>.*)");
    private static final Pattern CACHED = Pattern.compile("/s/(.*)/_/(?<tail>.*)");
    private static final Pattern DENIED = Pattern.compile("(?i)/(WEB|META)-INF/");
    private static final Pattern ENCODED = Pattern.compile("[+]|%[0-9a-zA-Z]{2}");
    private static final String DOWNLOAD = "download/";

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws IOException, ServletException {
        String tail = tail(request.getRequestURI().substring(request.getContextPath().length()));
        RequestDispatcher next = tail == null ? null : request.getRequestDispatcher("/" + tail);
        if (next == null) {
            response.sendError(404);
        } else {
            next.forward(request, response);
        }
    }

    private static String tail(String raw) {
        String target;
        try {
            target = new URI(decodeFully(raw)).normalize().toString();
        } catch (URISyntaxException e) {
            return null;
        }
        if (DENIED.matcher(target).find()) {
            return null;
        }
        for (Pattern pattern : new Pattern[] {NO_CACHE, CACHED}) {
            Matcher match = pattern.matcher(target);
            if (match.matches()) {
                String tail = match.group("tail");
                return tail.startsWith(DOWNLOAD + "images") ? tail.substring(DOWNLOAD.length())
                                                            : tail;
            }
        }
        return null;
    }

    /* A broken escape ends the decoding; Confluence would never end. */
    private static String decodeFully(String raw) {
        String now = raw;
        try {
            do {
                now = URLDecoder.decode(now, StandardCharsets.UTF_8);
            } while (ENCODED.matcher(now).find());
        } catch (IllegalArgumentException e) {
            return now;
        }
        return now;
    }
}

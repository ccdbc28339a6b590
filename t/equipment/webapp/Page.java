/* SPDX-License-Identifier: Apache-2.0
 * Any page: shows which node answered, in which session, and what of the request arrived here.
 * HTML for people; JSON for tests, on Accept: application/json or ?format=json; nothing but the
 * names of the servlet and of some parameters, and no session, on X-Test-Brief. */
package equipment;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

@WebServlet({"/", "/display/*", "/download/*"})
public class Page extends HttpServlet {
    private static final String HITS = "hits";
    private static final String BRIEF = "X-Test-Brief";
    private static final Pattern FENCED =
        Pattern.compile("\\Aos_(username|password)\\z|bootstrapStatusProvider");

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        show(request, response);
    }

    /** Answers as an ordinary page does, which has a session. */
    static void show(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        if (request.getHeader(BRIEF) == null) {
            HttpSession session = request.getSession();
            synchronized (session) {
                Integer before = (Integer) session.getAttribute(HITS);
                session.setAttribute(HITS, before == null ? 1 : before + 1);
            }
        }
        send(request, response, "page");
    }

    /** Answers with a description of the request, and says which servlet was reached. */
    static void send(HttpServletRequest request, HttpServletResponse response, String servlet)
            throws IOException {
        response.setHeader("X-Test-Servlet", servlet);
        if (request.getHeader(BRIEF) != null) {
            response.setHeader("X-Test-Parameters", String.join(",", fenced(request)));
            return;
        }
        response.setHeader("Cache-Control", "no-store");
        Map<String, Object> facts = describe(request, servlet);
        String accept = request.getHeader("Accept");
        if ("json".equals(Query.get(request, "format", ""))
                || accept != null && accept.contains("application/json")) {
            Json.send(response, facts);
        } else {
            response.setContentType("text/html;charset=UTF-8");
            response.getWriter().print(html(facts));
        }
    }

    /* The names of the parameters that came here and that a front end may want to fence; whoever
     * forwarded the request may have added some. */
    private static List<String> fenced(HttpServletRequest request) {
        return request.getParameterMap().keySet().stream()
            .filter(name -> FENCED.matcher(name).find())
            .map(name -> name.replaceAll("[^\\w.]", "?")).toList();
    }

    private static Map<String, Object> describe(HttpServletRequest request, String servlet) {
        HttpSession session = request.getSession(false);
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("node", Node.NAME);
        facts.put("process", ProcessHandle.current().pid());
        facts.put("deployed", deployed(request));
        facts.put("session", session == null ? null : session.getId());
        facts.put("new", session != null && session.isNew());
        facts.put("hits", session == null ? null : session.getAttribute(HITS));
        facts.put("servlet", servlet);
        facts.put("method", request.getMethod());
        facts.put("uri", request.getRequestURI());
        facts.put("query", request.getQueryString());
        facts.put("servletPath", request.getServletPath());
        facts.put("pathInfo", request.getPathInfo());
        facts.put("forwardedFrom", request.getAttribute(RequestDispatcher.FORWARD_REQUEST_URI));
        facts.put("protocol", request.getProtocol());
        facts.put("scheme", request.getScheme());
        facts.put("secure", request.isSecure());
        facts.put("serverName", request.getServerName());
        facts.put("serverPort", request.getServerPort());
        facts.put("remoteAddr", request.getRemoteAddr());
        facts.put("remoteUser", request.getRemoteUser());
        facts.put("headers", headers(request));
        return facts;
    }

    /* Of this deployment, where whoever deployed it has written one. */
    private static String deployed(HttpServletRequest request) {
        try (InputStream file = request.getServletContext()
                .getResourceAsStream("/WEB-INF/version")) {
            return file == null ? null : new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return null;
        }
    }

    private static Map<String, List<String>> headers(HttpServletRequest request) {
        Map<String, List<String>> all = new TreeMap<>();
        for (String name : Collections.list(request.getHeaderNames())) {
            all.put(name.toLowerCase(Locale.ROOT), Collections.list(request.getHeaders(name)));
        }
        return all;
    }

    private static String html(Map<String, Object> facts) {
        StringBuilder rows = new StringBuilder();
        facts.forEach((name, value) -> {
            if (value != null && !(value instanceof Map)) {
                rows.append(row(name, value));
            }
        });
        ((Map<?, ?>) facts.get("headers")).forEach((name, values) ->
            ((List<?>) values).forEach(value -> rows.append(row(name + ":", value))));
        boolean hasSession = facts.get("session") != null;
        String greeting = !hasSession ? "No session here."
            : (Boolean) facts.get("new") ? "A new session begins."
            : "You have been here " + facts.get("hits") + " times in this session.";
        return TEMPLATE.replace("%colour%", "node1".equals(Node.NAME) ? "#2563a8" : "#a85a25")
            .replace("%node%", escape(Node.NAME))
            .replace("%greeting%", greeting)
            .replace("%rows%", rows);
    }

    private static String row(Object name, Object value) {
        return "<tr><th>" + escape(name) + "<td>" + escape(value) + "\n";
    }

    private static String escape(Object text) {
        return text.toString().replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }

    private static final String TEMPLATE = """
        <!DOCTYPE html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>%node%</title>
        <style>
        body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #222; background: #f6f6f4 }
        header { background: %colour%; color: #fff; padding: 1.5rem 2rem }
        header b { font-size: 2.5rem; display: block; line-height: 1.2 }
        nav, table { margin: 1.5rem 2rem }
        nav a { margin-right: 1.2rem; color: %colour% }
        table { border-collapse: collapse; font-size: 14px }
        th { text-align: left; font-weight: normal; color: #666; padding: .15rem 1.5rem .15rem 0;
             vertical-align: top; white-space: nowrap }
        td { font-family: ui-monospace, monospace; overflow-wrap: anywhere }
        </style>
        <header>This page comes from <b>%node%</b> %greeting%</header>
        <nav>
        <a href="">Once more</a>
        <a href="/display/DEMO/Some+page">A page</a>
        <a href="/login">Log in</a>
        <a href="/admin/console.action">Admin console</a>
        <a href="/slow?ms=3000">A slow page</a>
        <a href="/cluster">The cluster</a>
        </nav>
        <table>
        %rows%</table>
        """;
}

/* SPDX-License-Identifier: Apache-2.0
 * The parts of Confluence that a front end may want to fence. They only say which of them was
 * reached, in X-Test-Servlet, so that a test sees when a fence has a hole. */
package equipment;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

@WebServlet({"/admin/*", "/setup/*", "/bootstrap/*", "/rpc/*", "/rest/*", "/plugins/servlet/*",
             "/json/*", "/secret/*", "*.action", "*.vm"})
public class Shape extends HttpServlet {
    private static final Set<String> OWN_JSON_ACTIONS =
        Set.of("startheartbeatactivity", "stopheartbeatactivity");
    private static final Set<String> FENCED_PLUGINS =
        Set.of("upm", "soap-axis1", "embedded-crowd", "applinks", "troubleshooting");
    private static final Pattern REST_ADMIN = Pattern.compile(
        "/(api/(latest/)?admin|plugins|license|zdu|auditing|troubleshooting)(/.*)?");

    /* Actions for administrators, in the namespaces that Struts knows. */
    private static final Map<String, Set<String>> ADMIN_ACTIONS = Map.of(
        "", Set.of("server-info", "authenticate", "doauthenticate"),
        "/pages", Set.of("listpermissionpages"),
        "/pages/templates", Set.of("listpagetemplates", "createpagetemplate"),
        "/spaces", Set.of("spacepermissions", "removespace", "importpages", "exportspacexml"),
        "/spaces/flyingpdf", Set.of("flyingpdf"));

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        String info = request.getPathInfo() == null ? "" : request.getPathInfo();
        String path = request.getServletPath();
        String reached = switch (path) {
            case "/json" -> json(strutsPath(request));
            case "/plugins/servlet" -> plugin(info);
            case "/rest" -> REST_ADMIN.matcher(info).matches() ? "rest-admin" : "rest";
            case "/admin", "/setup", "/bootstrap", "/rpc", "/secret" -> path.substring(1);
            default -> path.endsWith(".vm") ? "velocity"
                : isForAdmins(strutsPath(request)) ? "action" : "page";
        };
        if (reached.equals("page")) {
            Page.show(request, response);
        } else {
            Page.send(request, response, reached);
        }
    }

    /* Plugins' servlets for administrators and programs, by their exact names. */
    private static String plugin(String info) {
        String[] parts = info.split("/");
        return parts.length > 1 && FENCED_PLUGINS.contains(parts[1]) ? parts[1] : "plugins";
    }

    /* Struts' json namespace inherits every admin and setup action: another door to both. */
    private static String json(String path) {
        String action = actionName(path);
        if (!path.endsWith(".action") || OWN_JSON_ACTIONS.contains(action)) {
            return "json";
        }
        return action.startsWith("setup") || action.equals("finishsetup") ? "setup" : "admin";
    }

    /* Struts does not trust getServletPath(), which here is all of the path: unless the raw URI
     * ends with it, it reads on in the raw URI from where it first stands there, up to a ';'. */
    private static String strutsPath(HttpServletRequest request) {
        String info = request.getPathInfo();
        String path = request.getServletPath() + (info == null ? "" : info);
        String uri = request.getRequestURI();
        int begin = uri.endsWith(path) ? -1 : uri.indexOf(path);
        String read = begin < 0 ? path : uri.substring(begin);
        int end = read.indexOf(';');
        return end < 0 ? read : read.substring(0, end);
    }

    /* Struts takes the longest namespace it knows, else the one without a name, and of the rest
     * the last segment only. */
    private static boolean isForAdmins(String path) {
        if (!path.endsWith(".action")) {
            return false;
        }
        String space = path.substring(0, path.lastIndexOf('/'));
        while (!ADMIN_ACTIONS.containsKey(space)) {
            space = space.substring(0, space.lastIndexOf('/'));
        }
        String action = actionName(path);
        return ADMIN_ACTIONS.get(space).contains(action) || ADMIN_ACTIONS.get("").contains(action);
    }

    private static String actionName(String path) {
        return path.substring(path.lastIndexOf('/') + 1).replaceAll("[!.].*", "");
    }
}

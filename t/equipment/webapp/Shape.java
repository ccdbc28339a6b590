/* SPDX-License-Identifier: Apache-2.0
 * The parts of Confluence that a front end may want to fence. They only say which of them was
 * reached, in X-Test-Servlet, so that a test sees when a fence has a hole. */
package equipment;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;

@WebServlet({"/admin/*", "/setup/*", "/bootstrap/*", "/rpc/*", "/rest/*", "/plugins/servlet/*",
             "/json/*", "*.vm"})
public class Shape extends HttpServlet {
    private static final Set<String> OWN_JSON_ACTIONS =
        Set.of("startheartbeatactivity", "stopheartbeatactivity");

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        String info = request.getPathInfo() == null ? "" : request.getPathInfo();
        String reached = switch (request.getServletPath()) {
            case "/json" -> json(info);
            case "/plugins/servlet" -> info.isEmpty() ? "plugins" : info.split("/")[1];
            case "/admin", "/setup", "/bootstrap", "/rpc", "/rest" ->
                request.getServletPath().substring(1);
            default -> "velocity";
        };
        Page.send(request, response, reached);
    }

    /* Struts' json namespace inherits every admin and setup action: another door to both. */
    private static String json(String info) {
        String action = info.substring(info.lastIndexOf('/') + 1).replaceAll("[!.].*", "");
        if (!info.endsWith(".action") || OWN_JSON_ACTIONS.contains(action)) {
            return "json";
        }
        return action.startsWith("setup") || action.equals("finishsetup") ? "setup" : "admin";
    }
}

/* SPDX-License-Identifier: Apache-2.0
 * Log-in with the answers that tell success from failure: X-Seraph-LoginReason and the codes.
 * A user's password is the user's name; the user "captcha" is denied whatever the password. */
package equipment;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

@WebServlet({"/login", "/login.action", "/dologin.action", "/rest/tsv/1.0/authenticate"})
public class Login extends HttpServlet {
    private static final String OK = "OK";
    private static final String FAILED = "AUTHENTICATED_FAILED";
    private static final String DENIED = "AUTHENTICATION_DENIED";

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        if (request.getServletPath().startsWith("/rest/")) {
            answerApi(request, response);
        } else {
            answerForm(request, response);
        }
    }

    /* The form's failure is a 200 with the form again, as in Confluence. */
    private void answerForm(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        String user = request.getParameter("os_username");
        String reason = user == null ? null : judge(user, request.getParameter("os_password"));
        if (OK.equals(reason)) {
            admit(request, response, user);
            response.sendRedirect("/");
            return;
        }
        mark(response, reason, "anonymous");
        response.setContentType("text/html;charset=UTF-8");
        response.getWriter().print(FORM.replace("%reason%", reason == null ? "" : reason));
    }

    private void answerApi(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        String body = new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String user = field(body, "username");
        String reason = judge(user, field(body, "password"));
        if (OK.equals(reason)) {
            admit(request, response, user);
        } else {
            mark(response, reason, "anonymous");
            response.setStatus(DENIED.equals(reason) ? 403 : 401);
        }
        Json.send(response, Map.of("reason", reason));
    }

    private static String judge(String user, String password) {
        if ("captcha".equals(user)) {
            return DENIED;
        }
        return user != null && user.equals(password) ? OK : FAILED;
    }

    private static void admit(HttpServletRequest request, HttpServletResponse response,
                              String user) {
        request.getSession().setAttribute("user", user);
        mark(response, OK, user);
    }

    private static void mark(HttpServletResponse response, String reason, String user) {
        if (reason != null) {
            response.setHeader("X-Seraph-LoginReason", reason);
        }
        response.setHeader("X-AUSERNAME", user);
    }

    private static String field(String json, String name) {
        Matcher match = Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"]*)\"").matcher(json);
        return match.find() ? match.group(1) : null;
    }

    private static final String FORM = """
        <!DOCTYPE html>
        <html lang="en">
        <meta charset="utf-8">
        <title>Log in</title>
        <body style="font: 16px/1.5 system-ui, sans-serif; margin: 2rem">
        <h1>Log in</h1>
        <form method="post" action="/dologin.action">
        <p><label>Name <input name="os_username" autofocus></label>
        <p><label>Password <input name="os_password" type="password"></label>
        <p><button name="login">Log in</button> %reason%
        </form>
        <p>The password of each user is the user's name.
        """;
}

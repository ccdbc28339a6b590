/* SPDX-License-Identifier: Apache-2.0
 * Stands for Synchrony, Confluence's collaborative editing: a WebSocket that echoes. */
package equipment;

import jakarta.websocket.OnMessage;
import jakarta.websocket.server.ServerEndpoint;
import java.nio.ByteBuffer;

@ServerEndpoint("/synchrony")
public class Synchrony {
    @OnMessage
    public String text(String message) {
        return message;
    }

    @OnMessage
    public ByteBuffer bytes(ByteBuffer message) {
        return message;
    }
}

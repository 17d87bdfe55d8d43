"""An HTTPS server for tests: one answer and one certificate for each host name.

    server = PolicyServer(address, port)
    server.add("mta-sts.example.test", context, body, status=200, content_type="text/plain")
    server.asked                        # list of "GET host/path", "POST host/path"
    server.posted                       # list of (headers, body)
"""
import http.server
import ssl
import threading


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        host = self.headers.get("Host", "").split(":")[0]
        self.server.asked.append(f"{self.command} {host}{self.path}")
        status, content_type, body = self.server.pages.get(host, (404, "text/plain", b""))
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if status in (301, 302):
            self.send_header("Location", f"https://{host}/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((dict(self.headers), body))
        self.do_GET()

    def log_message(self, *_):
        pass


class PolicyServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, port, default):
        self.pages, self.contexts, self.asked, self.posted = {}, {}, [], []
        super().__init__((address, port), _Handler)
        default.sni_callback = self._choose
        self.default = default
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self):
        connection, source = super().get_request()
        return self.default.wrap_socket(connection, server_side=True,
                                        do_handshake_on_connect=False), source

    def handle_error(self, *_):
        pass  # a client that does not like the certificate

    def _choose(self, connection, name, _):
        connection.context = self.contexts.get(name, connection.context)

    def add(self, host, context, body, status=200, content_type="text/plain"):
        self.contexts[host] = context
        self.pages[host] = (status, content_type, body.encode())

    def stop(self):
        self.shutdown()
        self.server_close()

"""A real nginx before the server: it ends the TLS of the shop, and serves the pages of its enemies."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from certificate import ELSEWHERE, SHOP, SIBLING, Certificate
from server import Server

_CONFIGURATION = """
{user}
daemon off;
pid nginx.pid;
error_log error.log warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxied;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  types {{ text/html html; }}
  ssl_certificate certificate.pem;
  ssl_certificate_key key.pem;
  server {{
    listen 127.0.0.1:{port} ssl;
    server_name {shop};
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }}
  }}
  server {{
    listen 127.0.0.1:{port} ssl;
    server_name {elsewhere} {sibling};
    root pages;
  }}
}}
"""


class Proxy:
    """nginx on a port of loopback that the kernel chose and that is handed down. It is ended by its pid."""

    def __init__(self, folder: Path, server: Server, certificate: Certificate) -> None:
        self._folder = folder
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.url = self.url_of(SHOP)
        (folder / "pages").mkdir(parents=True)
        certificate.save(folder)
        configuration = _CONFIGURATION.format(
            # Its workers would else be somebody who may not read the folder.
            user="user root root;" if os.geteuid() == 0 else "",
            port=self.port,
            behind=server.port,
            shop=SHOP,
            elsewhere=ELSEWHERE,
            sibling=SIBLING,
        )
        (folder / "nginx.conf").write_text(configuration)
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        assert nginx, "nginx is missing: apt-get install nginx"
        descriptor = self._listener.fileno()
        self._process = subprocess.Popen(
            [nginx, "-p", str(folder), "-c", "nginx.conf"],
            # How nginx hands its sockets to its successor; so nobody else can take the port meanwhile.
            env={**os.environ, "NGINX": f"{descriptor};"},
            pass_fds=[descriptor],
            start_new_session=True,
        )

    def url_of(self, host: str) -> str:
        """The origin of a host behind this proxy."""
        return f"https://{host}:{self.port}"

    def serve(self, name: str, page: str) -> None:
        """Puts a page on both hosts that are not the shop."""
        (self._folder / "pages" / name).write_text(page)

    def close(self) -> None:
        """Ends it, with its workers."""
        # Its own process group, made at the start.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=30)
        self._listener.close()

#!/usr/bin/env bash
# Builds the package, installs it into .venv, and serves the shop of examples/flask-shop.
# PORT (8000) and WORKERS (1) may be set.
set -euo pipefail
cd "$(dirname "$0")/.."
port=${PORT:-8000}

echo "1/3  Python tools into .venv"
scripts/venv.sh maturin flask gunicorn
echo "2/3  Wheel of sessera, in release mode (the first time takes a few minutes)"
scripts/wheel.sh
echo "3/3  Serving"
cat <<EOF

  Third Steep is open:  http://127.0.0.1:$port

  Log in as   mara / three leaves   (keeps the shop)
         or   tom / warm kettle     (a customer)

  Things to try
   - Put a tea into the cart, then log in: the cart comes along, in the signed token.
   - Profile: what the token says, and how long it took to verify it.
   - Kill the server the hard way:  kill -9 $$   Then 'make demo' again: still logged in.
   - Copy the cookie (developer tools, Network, /profile, Copy as cURL), log out, and replay it:
     401, and the Journal says 'revoked'.
   - Back room: the password again, a new generation; the token you had is refused.
   - Log in from a second browser, then 'Log out everywhere' in the first.

  Ctrl-C stops it.  Keys: examples/flask-shop/instance/

EOF
cd examples/flask-shop
exec ../../.venv/bin/gunicorn --bind "127.0.0.1:$port" --workers "${WORKERS:-1}" --threads 8 \
  --no-control-socket --log-level warning 'app:app'

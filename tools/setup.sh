#!/usr/bin/env bash
# Make the environment and install thalweg into it, editable, with one extra.
#
#   tools/setup.sh .venv test
#
# On a machine with apt-get, as root, missing system packages are installed; elsewhere it says what is missing.
# `make` calls this only when the stamp it leaves, VENV/.has-EXTRA, is older than pyproject.toml or this file.
set -euo pipefail

venv=$1
extra=$2

say() { printf 'setup: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

can_install() { [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; }

# Run apt-get without its many lines, which are shown only if it fails.
quietly() {
    local log status=0
    log=$(mktemp)
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1 </dev/null || status=$?
    [ "$status" -eq 0 ] || cat "$log" >&2
    rm -f "$log"
    return "$status"
}

# The lists of a new machine may be missing or old, so they are read again, once, before the first install.
updated=no
install() {
    say "installing $* by apt-get"
    if [ "$updated" = no ]; then
        quietly update || say "apt-get update failed; going on with the lists at hand"
        updated=yes
    fi
    quietly install --yes --no-install-recommends "$@"
}

# The first Python that is new enough; PYTHON=... in the environment goes before all others.
find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# Debian ships venv without the pip that goes into it, in a package of its own.
has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

ensure_python() {
    if ! python=$(find_python); then
        can_install || fail "Python 3.11 or newer is missing; install it (Debian: apt-get install python3 python3-venv)"
        install python3 python3-venv
        python=$(find_python) || fail "this system's python3 is older than 3.11; install a newer one and set PYTHON=..."
    fi
    if ! has_venv "$python"; then
        local version
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        can_install || fail "$python has no venv; install it (Debian: apt-get install python$version-venv)"
        install "python$version-venv"
        has_venv "$python" || fail "$python still has no venv; set PYTHON=... to a Python that has one"
    fi
}

# Pictures are laid out by Graphviz. Without it everything else works, and the tests of that part skip themselves.
ensure_graphviz() {
    command -v dot >/dev/null && return
    if ! can_install || ! install graphviz; then
        say "Graphviz is missing: pictures cannot be rendered (Debian: apt-get install graphviz)"
    fi
}

has_browser() {
    local name
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null && return
    done
    return 1
}

# Pages are tested in a real browser. Without one these tests skip themselves, and say so. What drives it needs a library
# that a small Debian lacks.
ensure_browser() {
    if ! has_browser && { ! can_install || ! install chromium fonts-dejavu-core; }; then
        say "no browser: pages are not tested (Debian: apt-get install chromium)"
    elif ! compgen -G '/usr/lib*/*/libatomic.so.1' >/dev/null && { ! can_install || ! install libatomic1; }; then
        say "libatomic is missing: the browser may not be driven (Debian: apt-get install libatomic1)"
    fi
}

# Journals are tested on a server of their own. Without its programs these tests skip themselves, and say so.
ensure_postgres() {
    if ! command -v postgres >/dev/null && ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
        # Debian's package would make a cluster and start it; the tests start their own, as somebody who is not root.
        if ! can_install || ! install postgresql-common || ! quiet_cluster || ! install postgresql; then
            say "PostgreSQL is missing: journals in it are not tested (Debian: apt-get install postgresql)"
        fi
    fi
}

quiet_cluster() {
    sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
}

ensure_venv() {
    "$venv/bin/python" -c 'import pip' 2>/dev/null && return
    ensure_python
    say "making $venv with $python"
    "$python" -m venv --clear "$venv"
}

cd "$(dirname "$0")/.."
ensure_venv
ensure_graphviz
case $extra in test | dev) ensure_browser; ensure_postgres ;; esac
say "installing thalweg[$extra] into $venv"
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --editable ".[$extra]" </dev/null >&2
touch "$venv/.has-$extra"

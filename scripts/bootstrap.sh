# Sourced by ./run and ./test: leaves a .venv as requirements.lock says and a Java, or says what to type and exits 2.
# Sets ROOT, PYTHON, PYTHONPATH. A second start takes a few milliseconds.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
VENV="$ROOT/.venv"
PYTHON="$VENV/bin/python"
STAMP="$VENV/.requirements.sha256" # the lock this .venv was made from; written last
CLASSES="$VENV/.classes"            # there once Java has been asked to keep Spark's classes ready
HALF="$VENV/.half-made"             # there while packages are being installed: found at a start, .venv is made anew
export PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}" # Spark's workers must find our packages too

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$@"
    exit 2
}

python_is_new() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local name
    for name in python3.13 python3.12 python3.11 python3; do
        if command -v "$name" >/dev/null && python_is_new "$name"; then
            command -v "$name"
            return
        fi
    done
    die "No Python 3.11 or newer on the PATH (looked for python3.13, python3.12, python3.11, python3)." \
        "On Debian or Ubuntu type: sudo apt-get install -y python3 python3-venv"
}

java_path() {
    if [ -n "${JAVA_HOME:-}" ]; then printf '%s' "$JAVA_HOME/bin/java"; else command -v java || true; fi
}

# "17.0.15" -> 17, "1.8.0_402" -> 1: too old either way
java_major() { "$1" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1; }

# Asking a java its version takes 0.1 s: .venv/.java remembers the one that was asked.
java_is_new() {
    local java major
    java="$(java_path)"
    [ -n "$java" ] && [ -x "$java" ] || return 1
    if [ "$VENV/.java" -nt "$java" ] && [ "$(<"$VENV/.java")" = "$java" ]; then return 0; fi
    major="$(java_major "$java")"
    [ "${major:-0}" -ge 17 ] || return 1
    [ ! -d "$VENV" ] || printf '%s' "$java" >"$VENV/.java"
}

ensure_java() {
    java_is_new && return
    local package=openjdk-17-jre-headless
    local line="apt-get update && apt-get install -y --no-install-recommends $package"
    if [ -n "${JAVA_HOME:-}" ]; then
        die "JAVA_HOME is $JAVA_HOME, but there is no Java 17 or newer in it. Correct it, or type: unset JAVA_HOME"
    elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "== no Java 17 or newer: installing one with apt-get"
        apt-get update >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$(newest_java "$package")" >&2
    elif command -v apt-get >/dev/null; then
        die "No Java 17 or newer. Type: sudo sh -c '$line'"
    else
        die "No Java 17 or newer. Install one (macOS: brew install openjdk@17) and set JAVA_HOME to it."
    fi
    java_is_new || die "Java was installed, but $(java_path) is still older than 17. Set JAVA_HOME to the new one."
}

# Debian 13 has 21 and no 17
newest_java() {
    local name
    for name in "$1" openjdk-21-jre-headless openjdk-25-jre-headless; do
        if apt-cache show "$name" >/dev/null 2>&1; then
            printf '%s' "$name"
            return
        fi
    done
    printf '%s' "$1"
}

lock_hash() {
    if command -v sha256sum >/dev/null; then sha256sum <"$ROOT/requirements.lock"; else shasum -a 256 <"$ROOT/requirements.lock"; fi |
        cut -d ' ' -f 1
}

venv_is_whole() { [ -x "$PYTHON" ] && [ -f "$STAMP" ] && [ "$(<"$STAMP")" = "$1" ]; }

venv_is_usable() {
    [ ! -e "$HALF" ] && [ -f "$VENV/pyvenv.cfg" ] && [ -x "$PYTHON" ] && python_is_new "$PYTHON" &&
        "$PYTHON" -m pip --version >/dev/null 2>&1
}

make_venv() {
    local python
    python="$(find_python)"
    say "== making .venv with $("$python" --version)"
    rm -rf "$VENV"
    if command -v uv >/dev/null; then
        uv venv --quiet --seed --python "$python" "$VENV"
        return
    fi
    "$python" -c 'import ensurepip' 2>/dev/null ||
        die "This Python cannot make a virtual environment (no ensurepip)." \
            "On Debian or Ubuntu type: sudo apt-get install -y $(basename "$(readlink -f "$python")")-venv"
    "$python" -m venv "$VENV"
}

# The lock's own uv installs the rest in seconds, pip needs minutes; where uv cannot, pip does all of it.
install_packages() {
    say "== installing what requirements.lock names; the first time fetches about 1 GB"
    uv_installs || "$PYTHON" -m pip install --disable-pip-version-check --require-hashes -r "$ROOT/requirements.lock" >&2
}

uv_installs() {
    local uv index
    uv="$(command -v uv || uv_of_the_lock)" && [ -n "$uv" ] || return
    index="$("$PYTHON" -m pip config get global.index-url 2>/dev/null || true)"
    index="${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$index}}"
    [ -z "${PIP_CERT:-}" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"
    UV_SYSTEM_CERTS=1 "$uv" pip install --python "$PYTHON" --require-hashes ${index:+--default-index "$index"} -r "$ROOT/requirements.lock" >&2 ||
        { say "== uv could not; pip tries"; return 1; }
}

uv_of_the_lock() {
    sed -n '/^uv==/,/[^\\]$/p' "$ROOT/requirements.lock" >"$VENV/uv.lock"
    "$PYTHON" -m pip install --disable-pip-version-check --quiet --require-hashes -r "$VENV/uv.lock" >&2 && echo "$VENV/bin/uv"
}

# Runs under a lock, so that two starts at once make one .venv.
ensure_venv() {
    local hash
    hash="$(lock_hash)"
    venv_is_whole "$hash" && return
    exec 9>"$ROOT/.venv.lock"
    if command -v flock >/dev/null; then
        flock --nonblock 9 || { say "== another start is making .venv, waiting for it"; flock 9; }
    fi
    if ! venv_is_whole "$hash"; then
        venv_is_usable || make_venv
        rm -f "$STAMP"
        touch "$HALF"
        install_packages || die "The packages could not be installed; the lines above say which." \
            "Behind a firewall set PIP_INDEX_URL (or UV_DEFAULT_INDEX) to an index you can reach, and start again."
        rm "$HALF"
        printf '%s' "$hash" >"$STAMP"
    fi
    exec 9>&-
}

# Halves the start of every Spark from now on (see kwadrant/class_archive.py); without it all works as well.
ensure_classes() {
    [ "$CLASSES" -nt "$VENV/.java" ] && return
    java_is_new # writes .venv/.java where it is not there yet
    exec 9>"$ROOT/.venv.lock"
    if command -v flock >/dev/null; then flock 9; fi
    if ! [ "$CLASSES" -nt "$VENV/.java" ]; then
        say "== letting Java keep Spark's classes ready, once"
        "$PYTHON" -m kwadrant.class_archive >"$VENV/classes.log" 2>&1 ||
            say "== it could not; Spark will take some seconds more to start ($VENV/classes.log says why)"
        touch "$CLASSES"
    fi
    exec 9>&-
}

ensure_java
ensure_venv
ensure_classes

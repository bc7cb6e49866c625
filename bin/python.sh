# Sourced by the commands: sets $python to a Python 3.11 or newer of this machine. POSIX sh.

find_python() {
    for python in python3 python3.13 python3.12 python3.11 python3.14 python3.15 python; do
        # Asked, not looked up: a name on PATH may be a wrapper with nothing behind it.
        if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            return 0
        fi
    done
    echo "touchstone: no Python 3.11 or newer is on PATH (tried python3 and python3.11 to python3.15)." >&2
    echo "touchstone: install one (Debian and Ubuntu: apt install python3 python3-venv) and start again." >&2
    return 1
}

find_python || exit 1

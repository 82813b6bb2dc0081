# Prints the Python that everything is installed with, and says which on stderr: the first argument, or else the newest
# that is here. Each is run, since a name on the PATH may be a stand-in for nothing (pyenv's are).
check='
import sys
version = ".".join(map(str, sys.version_info[:3]))
if sys.version_info < (3, 11):
    sys.exit("is Python " + version + ", which is too old")
try:
    import ensurepip, venv
except ImportError:
    sys.exit("lacks the module venv; on Debian and Ubuntu: sudo apt install python%d.%d-venv" % sys.version_info[:2])
sys.stderr.write("Python " + version + ": " + sys.executable + "\n")
'
found=
for python in ${1:-python3.14 python3.13 python3.12 python3.11 python3 python}; do
  if ! path=$(command -v "$python"); then
    continue
  fi
  if said=$("$path" -c "$check" 2>&1); then
    echo "$said" >&2
    echo "$path"
    exit 0
  fi
  found="$found
  - $path ${said%%
*}"
done
echo "Modomo needs Python 3.11 or newer with venv${1:+, which PYTHON=$1 is not}; found:${found:- none}
On Debian and Ubuntu: sudo apt install python3-venv; on macOS: brew install python" >&2
exit 1

#!/usr/bin/env bash
# Builds the fast dlib wheel: OpenBLAS (serial), AVX2, no CUDA, no windows; about six minutes
# on two cores. The wheel carries its own OpenBLAS and needs an x86-64-v3 processor; the
# loader refuses it by name on an older one.
#
#   build_dlib.sh [--python PYTHON] [--force]
#
# prints the wheel's path as its last line. The wheel lies in
# ${XDG_CACHE_HOME:-~/.cache}/examhall/wheels; if it is there already, nothing is built.
# Nothing is installed on the machine: Debian's OpenBLAS is unpacked into a temporary folder.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/examhall/wheels
python=python3
force=no
while [ $# -gt 0 ]; do
    case $1 in
        --python) python=${2:?--python needs the path of a Python interpreter}; shift 2 ;;
        --force) force=yes; shift ;;
        *) echo "build_dlib: expected --python PYTHON or --force; got $1" >&2; exit 2 ;;
    esac
done

say() { echo "build_dlib: $*" >&2; }
fail() { say "$*"; exit 1; }

tag=$("$python" -c 'import sys; print(f"cp{sys.version_info[0]}{sys.version_info[1]}")')
present() { find "$cache" -maxdepth 1 -name "dlib-*-$tag-$tag-*x86_64.whl" 2>/dev/null | sort | tail -n 1; }

mkdir -p "$cache"
exec 9>"$cache/.lock"
flock -n 9 || { say "another build is running; waiting for it"; flock 9; }
if [ "$force" = no ] && [ -n "$(present)" ]; then
    say "already built"
    present
    exit 0
fi

# 1. What must be here before six minutes are spent.
for program in g++ make dpkg-deb apt-get; do
    command -v "$program" >/dev/null ||
        fail "expected $program on this machine; install it with: apt-get install build-essential"
done
case $(uname -m) in
    x86_64) ;;
    *) fail "the fast build is for x86-64; this machine is $(uname -m). Use the plain wheel." ;;
esac
grep -q -w avx2 /proc/cpuinfo && grep -q -w fma /proc/cpuinfo ||
    fail "this processor has no AVX2 and FMA (x86-64-v3). Use the plain wheel."

scratch=$(mktemp -d "$cache/.build-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
log=$cache/build.log
: >"$log"
broke() { tail -n 25 "$log" >&2; fail "$1; the whole log is $log"; }

# 2. OpenBLAS, serial: faces keeps one process per core, threads within one would fight.
say "fetching OpenBLAS (Debian's serial build)"
(cd "$scratch" && apt-get download \
    libopenblas0-serial libopenblas-serial-dev libgfortran5 libquadmath0) >>"$log" 2>&1 ||
    broke "apt-get found no libopenblas-serial-dev; run apt-get update once, then this again"
for package in "$scratch"/*.deb; do dpkg-deb -x "$package" "$scratch/root"; done
libraries=$scratch/root/usr/lib/x86_64-linux-gnu
blas=$libraries/openblas-serial

# 3. The source archive and the tools, by their digests.
say "fetching dlib's source archive and the build tools"
"$python" -m venv "$scratch/tools" >>"$log" 2>&1 || broke "no virtual environment: apt-get install python3-venv"
"$scratch/tools/bin/pip" install --quiet --only-binary :all: --require-hashes \
    -r "$here/build_tools.lock" >>"$log" 2>&1 || broke "the build tools did not arrive"

# 4. The build. make's own percentages become the progress.
say "building; about six minutes on two cores"
export PATH="$scratch/tools/bin:$PATH"
export PKG_CONFIG_LIBDIR=$scratch/none   # no other BLAS of this machine
export CMAKE_LIBRARY_PATH=$blas
export LIBRARY_PATH=$blas:$libraries
export LD_LIBRARY_PATH=$blas:$libraries
export CXXFLAGS="-O3 -march=x86-64-v3"
export CFLAGS="-O3 -march=x86-64-v3"
export LDFLAGS="-Wl,-z,x86-64-v3"     # marks the module, so that an older processor is told
export DLIB_USE_CUDA=0 DLIB_NO_GUI_SUPPORT=1
progress() {
    local line percent last="" begun=$SECONDS
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        [[ $line =~ ^[[:space:]]*\[[[:space:]]*([0-9]+)%\] ]] || continue
        percent=${BASH_REMATCH[1]}
        [ "$percent" != "$last" ] || continue
        last=$percent
        printf 'build_dlib: %3d %%  %d:%02d\n' "$percent" \
            $(((SECONDS - begun) / 60)) $(((SECONDS - begun) % 60)) >&2
    done
}
"$scratch/tools/bin/pip" wheel -v --no-deps --no-build-isolation --no-binary :all: --no-cache-dir \
    --require-hashes -r "$here/build_dlib.lock" -w "$scratch/raw" 2>&1 | progress ||
    broke "dlib did not build"

# 5. Self-contained: OpenBLAS and Fortran's run time go into the wheel.
say "making the wheel self-contained"
"$scratch/tools/bin/auditwheel" repair --disable-isa-ext-check -w "$scratch/whole" "$scratch"/raw/dlib-*.whl \
    >>"$log" 2>&1 || broke "auditwheel refused the wheel"

# 6. It must load by itself and know its BLAS.
wheel=$(find "$scratch/whole" -name 'dlib-*.whl')
unset LD_LIBRARY_PATH
"$python" -m venv "$scratch/trial"
"$scratch/trial/bin/pip" install --quiet --no-deps --no-index "$wheel" >>"$log" 2>&1 || broke "the wheel does not install"
"$scratch/trial/bin/python" -c 'import dlib; assert dlib.DLIB_USE_BLAS, "no BLAS in it"' >>"$log" 2>&1 ||
    broke "the wheel does not load"
find "$cache" -maxdepth 1 -name "dlib-*-$tag-$tag-*x86_64.whl" -delete
mv "$wheel" "$cache/"
say "done: $(du -h "$(present)" | cut -f1)"
present

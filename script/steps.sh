# shellcheck shell=bash
# Named steps for the scripts beside this file, which source it: what runs, how long it took, and why it failed.
#
# A step's output goes to build/logs/NAME.log. A step that fails says which it was, what it ran, its exit code, the end
# of its log and where the rest lies. Nothing is written outside build/ and out/.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
logs="$root/build/logs"
mkdir -p "$logs" "$root/build/tmp"

# Temporary files and the compiler's cache stay in the build folder too.
export TMPDIR="$root/build/tmp"
export CCACHE_DIR="${CCACHE_DIR:-$root/build/ccache}"

# shellcheck disable=SC2034  # for the scripts that source this
cores=$(nproc 2>/dev/null || echo 2)
steps_begun=$SECONDS
step_names=()
step_seconds=()
step_results=()

elapsed() { echo $((SECONDS - steps_begun)); }

say() { printf '[%4d s] %s\n' "$(elapsed)" "$*"; }

# step NAME WHAT COMMAND...: runs the command with its output in the log NAME; returns the command's exit code.
step() {
  local name=$1 what=$2 begun=$SECONDS code=0
  shift 2
  say "$what"
  "$@" >"$logs/$name.log" 2>&1 </dev/null || code=$?
  note_step "$name" $((SECONDS - begun)) "$code"
  if ((code != 0)); then
    {
      echo
      echo "FAILED: step '$name' ($what) ended with exit code $code after $((SECONDS - begun)) s."
      echo "Command: $*"
      if ((${STEP_TAIL:-40} > 0)); then
        echo "The end of its output:"
        tail -n "${STEP_TAIL:-40}" "$logs/$name.log" | sed 's/^/  | /'
      fi
      echo "All of it: less $logs/$name.log"
    } >&2
  fi
  return "$code"
}

# note_step NAME SECONDS CODE: adds a line to the closing table.
note_step() {
  step_names+=("$1")
  step_seconds+=("$2")
  if (($3 == 0)); then step_results+=(ok); else step_results+=("FAILED ($3)"); fi
}

step_table() {
  local i
  printf '\n%-28s %8s  %s\n' step seconds result
  for i in "${!step_names[@]}"; do
    printf '%-28s %8d  %s\n' "${step_names[$i]}" "${step_seconds[$i]}" "${step_results[$i]}"
  done
  printf '%-28s %8d\n' total "$(elapsed)"
}

# configure DIR CMAKE_ARGUMENT...: with Ninja, and with ccache when the machine has it.
configure() {
  local dir=$1 launcher=()
  shift
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  cmake -S "$root" -B "$dir" -G Ninja "${launcher[@]}" "$@"
}

# What lets a compiler fuse multiplications and additions; nothing where the processor cannot.
fma_flags=
if grep -qw fma /proc/cpuinfo && grep -qw avx2 /proc/cpuinfo; then fma_flags="-mfma -mavx2"; fi

# configure_check: build/check, file by file and without the page, for script/check and script/tidy.
configure_check() {
  configure build/check -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG" -DCMAKE_UNITY_BUILD=OFF \
    -DWINDTUNNEL_HTML=OFF
}

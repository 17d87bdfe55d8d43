# Sourced by tools/run, tools/test and bench/run: packages, configure, build. Each step says nothing
# and costs milliseconds when there is nothing to do.

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# The names in sections "$@" of tools/packages.txt.
packages_of() {
  local section="" line name
  while read -r line; do
    line="${line%%#*}"
    read -r name <<<"$line" || true
    case "$name" in
      "") ;;
      \[*\]) section="${name:1:-1}" ;;
      *) [[ " $* " == *" $section "* ]] && printf '%s\n' "$name" ;;
    esac
  done <tools/packages.txt
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "these packages are missing: ${missing[*]}
Install them as root (apt-get install ${missing[*]}), or install sudo, and call this again."
  fi
}

# Installs what is missing of the sections "$@".
need_packages() {
  local wanted installed missing=()
  mapfile -t wanted < <(packages_of "$@")
  installed=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' "${wanted[@]}" 2>/dev/null || true)"
  local name
  for name in "${wanted[@]}"; do
    [[ "$installed" == *" installed:$name "* ]] || missing+=("$name")
  done
  [[ ${#missing[@]} -eq 0 ]] && return
  command -v apt-get >/dev/null || die "these Debian packages are missing: ${missing[*]}"
  say "installing ${#missing[@]} packages: ${missing[*]}"
  as_root apt-get update -qq || say "apt-get update failed; trying with the package lists at hand"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
    -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null
}

# configure FOLDER [meson options]: once; later calls change nothing.
configure() {
  local folder=$1
  shift
  [[ -f $folder/build.ninja ]] && return
  say "configuring $folder"
  meson setup "$folder" "$@" >"$folder.setup.log" 2>&1 || {
    cat "$folder.setup.log" >&2
    die "meson setup $folder failed"
  }
  rm -f "$folder.setup.log"
}

# build FOLDER [targets]: silent when all is built.
build() {
  local folder=$1
  shift
  ninja -C "$folder" -n "$@" | grep -q 'no work to do' && return
  say "building $folder"
  ninja -C "$folder" "$@" >&2
}

# The programs whose path begins with $2 in the build folder $1.
programs() {
  ninja -C "$1" -t targets all | sed -n "s,^\\($2[^:]*\\): cpp_LINKER\$,\\1,p"
}

build_programs() {
  local targets
  mapfile -t targets < <(programs "$1" "$2")
  [[ ${#targets[@]} -eq 0 ]] || build "$1" "${targets[@]}"
}

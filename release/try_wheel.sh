#!/usr/bin/env bash
# Installs a wheel as a user would, into a new environment of each Python that is here, and runs the
# demo outside of the repository:
#   release/try_wheel.sh WHEEL FOLDER PYTHON ...
# Environments and demos are left in FOLDER, which must be new. A Python that is not here is named.
# The last environment has a list of its parts (CycloneDX) beside it where SBOM names cyclonedx-py.
set -euo pipefail
wheel=$(realpath "$1")
folder=$2
shift 2
mkdir "$folder"
cd "$folder"
for python in "$@"; do
  if ! command -v "$python" > /dev/null; then
    echo "$python: not here"
    continue
  fi
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  mkdir "$version"
  begin=$SECONDS
  "$python" -m venv "$version/env"
  "$version/env/bin/python" -m pip install --quiet --disable-pip-version-check "$wheel" 2> "$version/pip.log" \
    || { tail -n 5 "$version/pip.log"; exit 1; }
  installed=$SECONDS
  touch "$version/demo.begun"
  (
    cd "$version"
    env/bin/tfuq --version
    env/bin/tfuq demo --out demo > demo.log 2>&1 || { tail -n 5 demo.log; exit 1; }
    test -s demo/report.html
    ls demo/model/figures/*.png > /dev/null
  )
  first=$(($(stat -c %Y "$(find "$version/demo/model/figures" -name '*.png' | head -n 1)") - $(stat -c %Y "$version/demo.begun")))
  echo "Python $version: installed in $((installed - begin)) s, first picture after $first s, demo in $((SECONDS - installed)) s"
done
if [ -n "${SBOM:-}" ]; then
  "$SBOM" environment "$version/env/bin/python" --output-file sbom.json
  echo "$folder/sbom.json: the parts of the environment of Python $version"
fi

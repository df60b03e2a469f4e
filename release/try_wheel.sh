#!/usr/bin/env bash
# Installs a wheel as a user would, into a new environment of each Python that is here, and runs it
# outside of the repository:
#   release/try_wheel.sh WHEEL FOLDER PYTHON ...
# The last Python runs the whole demo. The others run its stages once each, as briefly as they can.
# Environments and results are left in FOLDER, which must be new. A Python that is not here is named,
# and so is one that tfuq or something that it needs cannot be installed with.
# The last environment has a list of its parts (CycloneDX) beside it where SBOM names cyclonedx-py.
set -euo pipefail
wheel=$(realpath "$1")
folder=$2
shift 2

pythons=()
for python in "$@"; do
  if command -v "$python" > /dev/null; then
    pythons+=("$python")
  else
    echo "$python: not here"
  fi
done
if [ ${#pythons[@]} -eq 0 ]; then
  echo "none of the Pythons is here; name one, as make try-wheel PYTHONS=python3.11 does" >&2
  exit 1
fi

# What a newcomer sees: a model at work on a real scan, then training, scores and a page.
whole_demo() {
  tfuq demo --out demo
  test -s demo/report.html
  ls demo/model/figures/*.png
}

# The same stages as those of the demo, of one short training.
short_tour() {
  local scan
  scan=$(python -c 'from pathlib import Path; from tfuq.data.example import write_example as w; print(w(Path("scan")))')
  tfuq predict --model hippocampus "$scan"
  tfuq plot runs/models/hippocampus/predictions/mc-dropout-input \
    --case "$(basename "$scan" .nii.gz)" --out figures
  ls figures/*.png
  tfuq train quickstart -o training.epochs=1 -o training.steps_per_epoch=2 -o prediction.samples=2
  tfuq predict runs/quickstart/mc-dropout
  tfuq score runs/quickstart/mc-dropout/predictions/mc-dropout
  tfuq report runs/quickstart/mc-dropout/scores/mc-dropout --out report.html
  test -s report.html
}

# Runs a function with the environment of this folder, as a shell of its own in which every failure ends it.
logged() {
  PATH="$PWD/env/bin:$PATH" bash -euxc "$(declare -f "$1"); $1" > "$1.log" 2>&1 \
    || { tail -n 20 "$1.log"; exit 1; }
}

mkdir "$folder"
cd "$folder"
for python in "${pythons[@]}"; do
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  mkdir "$version"
  begin=$SECONDS
  "$python" -m venv "$version/env"
  "$version/env/bin/python" -m pip install --quiet --disable-pip-version-check "$wheel" 2> "$version/pip.log" \
    || { echo "Python $version: cannot be installed"; tail -n 5 "$version/pip.log"; exit 1; }
  installed=$SECONDS
  tour=short_tour
  [ "$python" != "${pythons[-1]}" ] || tour=whole_demo
  (cd "$version" && env/bin/tfuq --version && logged "$tour")
  echo "Python $version: installed in $((installed - begin)) s, ${tour/_/ } in $((SECONDS - installed)) s"
done
if [ -n "${SBOM:-}" ]; then
  "$SBOM" environment "$version/env/bin/python" --output-file sbom.json
  echo "$folder/sbom.json: the parts of the environment of Python $version"
fi

#!/usr/bin/env bash
# Slurm: audit a run when its job has ended, however it ended.
#
#   job=$(sbatch --parsable train.sh)
#   sbatch --dependency=afterany:"$job" integrations/slurm.sh logs/my-run [options of runaudit check]
#
# The reports lie beside the log of this job; sacct shows it as failed if there are findings (exit code 1).
#SBATCH --job-name=runaudit
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --time=00:15:00
#SBATCH --output=runaudit-%j.txt
set -euo pipefail

if [ "$#" -eq 0 ]; then
  echo "usage: sbatch [--dependency=afterany:JOB] slurm.sh PATHS [options of runaudit check]" >&2
  exit 2
fi
reports=${SLURM_SUBMIT_DIR:-$PWD}/runaudit-${SLURM_JOB_ID:-local}
exec "${RUNAUDIT:-runaudit}" check --ascii --format rich --output "$reports.html" --output "$reports.json" "$@"

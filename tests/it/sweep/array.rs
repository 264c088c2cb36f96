//! The engine of Slurm against programs in its place, which record what they are told, and run the tasks.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use assert_cmd::Command;
use insta::assert_snapshot;

use super::{SMALL, assert_same, collected, states};
use crate::workspace::Workspace;

/// Takes an array as `sbatch` does, and runs its tasks at once, unless there is a file `hold`.
const SBATCH: &str = r#"#!/bin/bash
printf '%s\n' "$@" >> told
for word in "$@"; do
    case $word in
        --array=*) tasks=${word#--array=} ;;
    esac
done
tasks=${tasks%\%*}
if [ ! -e hold ]; then
    for task in $(seq "${tasks%-*}" "${tasks#*-}"); do
        SLURM_ARRAY_TASK_ID=$task bash "${@: -1}" >> log 2>&1
    done
fi
echo "a word of the site" >&2
echo 77
"#;

/// A workspace with `sbatch` and `squeue`, which says what is in the file `queue`.
struct Cluster(Workspace);

impl Cluster {
    fn new(plan: &str) -> Self {
        let w = Workspace::new();
        w.write("plan.toml", plan).write("queue", "");
        let cluster = Self(w);
        cluster.program("sbatch", SBATCH);
        cluster.program("squeue", "#!/bin/bash\nprintf '%s\\n' \"$@\" > asked\ncat queue\n");
        cluster
    }

    fn program(&self, name: &str, text: &str) {
        self.0.write(&format!("bin/{name}"), text);
        fs::set_permissions(self.0.path(&format!("bin/{name}")), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, words: &str) -> Command {
        let mut command = self.0.command(words);
        command.env("PATH", format!("{}:/usr/bin:/bin", self.0.path("bin").display()));
        command
    }

    fn run(&self, words: &str) -> (Option<i32>, String, String) {
        let output = self.command(words).output().unwrap();
        let text = |bytes: &[u8]| {
            let folder = fs::canonicalize(self.0.path("")).unwrap();
            String::from_utf8_lossy(bytes).replace(&folder.display().to_string(), "[DIR]")
        };
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    fn states(&self) -> Vec<String> {
        let (_, json, _) = self.run("sweep status plan.toml --json");
        let status: serde_json::Value = serde_json::from_str(&json).unwrap();
        let cells = status["cells"].as_array().unwrap().iter();
        cells.map(|cell| cell["state"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn an_array_is_submitted_and_its_tasks_do_the_cells() {
    let plan = format!(
        "engine = 'slurm'\n{SMALL}\n[slurm]\npartition = 'gpu'\nmem = '2G'\ncpus = 1\nchunk = 3\nat-once = 2\n"
    );
    let cluster = Cluster::new(&plan);
    let (code, said, _) = cluster.run("sweep plan.toml");
    assert_eq!(code, Some(0));
    assert_snapshot!(said, @"
    job 77: 8 cells in 3 tasks
    how far they are: probe sweep status plan.toml
    ");
    let told = cluster.0.read("told");
    let told: Vec<&str> = told.lines().collect();
    assert_eq!(told[..2], ["--parsable", "--array=0-2%2"]);
    assert!(told[2].starts_with("--output=/") && told[2].ends_with("/runs/plan/slurm/%A_%a.log"), "{told:?}");
    let script = fs::read_to_string(told[3]).unwrap();
    for line in ["#SBATCH --partition=gpu", "#SBATCH --mem=2G", "#SBATCH --cpus-per-task=1"] {
        assert!(script.lines().any(|other| other == line), "{script}");
    }
    assert_eq!(cluster.states(), ["done"; 8]);
    // The plan's engine is Slurm, and there is nothing to submit.
    let (_, said, _) = cluster.run("sweep plan.toml");
    assert!(said.starts_with("nothing to submit"), "{said}");
    cluster.0.ok("sweep run plan.toml --engine local --out local");
    assert_same(
        &collected(&cluster.0, "plan.toml", "runs/plan"),
        &collected(&cluster.0, "plan.toml", "local"),
    );
}

#[test]
fn what_the_queue_says_decides_what_is_submitted_again() {
    let cluster = Cluster::new(&format!("engine = 'slurm'\n{SMALL}\n[slurm]\nchunk = 2\n"));
    cluster.0.write("hold", "");
    cluster.run("sweep plan.toml");
    cluster.0.write("queue", "77_0|PENDING\n77_1|RUNNING\n77_2|PENDING\n77_3|PENDING\n");
    assert_eq!(cluster.states(), ["queued"; 8]);
    assert_eq!(cluster.0.read("asked").lines().last(), Some("--jobs=77"));
    let (_, said, _) = cluster.run("sweep plan.toml");
    assert!(said.starts_with("nothing to submit"), "{said}");
    // Another scheduler, or a person, may do a part of it all the same.
    cluster.run("sweep plan.toml --shard 1/8");
    cluster.0.write("queue", "77_1|TIMEOUT\n77_2|CANCELLED by 1000\n77_3|PENDING\n");
    assert_eq!(
        cluster.states(),
        [
            "done",
            "interrupted",
            "interrupted",
            "interrupted",
            "interrupted",
            "interrupted",
            "queued",
            "queued"
        ]
    );
    let (_, status, _) = cluster.run("sweep status plan.toml");
    let said: Vec<&str> = status.lines().skip_while(|line| !line.starts_with("1 done")).collect();
    assert_snapshot!(said.join("\n"), @"
    1 done, 2 queued, 5 interrupted
    cell 2 interrupted: task 77_0: ended, and Slurm has forgotten how
    cells 3-4 interrupted: task 77_1: TIMEOUT
    cells 5-6 interrupted: task 77_2: CANCELLED
    ");
    fs::remove_file(cluster.0.path("hold")).unwrap();
    fs::remove_file(cluster.0.path("told")).unwrap();
    let (_, said, _) = cluster.run("sweep retry plan.toml");
    assert!(said.starts_with("job 77: 5 cells in 3 tasks\n"), "{said}");
    assert!(cluster.0.read("told").contains("--array=0-2\n"));
    assert_eq!(cluster.states()[..6], ["done"; 6]);
}

#[test]
fn a_queue_that_does_not_answer_is_no_queue() {
    let cluster = Cluster::new(&format!("engine = 'slurm'\n{SMALL}"));
    cluster.0.write("hold", "");
    cluster.run("sweep plan.toml");
    cluster.program(
        "squeue",
        "#!/bin/bash\necho 'slurm_load_jobs error: Unable to contact slurm controller' >&2\nexit 1\n",
    );
    let (code, _, said) = cluster.run("sweep status plan.toml");
    assert_eq!(code, Some(0));
    assert_snapshot!(said, @"warning: squeue does not answer: slurm_load_jobs error: Unable to contact slurm controller; what follows is what the folders of the cells say");
    assert_eq!(cluster.states(), ["waiting"; 8]);
    // Without Slurm's commands the folders alone tell.
    assert_eq!(states(&cluster.0, "plan.toml", "runs/plan"), ["waiting"; 8]);
}

#[test]
fn what_sbatch_refuses_is_said_and_nothing_counts_as_submitted() {
    let cluster = Cluster::new(&format!("engine = 'slurm'\n{SMALL}"));
    cluster.program(
        "sbatch",
        "#!/bin/bash\necho 'sbatch: error: invalid partition specified: gpu' >&2\nexit 1\n",
    );
    let (code, _, said) = cluster.run("sweep plan.toml");
    assert_eq!(code, Some(1));
    assert_snapshot!(said, @"
    error: sbatch took no array: sbatch: error: invalid partition specified: gpu
    hint: the script is [DIR]/runs/plan/slurm/0001.sh; what a task asks for is in [slurm] of the plan. Where the array is too long for this cluster, put more cells into a task: chunk = N
    ");
    assert_eq!(cluster.states(), ["waiting"; 8]);
    let without = cluster.0.command("sweep plan.toml").env("PATH", "/nowhere").output().unwrap();
    assert_snapshot!(String::from_utf8(without.stderr).unwrap(), @"
    error: cannot run sbatch: No such file or directory (os error 2)
    hint: run this where Slurm's commands are (a login node); --engine local runs the cells here, and --shard I/N serves any other scheduler
    ");
}

#[test]
fn two_who_submit_at_once_do_not_submit_the_same_twice() {
    let cluster = Cluster::new(&format!("engine = 'slurm'\n{SMALL}"));
    let folder = cluster.0.path("runs/plan/slurm");
    let other = mlem_probe::files::Lock::take(&folder).unwrap().unwrap();
    let (code, _, said) = cluster.run("sweep plan.toml");
    assert_eq!(code, Some(1));
    assert_snapshot!(said, @"
    error: another process is submitting cells of runs/plan
    hint: wait until it has, then see `probe sweep status plan.toml`
    ");
    assert!(!folder.join("0001.json").exists());
    drop(other);
    let (_, said, _) = cluster.run("sweep plan.toml");
    assert!(said.starts_with("job 77: 8 cells"), "{said}");
}

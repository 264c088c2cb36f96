//! The script of an array: which cells each task runs, and what it asks for.

use std::fmt::Write;
use std::path::Path;

use crate::sweep::Cell;
use crate::sweep::plan::Resources;

/// An array of jobs.
#[derive(Debug, Clone, Copy)]
pub struct ArrayScript<'a> {
    /// What the sweep is called.
    pub name: &'a str,
    /// The program.
    pub program: &'a Path,
    /// The plan.
    pub plan: &'a Path,
    /// The folder of the sweep.
    pub out: &'a Path,
    /// What a task asks for.
    pub resources: &'a Resources,
    /// The cells of each task.
    pub tasks: &'a [Vec<&'a Cell>],
}

impl ArrayScript<'_> {
    /// The tasks of the array, as `sbatch --array` takes them.
    #[must_use]
    pub fn array(&self) -> String {
        let last = self.tasks.len().saturating_sub(1);
        let range = if last == 0 { "0".to_owned() } else { format!("0-{last}") };
        match self.resources.at_once {
            Some(n) => format!("{range}%{n}"),
            None => range,
        }
    }

    /// The script. A task finds its cells by its number, and the program finds them by their keys: a plan that has changed
    /// meanwhile runs no other cell in their place.
    #[must_use]
    pub fn text(&self) -> String {
        let mut script = "#!/bin/bash\n".to_owned();
        let mut option = |option: &str, value: Option<String>| {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                let _ = writeln!(script, "#SBATCH --{option}={value}");
            }
        };
        let Resources { partition, account, qos, time, mem, cpus, gres, constraint, .. } =
            self.resources.clone();
        option("job-name", Some(self.name.to_owned()));
        option("partition", partition);
        option("account", account);
        option("qos", qos);
        option("time", time);
        option("mem", mem);
        option("ntasks", Some("1".to_owned()));
        option("cpus-per-task", cpus.map(|cpus| cpus.to_string()));
        option("gres", gres);
        option("constraint", constraint);
        for line in &self.resources.extra {
            let _ = writeln!(script, "#SBATCH {line}");
        }
        script.push_str("\n# The cells of each task of the array, by their keys.\ncells=(\n");
        for cells in self.tasks {
            let keys: Vec<&str> = cells.iter().map(|cell| cell.short_key()).collect();
            let _ = writeln!(script, "    {}", keys.join(","));
        }
        script.push_str(")\n");
        for line in &self.resources.setup {
            script.push_str(line);
            script.push('\n');
        }
        let threads = self.resources.cpus.map(|cpus| format!(" --threads {cpus}")).unwrap_or_default();
        let _ = writeln!(
            script,
            "exec {} sweep run {} --out {} --engine local{threads} --cell \"${{cells[$SLURM_ARRAY_TASK_ID]}}\"",
            shell_quoted(&self.program.to_string_lossy()),
            shell_quoted(&self.plan.to_string_lossy()),
            shell_quoted(&self.out.to_string_lossy()),
        );
        script
    }
}

/// `word` as a shell reads it back: as it is where nothing in it is special, else in quotes.
#[must_use]
pub fn shell_quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::sweep::fixtures;

    #[test]
    fn a_script_has_what_the_plan_asks_for_and_the_keys_of_its_cells() {
        let cells = fixtures::cells(5);
        let tasks: Vec<Vec<&Cell>> = cells.chunks(2).map(|chunk| chunk.iter().collect()).collect();
        let resources = Resources {
            partition: Some("gpu".to_owned()),
            time: Some("01:30:00".to_owned()),
            mem: Some("8G".to_owned()),
            cpus: Some(4),
            extra: vec!["--mail-type=END".to_owned()],
            setup: vec!["module load cuda".to_owned()],
            at_once: Some(2),
            ..Resources::default()
        };
        let script = ArrayScript {
            name: "my-sweep",
            program: Path::new("/opt/probe"),
            plan: Path::new("/home/ana's/plan.toml"),
            out: Path::new("/data/my runs"),
            resources: &resources,
            tasks: &tasks,
        };
        assert_eq!(script.array(), "0-2%2");
        assert_snapshot!(script.text(), @r#"
        #!/bin/bash
        #SBATCH --job-name=my-sweep
        #SBATCH --partition=gpu
        #SBATCH --time=01:30:00
        #SBATCH --mem=8G
        #SBATCH --ntasks=1
        #SBATCH --cpus-per-task=4
        #SBATCH --mail-type=END

        # The cells of each task of the array, by their keys.
        cells=(
            000000000000,000000000001
            000000000002,000000000003
            000000000004
        )
        module load cuda
        exec /opt/probe sweep run '/home/ana'\''s/plan.toml' --out '/data/my runs' --engine local --threads 4 --cell "${cells[$SLURM_ARRAY_TASK_ID]}"
        "#);
        assert_eq!(ArrayScript { tasks: &tasks[..1], ..script }.array(), "0%2");
    }
}

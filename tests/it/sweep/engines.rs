//! The engine on this machine: shards, kills, two processes at once, failures.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use super::{COLLECTED, SMALL, TWELVE, assert_same, cells, collected, half_way, record, spawn, states};
use crate::workspace::Workspace;

#[test]
fn collected_tables_are_those_of_one_big_run() {
    let w = Workspace::new();
    w.write("plan.toml", SMALL);
    w.ok("sweep plan.toml");
    collected(&w, "plan.toml", "runs/plan");
    w.ok("long_range_agreement --revision step0,final --pool last --sample 64 --folds 2 --layers 0,6 --map 0 -o big");
    for table in &COLLECTED[..4] {
        let text = w.read(&format!("runs/plan/{table}"));
        let header = text.lines().next().unwrap().strip_prefix("grammar,model,revision,pooling,").unwrap();
        for revision in ["step0", "final"] {
            let lead = format!("long_range_agreement,tiny-bert,{revision},last,");
            let rows = text.lines().filter_map(|line| line.strip_prefix(lead.as_str()));
            let rows: Vec<&str> = std::iter::once(header).chain(rows).collect();
            assert_eq!(rows.join("\n") + "\n", w.read(&format!("big/{revision}/{table}")), "{table}");
        }
    }
    let sweep: Value = serde_json::from_str(&w.read("runs/plan/sweep.json")).unwrap();
    assert_eq!(
        (sweep["cells"].as_array().unwrap().len(), sweep["missing"].as_array().unwrap().len()),
        (8, 0)
    );
    assert_eq!(sweep["comparable"].as_array().unwrap().len(), 4);
}

#[test]
fn shards_in_any_order_make_the_whole() {
    let w = Workspace::new();
    w.write("plan.toml", SMALL);
    w.ok("sweep run plan.toml --out whole");
    w.ok("sweep run plan.toml --out parts --shard 3/3 --threads 1");
    let refused = w.command("sweep collect plan.toml --out parts").output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&refused.stderr)
            .starts_with("error: 6 of 8 cells of plan.toml cannot be collected:")
    );
    let partial = w.ok("sweep collect plan.toml --out parts --partial");
    assert!(partial.contains("2 cells collected") && partial.contains(": waiting\n"), "{partial}");
    w.ok("sweep run plan.toml --out parts --shard 1/3");
    w.ok("sweep run plan.toml --out parts --shard 2/3");
    assert_same(&collected(&w, "plan.toml", "parts"), &collected(&w, "plan.toml", "whole"));
    // Nothing is left to be done, and nothing is done again.
    let again = w.command("sweep plan.toml --out parts").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&again.stderr), "8 cells done before\n");
    assert!(cells(&w, "parts").iter().all(|cell| record(cell).unwrap()["attempts"] == 1));
}

#[test]
fn a_sweep_that_was_killed_goes_on_where_it_stopped() {
    let w = Workspace::new();
    w.write("plan.toml", TWELVE);
    let mut run = spawn(&w, "sweep plan.toml --out killed --shard 1/4");
    let (cell, pid) = half_way(&w, "killed");
    assert_eq!(pid, run.id());
    run.kill().unwrap();
    run.wait().unwrap();
    let record_then = record(&cell).unwrap();
    assert_eq!((&record_then["outcome"], &record_then["attempts"]), (&"running".into(), &1.into()));
    assert!(states(&w, "plan.toml", "killed").contains(&"interrupted".to_owned()));
    // Its lock went with the process: the cell is taken over, with the layers that it had.
    let retry = w.command("sweep retry plan.toml --out killed --shard 1/4 -v").output().unwrap();
    assert!(retry.status.success(), "{retry:?}");
    let said = String::from_utf8_lossy(&retry.stderr);
    assert!(
        said.lines().any(|line| line.contains("of this very run") && line.ends_with(" kept")),
        "{retry:?}"
    );
    assert_eq!(record(&cell).unwrap()["attempts"], 2);
    w.ok("sweep plan.toml --out killed --shard 1/4");
    w.ok("sweep plan.toml --out whole --shard 1/4");
    assert_eq!(cells(&w, "killed").len(), 3);
    for (killed, whole) in cells(&w, "killed").iter().zip(cells(&w, "whole")) {
        for table in &COLLECTED[..4] {
            assert_eq!(
                fs::read(killed.join(table)).unwrap(),
                fs::read(whole.join(table)).unwrap(),
                "{table}"
            );
        }
    }
}

#[test]
fn two_processes_share_a_sweep_and_no_cell() {
    let w = Workspace::new();
    w.write("plan.toml", SMALL);
    let both = [spawn(&w, "sweep plan.toml --out shared"), spawn(&w, "sweep plan.toml --out shared")];
    for child in both {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(states(&w, "plan.toml", "shared"), ["done"; 8]);
    for cell in cells(&w, "shared") {
        assert_eq!(record(&cell).unwrap()["attempts"], 1, "{}", cell.display());
    }
    w.ok("sweep plan.toml --out alone");
    assert_same(&collected(&w, "plan.toml", "shared"), &collected(&w, "plan.toml", "alone"));
}

#[test]
fn a_cell_that_fails_stops_no_other_and_is_tried_again() {
    let w = Workspace::new();
    w.write("plan.toml", SMALL);
    let shown: Value = serde_json::from_str(&w.ok("sweep status plan.toml --json")).unwrap();
    let (folder, key) =
        (shown["cells"][2]["folder"].as_str().unwrap(), shown["cells"][2]["key"].as_str().unwrap());
    // Where its table should go stands a folder.
    fs::create_dir_all(w.path(folder).join("weights.csv/in-the-way")).unwrap();
    let failed = w.command("sweep plan.toml --quiet").output().unwrap();
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&failed.stdout), "8 cells: 7 done, 1 failed\n");
    let said = String::from_utf8(failed.stderr).unwrap().replace(folder, "[CELL]");
    assert_snapshot!(said, @"
    error: 1 of 8 cells failed
    cell 3 failed: cannot write [CELL]/weights.csv: Is a directory (os error 21)
      hint: a folder stands where the file is to be; remove it, or choose another name with -o
    hint: `probe sweep retry plan.toml` tries them again
    ");
    assert_eq!(states(&w, "plan.toml", "runs/plan")[2], "failed");
    let partial = w.ok("sweep collect plan.toml --partial");
    assert!(partial.contains("7 cells collected\nleft out:\n  3 "), "{partial}");
    let sweep: Value = serde_json::from_str(&w.read("runs/plan/sweep.json")).unwrap();
    assert_eq!(
        (sweep["missing"][0]["key"].as_str(), sweep["missing"][0]["state"].as_str()),
        (Some(key), Some("failed"))
    );
    fs::remove_dir_all(w.path(folder).join("weights.csv")).unwrap();
    assert!(w.ok("sweep retry plan.toml").starts_with("8 cells: 8 done\n"));
    assert_eq!(collected(&w, "plan.toml", "runs/plan")[0].lines().count(), 1 + 8 * 2 * 2 * 2);
}

#[test]
fn a_table_that_was_damaged_is_made_again() {
    let w = Workspace::new();
    w.write("plan.toml", SMALL);
    w.ok("sweep plan.toml --shard 1/8");
    let cell = cells(&w, "runs/plan").remove(0);
    for table in COLLECTED[..4].iter().map(|table| cell.join(table)) {
        let whole = fs::read(&table).unwrap();
        // Cut where a row ends, so that what is left is a table.
        let half =
            whole.len() / 2 + whole[whole.len() / 2..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
        fs::write(&table, &whole[..half]).unwrap();
        assert_eq!(states(&w, "plan.toml", "runs/plan")[0], "damaged");
        let refused = w.command("sweep collect plan.toml").output().unwrap();
        assert!(
            String::from_utf8_lossy(&refused.stderr).contains("csv is not what was written)"),
            "{refused:?}"
        );
        w.ok("sweep plan.toml --shard 1/8");
        assert_eq!(fs::read(&table).unwrap(), whole, "{}", table.display());
    }
}

//! The modules of a crate, and which file asks which other for something.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Body, Declared, Named, body};
use super::tokens::tokens;

/// A crate: its first module is the root.
pub struct Library {
    modules: Vec<Module>,
}

struct Module {
    /// The names that lead here from the root.
    path: Vec<String>,
    parent: usize,
    file: String,
    /// The folder of the files of its modules, with a slash at its end, or empty.
    folder: String,
    children: BTreeMap<String, usize>,
    body: Body,
}

/// A place in one file that names something of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    pub from: String,
    pub line: usize,
    pub to: String,
    /// As it is written there.
    pub written: String,
    /// The names from the root, as far as they are written: re-exports are not followed.
    pub absolute: Vec<String>,
}

enum Found {
    Module(usize),
    /// An item, a member of one or a variant, and the module that has it.
    Item(usize),
    /// Of another crate.
    Outside,
    /// It should be here, and is not.
    Nowhere,
}

impl Library {
    /// A crate of files (their paths, with `/`, and their texts), from `root` on. `with_tests`: with what is compiled for tests
    /// alone.
    pub fn read(files: &BTreeMap<String, String>, root: &str, with_tests: bool) -> Self {
        let mut library = Self { modules: Vec::new() };
        let folder = root.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let body = body(&tokens(&files[root]), with_tests);
        library.add(files, Vec::new(), 0, (root.to_owned(), folder), body, with_tests);
        library
    }

    fn add(
        &mut self,
        files: &BTreeMap<String, String>,
        path: Vec<String>,
        parent: usize,
        (file, folder): (String, String),
        mut own: Body,
        with_tests: bool,
    ) -> usize {
        let declared = std::mem::take(&mut own.modules);
        let index = self.modules.len();
        let module = Module { path, parent, file, folder, children: BTreeMap::new(), body: own };
        self.modules.push(module);
        for Declared { name, test, inside } in declared {
            if test && !with_tests {
                continue;
            }
            let Module { file, folder, path, .. } = &self.modules[index];
            let below = format!("{folder}{name}/");
            let (file, inside) = if let Some(inside) = inside {
                (file.clone(), inside)
            } else {
                let candidates = [format!("{folder}{name}.rs"), format!("{below}mod.rs")];
                let found = candidates.into_iter().find(|file| files.contains_key(file));
                let found = found.unwrap_or_else(|| panic!("{file}: no file of `mod {name}`"));
                let inside = body(&tokens(&files[&found]), with_tests);
                (found, inside)
            };
            let path = [path.as_slice(), std::slice::from_ref(&name)].concat();
            let child = self.add(files, path, index, (file, below), inside, with_tests);
            self.modules[index].children.insert(name, child);
        }
        index
    }

    /// The files of the crate.
    pub fn files(&self) -> BTreeSet<&str> {
        self.modules.iter().map(|module| module.file.as_str()).collect()
    }

    /// Every place where a file names something of another, once a line. A `pub use` of what lies inside the own module is none,
    /// unless the module itself makes use of it.
    pub fn arrows(&self) -> BTreeSet<Arrow> {
        let mut found = BTreeSet::new();
        for (index, module) in self.modules.iter().enumerate() {
            for one in &module.body.uses {
                let targets = self.resolve(index, &one.named.path);
                let own = |target: &Found| match *target {
                    Found::Module(target) | Found::Item(target) => {
                        target != index && self.modules[target].path.starts_with(&module.path)
                    }
                    _ => false,
                };
                let line = match module.body.words.get(&one.alias) {
                    _ if !one.public || !targets.iter().all(own) => one.named.line,
                    Some(&line) => line,
                    None => continue,
                };
                let named = Named { line, ..one.named.clone() };
                self.arrow(index, &named, &targets, &mut found);
            }
            for named in &module.body.paths {
                self.arrow(index, named, &self.resolve(index, &named.path), &mut found);
            }
        }
        found
    }

    fn arrow(&self, at: usize, named: &Named, targets: &[Found], found: &mut BTreeSet<Arrow>) {
        for target in targets {
            let (Found::Module(target) | Found::Item(target)) = *target else { continue };
            let (from, to) = (&self.modules[at].file, &self.modules[target].file);
            if from != to {
                found.insert(Arrow {
                    from: from.clone(),
                    line: named.line,
                    to: to.clone(),
                    written: named.path.join("::"),
                    absolute: self.absolute(at, &named.path, target),
                });
            }
        }
    }

    /// The names from the root of what is written; where it begins with an imported name, those of the module that has it.
    fn absolute(&self, at: usize, path: &[String], target: usize) -> Vec<String> {
        match self.start(at, path) {
            Some((module, used)) if used > 0 || self.modules[module].children.contains_key(&path[0]) => {
                [self.modules[module].path.as_slice(), &path[used..]].concat()
            }
            _ => self.modules[target].path.clone(),
        }
    }

    /// What begins with `crate`, `self` or `super` and leads nowhere: the reader here has not understood it.
    pub fn unresolved(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (index, module) in self.modules.iter().enumerate() {
            let named = module.body.uses.iter().map(|one| &one.named).chain(&module.body.paths);
            for named in named {
                if self.resolve(index, &named.path).iter().any(|found| matches!(found, Found::Nowhere)) {
                    found.push(format!("{}:{}: {}", module.file, named.line, named.path.join("::")));
                }
            }
        }
        found
    }

    /// The module where `path` begins when it is read at `at`, and how many of its names that takes. `None`: another crate.
    fn start(&self, at: usize, path: &[String]) -> Option<(usize, usize)> {
        let mut module = at;
        let mut used = 0;
        match path.first().map(String::as_str) {
            Some("crate") => return Some((0, 1)),
            Some("self") => used = 1,
            _ => {}
        }
        while path.get(used).is_some_and(|name| name == "super") {
            module = self.modules[module].parent;
            used += 1;
        }
        let first = path.get(used)?;
        (used > 0 || self.knows(module, first)).then_some((module, used))
    }

    fn knows(&self, module: usize, name: &str) -> bool {
        let Module { children, body, .. } = &self.modules[module];
        children.contains_key(name)
            || body.items.contains(name)
            || body.uses.iter().any(|one| one.alias == name)
    }

    fn resolve(&self, at: usize, path: &[String]) -> Vec<Found> {
        let mut found = Vec::new();
        self.follow(at, path, 0, &mut found);
        found
    }

    fn follow(&self, at: usize, path: &[String], depth: usize, found: &mut Vec<Found>) {
        if depth > 20 {
            return found.push(Found::Nowhere);
        }
        if path.iter().all(|name| name == "super") && !path.is_empty() {
            let up = path.iter().fold(at, |module, _| self.modules[module].parent);
            return found.push(Found::Module(up));
        }
        match self.start(at, path) {
            Some((start, used)) => self.walk(start, &path[used..], depth, found),
            None if path.first().is_some_and(|first| first == "crate") => found.push(Found::Module(0)),
            None => found.push(Found::Outside),
        }
    }

    /// Goes from `module` along `path`, through re-exports, to what has the last name.
    fn walk(&self, mut module: usize, path: &[String], depth: usize, found: &mut Vec<Found>) {
        for (index, name) in path.iter().enumerate() {
            let last = index + 1 == path.len();
            let Module { children, body, .. } = &self.modules[module];
            let alias = body.uses.iter().find(|one| one.alias == *name);
            match children.get(name) {
                Some(&child) if !last => {
                    module = child;
                    continue;
                }
                Some(&child) => {
                    found.push(Found::Module(child));
                    // A function may be called as the module that it comes from.
                    if alias.is_none() || depth > 0 {
                        return;
                    }
                }
                None => {}
            }
            if name == "*" {
                return found.push(Found::Module(module));
            }
            if body.items.contains(name) {
                return found.push(Found::Item(module));
            }
            if let Some(alias) = alias {
                let mut through = Vec::new();
                self.follow(module, &alias.named.path, depth + 1, &mut through);
                if let (false, [Found::Module(target)]) = (last, through.as_slice()) {
                    module = *target;
                    continue;
                }
                return found.append(&mut through);
            }
            let globs = body.uses.iter().filter(|one| one.alias == "*");
            for glob in globs {
                let prefix = &glob.named.path[..glob.named.path.len() - 1];
                let mut through = Vec::new();
                self.follow(module, prefix, depth + 1, &mut through);
                if let [Found::Module(target)] = through[..]
                    && target != module
                    && self.knows(target, name)
                {
                    return self.walk(target, &path[index..], depth + 1, found);
                }
                if let [target @ Found::Item(_)] = &mut through[..] {
                    return found.push(std::mem::replace(target, Found::Nowhere));
                }
            }
            return found.push(if body.has_macro { Found::Item(module) } else { Found::Nowhere });
        }
        found.push(Found::Module(module));
    }
}

//! Dockerfiles and compose files.

use super::{ComposeFile, Dockerfile};
use crate::project::Note;
use crate::project::text::{self, Node, lines};
use crate::project::walk::{Tree, is_yaml, name};

/// The Dockerfiles of the tree: `Dockerfile`, `Containerfile`, and those with a word before or after.
pub(super) fn dockerfiles(tree: &Tree, notes: &mut Vec<Note>) -> Vec<Dockerfile> {
    let paths = tree.files().filter(|path| is_dockerfile(name(path)));
    paths.map(|path| dockerfile(path, &tree.text(path, notes).unwrap_or_default())).collect()
}

fn is_dockerfile(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_ignore = lower.ends_with(".dockerignore");
    ["dockerfile", "containerfile"].iter().any(|kind| {
        let after = lower.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        (after && !is_ignore) || lower.strip_suffix(kind).is_some_and(|rest| rest.ends_with('.'))
    })
}

/// Reads the instructions that say what an image is and offers.
fn dockerfile(path: &str, text: &str) -> Dockerfile {
    let mut reader = Reader::default();
    for (line, instruction) in instructions(text) {
        // Options such as `--platform` stand before the arguments.
        let words: Vec<&str> = instruction.split_whitespace().filter(|word| !word.starts_with("--")).collect();
        if let [keyword, arguments @ ..] = words.as_slice() {
            reader.read(line, &keyword.to_ascii_uppercase(), arguments);
        }
    }
    let Reader { stages, base_images, declared, .. } = reader;
    let Declared { ports, healthcheck, non_root } = declared;
    Dockerfile { path: path.to_owned(), stages, base_images, ports, healthcheck, non_root }
}

/// What a stage declares.
#[derive(Clone, Default)]
struct Declared {
    ports: Vec<String>,
    healthcheck: Option<u32>,
    non_root: bool,
}

/// A Dockerfile that is read as far as some instruction.
#[derive(Default)]
struct Reader {
    stages: Vec<String>,
    base_images: Vec<String>,
    /// The finished stages that have names.
    finished: Vec<(String, Declared)>,
    /// The name of the present stage, and what it declares.
    stage: Option<String>,
    declared: Declared,
}

impl Reader {
    fn read(&mut self, line: u32, keyword: &str, arguments: &[&str]) {
        let first = arguments.first().copied().unwrap_or_default();
        match keyword {
            "FROM" => self.begin_stage(first, arguments),
            "EXPOSE" => self.declared.ports.extend(arguments.iter().map(|port| (*port).to_owned())),
            "HEALTHCHECK" => self.declared.healthcheck = (!first.eq_ignore_ascii_case("none")).then_some(line),
            "USER" => self.declared.non_root = !matches!(first.split(':').next(), Some("root" | "0" | "") | None),
            _ => {}
        }
    }

    /// Begins a stage, which starts with what a stage it is built from declared, and otherwise with nothing.
    fn begin_stage(&mut self, image: &str, arguments: &[&str]) {
        let declared = std::mem::take(&mut self.declared);
        self.finished.extend(self.stage.take().map(|stage| (stage, declared)));
        match self.finished.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(image)) {
            Some((_, inherited)) => self.declared = inherited.clone(),
            None => self.base_images.push(image.to_owned()),
        }
        if let [_, word, name, ..] = arguments
            && word.eq_ignore_ascii_case("as")
        {
            self.stage = Some((*name).to_owned());
            self.stages.push((*name).to_owned());
        }
    }
}

/// The instructions of a Dockerfile with the lines they start on: continued lines joined, comments left out.
fn instructions(text: &str) -> Vec<(u32, String)> {
    let mut found: Vec<(u32, String)> = Vec::new();
    let mut is_continued = false;
    let mut here: Option<String> = None;
    for (line, text) in lines(text) {
        let trimmed = text.trim();
        if let Some(end) = &here {
            if trimmed == end {
                here = None;
            }
            continue;
        }
        if trimmed.starts_with('#') || trimmed.is_empty() {
            continue;
        }
        let content = trimmed.strip_suffix('\\');
        match found.last_mut().filter(|_| is_continued) {
            Some((_, instruction)) => {
                instruction.push(' ');
                instruction.push_str(content.unwrap_or(trimmed));
            }
            None => found.push((line, content.unwrap_or(trimmed).to_owned())),
        }
        is_continued = content.is_some();
        here = here_document(trimmed);
    }
    found
}

/// The word that ends the document which follows a line such as `RUN <<EOF`.
fn here_document(line: &str) -> Option<String> {
    let is_able = ["RUN", "COPY", "ADD"].iter().any(|keyword| line.to_ascii_uppercase().starts_with(keyword));
    let rest = line.split_once("<<").filter(|_| is_able)?.1.trim_start_matches('-').trim_start_matches(['"', '\'']);
    let word: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    (!word.is_empty()).then_some(word)
}

/// The compose files of the tree.
pub(super) fn compose_files(tree: &Tree, notes: &mut Vec<Note>) -> Vec<ComposeFile> {
    let is_compose = |path: &&str| {
        let name = name(path);
        is_yaml(path) && ["compose.", "docker-compose.", "docker-compose-"].iter().any(|start| name.starts_with(start))
    };
    let read = |path: &str| {
        let documents = text::yaml(tree, path, notes);
        let services = documents.iter().filter_map(|node| node.get("services")).flat_map(Node::entries);
        let mut services: Vec<String> = services.map(|(name, _)| name.to_owned()).collect();
        services.sort();
        ComposeFile { path: path.to_owned(), services }
    };
    tree.files().filter(is_compose).map(read).collect()
}
